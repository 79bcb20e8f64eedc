"""Reminders to post a status update: rows that are due become resources, once each.

The reminder's row moves on in the same transaction that asks for the message, so it is neither lost
nor asked for twice, whoever is killed when. What was missed while mayday was away is one late reminder.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.reminders import Reminder, next_due
from bot.domain.resources import ResourceKind
from bot.ports import Clock, Durable
from bot.services import sync
from bot.services.settings import Settings
from bot.store import incidents as rows
from bot.store import resources as resource_rows
from bot.store.engine import Store, Tx


def remind(store: Store, durable: Durable, now: Clock, settings: Settings) -> int:
    """Ask for every reminder that is due; return how many.

    Each incident by itself: one that fails stops no other, and its row is locked before its reminder's,
    as everybody else does.
    """
    moment = now()
    with store.read() as tx:
        due = rows.due_reminders(tx, moment)
    asked = 0
    for reminder in due:
        with store.write() as tx:
            asked += _ask(tx, durable, settings, reminder.incident_id, moment)
    return asked


def _ask(tx: Tx, durable: Durable, settings: Settings, incident_id: str, moment: datetime) -> bool:
    incident = rows.get(tx, incident_id, lock=True)
    due = rows.reminder_of(tx, incident_id)
    if due is None or due.due_at > moment:
        return False
    if not incident.is_open:
        rows.drop_reminder(tx, incident_id)
        return False
    last = resource_rows.find(tx, incident_id, ResourceKind.REMINDER, str(due.number - 1))
    # While one could not be sent, another would only make a burst of them later.
    is_blocked = incident.channel_id is None or (last is not None and not last.ref)
    if not is_blocked:
        resource_rows.add(
            tx,
            incident_id,
            ResourceKind.REMINDER,
            str(due.number),
            spec={"due_at": due.due_at.isoformat()},
            now=moment,
        )
        sync.enqueue(durable, tx, incident_id, f"remind/{due.number}")
    rows.set_reminder(
        tx,
        Reminder(
            incident_id=incident_id,
            number=due.number if is_blocked else due.number + 1,
            due_at=next_due(due.due_at, settings.interval(incident.severity), moment),
        ),
    )
    return not is_blocked
