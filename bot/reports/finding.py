"""What the lint found in a report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Rule(Enum):
    """What a finding is about; the value is its name for people and programs."""

    PLACEHOLDER = "placeholder"
    TICK = "untrue-tick"
    ISSUE = "item-without-issue"
    TIME = "time"
    ZONE = "zone"
    DATE = "date"
    EMPTY = "empty-section"
    PING = "ping"
    LINK = "broken-link"
    SHAPE = "shape"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem to correct before a report is published.

    Attributes:
        line: the line in the file, from 1; 0 is the whole report.
        message: what is wrong.
        remedy: what to do about it.
    """

    line: int
    rule: Rule
    message: str
    remedy: str
