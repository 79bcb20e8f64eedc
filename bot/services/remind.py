"""Reminders to post a status update: each due row becomes one resource.

The transaction that requests the message also sets the row to the next reminder, so a kill neither loses
nor repeats one. Reminders missed while mayday was down become one late reminder.
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
    """Request the message of every due reminder; return how many.

    Each incident has its own transaction, which locks the incident's row before the reminder's, in the
    order that all services use.
    """
    moment = now()
    with store.read() as tx:
        due = rows.due_reminders(tx, moment)
    requested = 0
    for reminder in due:
        with store.write() as tx:
            requested += _request(tx, durable, settings, reminder.incident_id, moment)
    return requested


def _request(
    tx: Tx, durable: Durable, settings: Settings, incident_id: str, moment: datetime
) -> bool:
    incident = rows.lock_free(tx, incident_id)
    if incident is None:
        return False  # another replica is at it, or a person changes the incident: the next tick looks again
    due = rows.reminder_of(tx, incident_id)
    if due is None or due.due_at > moment:
        return False
    if not incident.is_open:
        rows.drop_reminder(tx, incident_id)
        return False
    last = resource_rows.find(tx, incident_id, ResourceKind.REMINDER, str(due.number - 1))
    # While the last one is not sent, another would add to a burst of them later.
    is_absent = incident.channel_id is None or bool(incident.channel_state)
    is_blocked = is_absent or (last is not None and not last.ref)
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
