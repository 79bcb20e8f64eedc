"""Who loses what, counted from the rows that a step touches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.hubs import Row
from bot.domain.plans import Loss, LossKind
from bot.runbook.steps import server_name

ACTIVE = timedelta(minutes=10)
NAMED = 20


def losing(kind: LossKind, rows: Iterable[Row], now: datetime) -> tuple[Loss, ...]:
    """The loss that these servers' users bear; none when there are no rows."""
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
