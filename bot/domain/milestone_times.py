"""Reads the five times of an incident as people type them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.domain.milestones import Milestone, Times
from bot.domain.time_parsing import Reader
from bot.domain.typed_time import TypedTime
from bot.domain.typography import plain_marks
from bot.errors import UserError

OTHER_WORDS: Mapping[str, Milestone] = {
    "start": Milestone.IMPACT,
    "started": Milestone.IMPACT,
    "began": Milestone.IMPACT,
    "detection": Milestone.DETECTED,
    "declaration": Milestone.DECLARED,
    "mitigation": Milestone.MITIGATED,
    "fixed": Milestone.MITIGATED,
    "resolution": Milestone.RESOLVED,
    "end": Milestone.RESOLVED,
    "ended": Milestone.RESOLVED,
}
"""What people call the times besides their names."""

_LONG_AGO = timedelta(days=2)
"""From then on a time without a date is on the day of the incident; before, it is the latest in the past."""
_DAY = timedelta(days=1)


def read(
    texts: Mapping[Milestone, str], known: Times, reader: Reader
) -> dict[Milestone, TypedTime | None]:
    """Return the times that the texts are; None for an empty one and for a dash.

    A time without a date is on the day of the time before it if that is long ago, or on the next day if it
    would be earlier otherwise. ``known`` are the times that people set.

    Raises:
        UserError: texts are not times; the error has each of them by name.
    """
    found: dict[Milestone, TypedTime | None] = {}
    errors: dict[str, str] = {}
    for name in Milestone:
        if name not in texts:
            continue
        text = texts[name].strip()
        if not plain_marks(text).strip("-"):
            found[name] = None
            continue
        all_known = {**known, **found}
        times = [all_known.get(one) for one in _by_distance(name)]
        near = next((time for time in times if time), None)
        try:
            found[name] = _near(text, near, reader)
        except UserError as exc:
            errors[name.value] = str(exc)
    if errors:
        first = next(iter(errors))
        others = {name: text for name, text in errors.items() if name != first}
        raise UserError(errors[first], field=first, others=others)
    return found


def _by_distance(name: Milestone) -> list[Milestone]:
    """Return the other times: those before it, the nearest first, and then those after it."""
    names = list(Milestone)
    index = names.index(name)
    return [*reversed(names[:index]), *names[index + 1 :]]


def _near(text: str, near: TypedTime | None, reader: Reader) -> TypedTime:
    if near is None or reader.now - near.at < _LONG_AGO:
        return reader.time(text)
    day = near.at.astimezone(reader.zone).date()
    time = replace(reader, day=day).time(text)
    if time.at >= near.at:
        return time
    following = replace(reader, day=day + _DAY).time(text)
    return following if following.at - near.at <= _DAY / 2 else time
