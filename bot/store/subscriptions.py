"""Rows of subscriptions."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, func, select, update

from bot.domain.subscriptions import Subscription
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import entry, subscription

_OF_INCIDENT = (
    select(subscription)
    .where(subscription.c.incident_id == bindparam("an_incident"))
    .order_by(subscription.c.user_id)
)


def of_incident(tx: Tx, incident_id: str) -> list[Subscription]:
    """Everybody who subscribed to an incident, by user id."""
    rows = tx.execute(_OF_INCIDENT, {"an_incident": incident_id})
    return [
        Subscription(incident_id=row.incident_id, user=row.user_id, after_entry=row.after_entry)
        for row in rows
    ]


def of_user(tx: Tx, user: str) -> set[str]:
    """The ids of the incidents that a person subscribed to."""
    statement = select(subscription.c.incident_id).where(subscription.c.user_id == user)
    return set(tx.execute(statement).scalars())


def begin(tx: Tx, incident_id: str, user: str) -> None:
    """Subscribe a person to what comes after the entries that there are now, also one who did before."""
    last = tx.execute(select(func.max(entry.c.id)).where(entry.c.incident_id == incident_id))
    after = last.scalar() or 0
    key = {"incident_id": incident_id, "user_id": user}
    if not insert_new(tx, "subscription", {**key, "after_entry": after}):
        mine = (subscription.c.incident_id == incident_id) & (subscription.c.user_id == user)
        tx.execute(update(subscription).where(mine).values(after_entry=after))


def end(tx: Tx, incident_id: str, user: str) -> bool:
    """End a person's subscription; False if there was none."""
    mine = (subscription.c.incident_id == incident_id) & (subscription.c.user_id == user)
    return tx.execute(delete(subscription).where(mine)).rowcount > 0
