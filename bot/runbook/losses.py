"""Who loses what, counted from the rows that a step touches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.hubs import Row
from bot.runbook.steps.server import server_name

ACTIVE = timedelta(minutes=10)
NAMED = 20


class LossKind(StrEnum):
    """What people lose."""

    CONNECTION = "connection"  # for a moment; kernels survive
    SERVER = "server"  # what runs in it and is not saved


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Who loses what: ``active`` of ``servers`` were used in the last ten minutes.

    Of ``unknown`` servers the last activity is unknown; ``latest`` is the last activity among the others.
    ``users`` are their names in order, a named server as ``user/server``, at most twenty.
    """

    kind: LossKind
    servers: int
    active: int
    unknown: int = 0
    latest: datetime | None = None
    users: tuple[str, ...] = ()


def losing(kind: LossKind, rows: Iterable[Row], now: datetime) -> tuple[Loss, ...]:
    """The loss of these servers' users; none when there are no rows."""
    touched = list(rows)
    if not touched:
        return ()
    seen = [row.last_activity for row in touched if row.last_activity is not None]
    return (
        Loss(
            kind=kind,
            servers=len(touched),
            active=sum(now - moment <= ACTIVE for moment in seen),
            unknown=len(touched) - len(seen),
            latest=max(seen, default=None),
            users=tuple(sorted({server_name(row) for row in touched})[:NAMED]),
        ),
    )
