"""The replicas that use this database, their leases, and claims on work that one replica at a time does.

Every moment is by the database's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import claim, replica

ENDED = datetime(1970, 1, 1, tzinfo=UTC)
KEEP = timedelta(days=7)
"""How long the row of an ended replica is kept."""
LATELY = timedelta(hours=1)
"""How long after its end a replica's work is looked for: a suspended one may begin some until it ends."""


@dataclass(frozen=True, kw_only=True)
class Replica:
    """A process of mayday. ``taken_by`` is the replica that took its work over.

    ``foreign_sockets`` is how many connections to Slack are not those of replicas, as it found.
    """

    id: str
    host: str
    version: str
    started_at: datetime
    lease_until: datetime
    taken_by: str | None
    foreign_sockets: int = 0


def register(tx: Tx, value: Replica) -> None:
    """Store a new replica."""
    insert_new(tx, "replica", {**value.__dict__})


def renew(tx: Tx, replica_id: str, until: datetime) -> bool:
    """Extend a lease; False when another replica has taken this one's work over."""
    renewed = tx.execute(
        update(replica)
        .where(replica.c.id == replica_id, replica.c.taken_by.is_(None))
        .values(lease_until=until)
    )
    return renewed.rowcount > 0


def holds(tx: Tx, replica_id: str, now: datetime) -> bool:
    """Whether this replica's lease is valid."""
    found = tx.execute(
        select(replica.c.id).where(
            replica.c.id == replica_id, replica.c.taken_by.is_(None), replica.c.lease_until > now
        )
    )
    return found.first() is not None


def living(tx: Tx, now: datetime) -> int:
    """How many replicas have a valid lease."""
    valid = replica.c.taken_by.is_(None) & (replica.c.lease_until > now)
    return tx.execute(select(func.count()).where(valid)).scalar_one()


def set_foreign_sockets(tx: Tx, replica_id: str, number: int) -> None:
    """Store what a replica found of connections to Slack."""
    found = update(replica).where(replica.c.id == replica_id).values(foreign_sockets=number)
    tx.execute(found)


def end(tx: Tx, replica_id: str, at: datetime) -> None:
    """End a lease, so that others may take the work over."""
    tx.execute(update(replica).where(replica.c.id == replica_id).values(lease_until=at))


def end_others(tx: Tx, replica_id: str) -> None:
    """End the leases of all other replicas, for a database that only this process can use."""
    tx.execute(update(replica).where(replica.c.id != replica_id).values(lease_until=ENDED))


def claim_ended(tx: Tx, replica_id: str, *, ended_before: datetime) -> list[str]:
    """Claim the replicas whose leases ended before that moment; return all whose work to take over.

    A replica that claimed others and ended itself is claimed with them.
    """
    living = select(replica.c.id).where(replica.c.lease_until >= ended_before)
    ended = tx.execute(
        select(replica.c.id)
        .where(
            replica.c.lease_until < ended_before,
            or_(replica.c.taken_by.is_(None), replica.c.taken_by.not_in(living)),
        )
        .with_for_update(skip_locked=True)
    ).scalars()
    if ids := list(ended):
        tx.execute(update(replica).where(replica.c.id.in_(ids)).values(taken_by=replica_id))
    mine = select(replica.c.id).where(
        replica.c.taken_by == replica_id,
        or_(replica.c.id.in_(ids), replica.c.lease_until > ended_before - LATELY),
    )
    return list(tx.execute(mine).scalars())


def has_ended(tx: Tx, *, ended_before: datetime) -> bool:
    """Whether there is a replica whose work may have to be taken over."""
    found = tx.execute(
        select(replica.c.id)
        .where(
            replica.c.lease_until < ended_before,
            or_(replica.c.taken_by.is_(None), replica.c.lease_until > ended_before - LATELY),
        )
        .limit(1)
    )
    return found.first() is not None


def forget_ended(tx: Tx, now: datetime) -> None:
    """Delete the rows of replicas that ended long ago."""
    tx.execute(
        delete(replica).where(
            replica.c.lease_until < now - KEEP,
            replica.c.taken_by.is_not(None),
            replica.c.started_at < now - KEEP,
        )
    )


def take(tx: Tx, name: str, owner: str, *, now: datetime, seconds: float) -> bool:
    """Claim some work for that long; False while another replica has it."""
    values = {"owner": owner, "until": now + timedelta(seconds=seconds)}
    if insert_new(tx, "claim", {"name": name, **values}):
        return True
    taken = tx.execute(
        update(claim)
        .where(claim.c.name == name, or_(claim.c.until <= now, claim.c.owner == owner))
        .values(**values)
    )
    return taken.rowcount > 0
