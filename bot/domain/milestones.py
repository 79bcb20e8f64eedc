"""The five times of an incident, and how long it took from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations

from bot.domain.typed_time import TypedTime, Unit


class Milestone(StrEnum):
    """A time that every incident has, in the order in which they follow each other."""

    IMPACT = "impact"
    DETECTED = "detected"
    DECLARED = "declared"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


Times = Mapping[Milestone, TypedTime]
"""The times that are known."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """How long it took from the start of impact to another time.

    ``is_about`` is whether one of the two is approximate, a span or a day. ``is_in_days`` is whether one of
    them is a day.
    """

    to: Milestone
    length: timedelta
    is_about: bool = False
    is_in_days: bool = False


def durations(times: Times) -> tuple[Duration, ...]:
    """Return how long each later time was after the start of impact, without those that lie before it.

    To or from a month there is no duration.
    """
    start = times.get(Milestone.IMPACT)
    if start is None or start.unit is Unit.MONTH:
        return ()
    return tuple(
        Duration(
            to=name,
            length=max(_middle(times[name]) - _middle(start), timedelta()),
            is_about=not (start.is_exact and times[name].is_exact),
            is_in_days=Unit.DAY in (start.unit, times[name].unit),
        )
        for name in Milestone
        if name is not Milestone.IMPACT
        and name in times
        and times[name].unit is not Unit.MONTH
        and times[name].at >= start.at
    )


def _middle(time: TypedTime) -> datetime:
    """Return the time, or noon of a day."""
    return time.at + (timedelta(hours=12) if time.unit is Unit.DAY else timedelta())


def disordered(times: Times) -> tuple[tuple[Milestone, Milestone], ...]:
    """Return the pairs of times of which the second lies before the first, although it follows it.

    An incident can be declared after it was mitigated or resolved.
    """
    known = [name for name in Milestone if name in times]
    return tuple(
        (first, then)
        for first, then in combinations(known, 2)
        if first is not Milestone.DECLARED and times[then].latest < times[first].at
    )
