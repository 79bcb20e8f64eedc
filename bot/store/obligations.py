"""What runs left to be taken back, and who is at it.

One replica claims a row for some time by the database's clock, which all replicas share. Whether a row is due
is by the domain's clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, or_, select, update

from bot.domain.obligations import ObligationKind, ObligationOutcome
from bot.domain.runs import RunState
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.run_tables import obligation, run


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """What a step of a run left to be taken back by ``step``, as JSON.

    ``by`` is who is told where no channel is. ``attempted_at`` is when mayday was about to act, by the
    database's clock; ``told_at`` when its end was told. ``attempts`` counts failures of an undo, and the
    reminders of a nag. ``number`` is that of the step in its run.
    """

    id: str
    run_id: str
    number: int
    hub: str
    kind: ObligationKind
    step: Mapping[str, Any]
    by: str
    due_at: datetime
    owner: str | None = None
    claimed_until: datetime | None = None
    attempted_at: datetime | None = None
    attempts: int = 0
    error: str = ""
    done_at: datetime | None = None
    outcome: ObligationOutcome | None = None
    told_at: datetime | None = None


def add(tx: Tx, value: Obligation) -> bool:
    """Store a new obligation; False when it is there already."""
    columns = {name: getattr(value, name) for name in obligation.c.keys()}  # noqa: SIM118
    return insert_new(tx, "obligation", {**columns, "kind": value.kind.value, "outcome": ""})


def drop(tx: Tx, run_id: str, number: int) -> None:
    """Forget what a step was to leave, unless a replica is at it or was."""
    tx.execute(
        delete(obligation).where(
            obligation.c.run_id == run_id,
            obligation.c.number == number,
            obligation.c.attempted_at.is_(None),
            obligation.c.claimed_until.is_(None),
            obligation.c.done_at.is_(None),
        )
    )


def claim(
    tx: Tx, owner: str, *, due: datetime, now: datetime, until: datetime
) -> Obligation | None:
    """Claim one that is due, or whose end is not told; None if there is none or others are at them.

    ``due`` is by the domain's clock, ``now`` and ``until`` by the database's. While a run acts on the hub,
    what is due there waits.
    """
    acts = select(run.c.id).where(
        run.c.hub == obligation.c.hub, run.c.state == RunState.RUNNING.value
    )
    is_due = and_(obligation.c.done_at.is_(None), obligation.c.due_at <= due, ~acts.exists())
    is_untold = and_(obligation.c.done_at.is_not(None), obligation.c.told_at.is_(None))
    statement = (
        select(obligation)
        .where(
            or_(is_due, is_untold),
            or_(obligation.c.claimed_until.is_(None), obligation.c.claimed_until <= now),
        )
        .order_by(obligation.c.due_at, obligation.c.id)
        .limit(1)
    )
    row = tx.execute(statement.with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    values = {"owner": owner, "claimed_until": until}
    tx.execute(update(obligation).where(obligation.c.id == row["id"]).values(**values))
    return _obligation({**row, **values})


def release(tx: Tx, owners: Collection[str], *, until: datetime) -> None:
    """Let the claims of these replicas, which have ended, end at that moment at the latest."""
    tx.execute(
        update(obligation)
        .where(obligation.c.owner.in_(owners), obligation.c.claimed_until > until)
        .values(claimed_until=until)
    )


def change(tx: Tx, claimed: Obligation, *, now: datetime, **values: Any) -> bool:
    """Change columns while the claim holds; False when it has ended."""
    changed = tx.execute(
        update(obligation)
        .where(
            obligation.c.id == claimed.id,
            obligation.c.owner == claimed.owner,
            obligation.c.claimed_until > now,
        )
        .values(**values)
    )
    return changed.rowcount > 0


def left_by(tx: Tx, run_id: str) -> Sequence[Obligation]:
    """Those that a run left and that are not done."""
    statement = select(obligation).where(
        obligation.c.run_id == run_id, obligation.c.done_at.is_(None)
    )
    return [_obligation(row) for row in tx.execute(statement).mappings()]


def settle(tx: Tx, obligation_id: str, *, now: datetime, told_at: datetime) -> None:
    """End one that is not done as done, with nothing to tell."""
    tx.execute(
        update(obligation)
        .where(obligation.c.id == obligation_id, obligation.c.done_at.is_(None))
        .values(outcome=ObligationOutcome.DONE.value, done_at=now, told_at=told_at)
    )


def get(tx: Tx, obligation_id: str) -> Obligation | None:
    """One obligation."""
    row = tx.execute(select(obligation).where(obligation.c.id == obligation_id)).mappings().first()
    return _obligation(row) if row else None


def unsettled(tx: Tx) -> Sequence[Obligation]:
    """Those that are not done, and those that need a person, in the order in which they are due."""
    human = ObligationOutcome.NEEDS_HUMAN.value
    statement = select(obligation).where(
        or_(obligation.c.done_at.is_(None), obligation.c.outcome == human)
    )
    rows = tx.execute(statement.order_by(obligation.c.due_at, obligation.c.id)).mappings()
    return [_obligation(row) for row in rows]


def _obligation(row: RowMapping | Mapping[str, Any]) -> Obligation:
    outcome = ObligationOutcome(row["outcome"]) if row["outcome"] else None
    return Obligation(**{**row, "kind": ObligationKind(row["kind"]), "outcome": outcome})
