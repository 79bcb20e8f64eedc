"""Findings: what a rule saw, since when, how bad it is, by which evidence, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from bot.domain.facts import HubFacts


class Severity(IntEnum):
    """How bad a finding is. ``UNKNOWN`` is for what could not be read, which is never well."""

    NOTE = 1  # worth knowing: a recent rollout, a node cordoned on purpose
    UNKNOWN = 2
    WARNING = 3  # it will break, or it is broken for few
    CRITICAL = 4  # people are cut off now, or nobody can start


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """The runbook that helps, with its arguments as they are stored (:meth:`bot.runbook.Runbook.arguments`).

    ``label`` is the button's text.
    """

    runbook: str
    label: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one rule found.

    ``rule`` is the rule's name and ``key`` distinguishes its findings, so that the same one is recognised
    later. ``text`` is one sentence. ``at`` is when it began or happened by the system's own clock, None if
    unknown; it is never the time of the reading. ``evidence`` are lines to show below it. ``affects``
    counts the users whom it cuts off, None if unknown. ``by`` is the Slack user id of who did it, where
    that is known.
    """

    rule: str
    key: str
    severity: Severity
    text: str
    at: datetime | None = None
    evidence: tuple[str, ...] = ()
    remedy: Remedy | None = None
    affects: int | None = 0
    by: str = ""


Rule = Callable[[HubFacts], Iterable[Finding]]
"""A pure function from facts to findings; its docstring explains to people what it looks for and why."""
