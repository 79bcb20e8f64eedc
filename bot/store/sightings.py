"""When servers of a hub were first seen in the state in which they are pending."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.engine import Tx
from bot.store.tables import sighting

Key = tuple[str, str]


def of_hub(tx: Tx, hub: str) -> dict[Key, tuple[str, datetime, datetime]]:
    """State, first and last sighting of every server of a hub that was pending."""
    rows = tx.execute(select(sighting).where(sighting.c.hub == hub))
    return {
        (row.user_name, row.server_name): (row.state, row.first_seen_at, row.last_seen_at)
        for row in rows
    }


def put(tx: Tx, hub: str, key: Key, state: str, first: datetime, last: datetime) -> None:
    """Store a sighting in place of the one before."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    changed = {"state": state, "first_seen_at": first, "last_seen_at": last}
    statement = dialect.insert(sighting).values(
        hub=hub, user_name=key[0], server_name=key[1], **changed
    )
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["hub", "user_name", "server_name"], set_=changed
        )
    )


def drop_others(tx: Tx, hub: str, kept: Mapping[Key, object]) -> None:
    """Forget the servers of a hub that are not among these."""
    for user, server in of_hub(tx, hub).keys() - kept.keys():
        tx.execute(
            delete(sighting).where(
                sighting.c.hub == hub,
                sighting.c.user_name == user,
                sighting.c.server_name == server,
            )
        )
