"""The order of a timeline: by the times that are shown, and within one time as people arranged it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.timeline import Line
from bot.domain.typed_time import Unit
from bot.errors import UserError

OTHER_TIME = (
    "An entry moves only among entries of the same time. To move it further, change its time."
)
MOVED_MEANWHILE = "The order has changed meanwhile. Look at the timeline again."


@dataclass(frozen=True, order=True)
class Shown:
    """What is shown of the time of a line, in UTC, in the order of a timeline.

    ``rank`` is that of its unit. ``until`` is ``at`` where there is no end.
    """

    at: datetime
    rank: int
    until: datetime
    is_about: bool


def moment(line: Line) -> Shown:
    """Return the time of a line, truncated to what is shown.

    Since 1972 UTC offsets are whole minutes, so truncating before conversion is safe.
    """
    time = line.entry.time

    def cut(at: datetime) -> datetime:
        return at.replace(second=at.second if time.unit is Unit.SECOND else 0, microsecond=0)

    at = cut(time.at)
    return Shown(at, time.unit.rank, cut(time.until) if time.until else at, time.is_about)


def ordered(lines: Iterable[Line]) -> list[Line]:
    """Return the lines in the order in which the report shows them."""
    return sorted(
        lines, key=lambda line: (moment(line), line.entry.rank, line.entry.at, line.entry.id)
    )


def swapped(lines: Iterable[Line], entry_id: int, neighbour_id: int) -> dict[int, int]:
    """Return the ranks that exchange an entry and its neighbour, by entry id, without those that stay.

    Raises:
        UserError: they are not neighbours of the same time.
    """
    lines = list(lines)
    found = next((line for line in lines if line.entry.id == entry_id), None)
    if found is None:
        raise UserError(MOVED_MEANWHILE)
    same = [line for line in ordered(lines) if moment(line) == moment(found)]
    ids = [line.entry.id for line in same]
    if neighbour_id not in ids:
        raise UserError(OTHER_TIME)
    one, other = ids.index(entry_id), ids.index(neighbour_id)
    if abs(one - other) != 1:
        raise UserError(MOVED_MEANWHILE)
    ids[one], ids[other] = ids[other], ids[one]
    ranks = {line.entry.id: line.entry.rank for line in same}
    # Negative, so that an entry that is added later, with rank 0, comes last.
    return {entry: rank for rank, entry in enumerate(ids, -len(ids)) if ranks[entry] != rank}
