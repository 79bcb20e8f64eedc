"""The names of people whom hubs serve, as mayday last read them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import delete, select, update

from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import hub_user

AT_ONCE = 500
"""Names in one statement; SQLite has a limit."""


def remember(tx: Tx, hub: str, names: Collection[str], *, day: date) -> None:
    """Store that a hub served these people on this day."""
    known = dict(
        tx.execute(select(hub_user.c.name, hub_user.c.seen_on).where(hub_user.c.hub == hub)).all()
    )
    for name in sorted(set(names) - known.keys()):
        insert_new(tx, "hub_user", {"hub": hub, "name": name, "seen_on": day})
    again = sorted(name for name in names if name in known and known[name] < day)
    for at in range(0, len(again), AT_ONCE):
        tx.execute(
            update(hub_user)
            .where(hub_user.c.hub == hub, hub_user.c.name.in_(again[at : at + AT_ONCE]))
            .values(seen_on=day)
        )


def forget(tx: Tx, *, before: date) -> None:
    """Remove the names of people who were last served before this day."""
    tx.execute(delete(hub_user).where(hub_user.c.seen_on < before))


def every_name(tx: Tx) -> set[str]:
    """The names of all hubs' users."""
    return set(tx.execute(select(hub_user.c.name).distinct()).scalars())
