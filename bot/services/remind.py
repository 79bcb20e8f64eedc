"""Reminders to post a status update: rows that are due become effects, once each.

The reminder's row moves on in the same transaction that asks for the message, so it is neither lost
nor asked for twice, whoever is killed when. What was missed while mayday was away is one late reminder.
"""

from __future__ import annotations

from bot.domain.reminders import Reminder, next_due
from bot.ports import Clock, Durable
from bot.services import sync
from bot.services.projections import REMINDER
from bot.services.settings import Settings
from bot.store import effects as effect_rows
from bot.store import incidents as rows
from bot.store.engine import Store


def remind(store: Store, durable: Durable, now: Clock, settings: Settings) -> int:
    """Ask for every reminder that is due; return how many."""
    moment = now()
    asked = 0
    with store.write() as tx:
        for due in rows.due_reminders(tx, moment):
            incident = rows.get(tx, due.incident_id, lock=True)
            if not incident.is_open:
                rows.drop_reminder(tx, incident.id)
                continue
            effect_rows.want(
                tx,
                f"{incident.id}/{REMINDER}/{due.number}",
                incident_id=incident.id,
                want={"due_at": due.due_at.isoformat()},
                now=moment,
            )
            rows.set_reminder(
                tx,
                Reminder(
                    incident_id=incident.id,
                    number=due.number + 1,
                    due_at=next_due(due.due_at, settings.intervals[incident.severity], moment),
                ),
            )
            sync.enqueue(durable, tx, incident.id, f"{REMINDER}/{due.number}")
            asked += 1
    return asked
