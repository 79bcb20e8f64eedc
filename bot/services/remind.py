"""Requests the reminders of incidents that are due: each becomes one resource.

The transaction that requests a message also sets the row to its next time, so a kill neither loses nor
repeats one. Reminders missed while mayday was down become one late reminder. Each incident has its own
transaction, which locks the incident's row before the reminder's, in the order that all services use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.business_hours import opening
from bot.domain.incident import Incident
from bot.domain.reminders import Due, Reminder, ReminderKind, due, next_due
from bot.domain.resources import ResourceKind
from bot.ports import Clock, Durable
from bot.services import sync
from bot.services.settings import Settings
from bot.store import incidents as rows
from bot.store import reminders
from bot.store import resources as resource_rows
from bot.store.engine import Store, Tx

UNSENT = timedelta(minutes=5)
"""When to look again at a reminder that can't be posted, or whose last one is not sent: another would only
add to a burst of them later."""


@dataclass(frozen=True, kw_only=True)
class Remind:
    """Requests what is due. ``me`` returns mayday's own user id; ``runbooks`` are those that can be run."""

    store: Store
    durable: Durable
    now: Clock
    settings: Settings
    me: Callable[[], str]
    runbooks: Collection[str] = ()

    def tick(self) -> int:
        """Request the message of every due reminder; return how many."""
        return remind(self.store, self.durable, self.now, self.settings) + self._others()

    def _others(self) -> int:
        moment = self.now()
        with self.store.read() as tx:
            unarmed = reminders.unarmed(tx)
        if unarmed:
            with self.store.write() as tx:
                for incident_id in unarmed:
                    reminders.arm(tx, incident_id, moment)
        with self.store.read() as tx:
            found = reminders.due(tx, moment)
        requested = 0
        for reminder in found:
            with self.store.write() as tx:
                requested += self._request(tx, reminder, moment)
        return requested

    def _request(self, tx: Tx, found: Reminder, moment: datetime) -> bool:
        """Request a reminder if it is still due and needed; else set when to look again."""
        incident = rows.lock_free(tx, found.incident_id)
        if incident is None:
            return False  # another replica is at it, or a person changes the incident
        row = reminders.get(tx, incident.id, found.kind)
        if row is None or row.due_at > moment:
            return False
        if not incident.is_open:
            reminders.drop(tx, incident.id)
            return False
        rules = self.settings.reminders
        seen = reminders.activity(tx, incident, me=self.me())
        is_due = due(row, incident, seen, policy=self.settings.policy, rules=rules)
        if is_due is None:
            again = rules.look_again(row.kind, incident.severity)
            reminders.change(tx, row, due_at=moment + again)
            return False
        at = opening(rules.hours, incident.severity, max(is_due.at, moment))
        if at > moment:
            reminders.change(tx, row, due_at=at)
            return False
        if _is_blocked(
            tx, incident, ResourceKind.INCIDENT_REMINDER, f"{row.kind}/{row.number - 1}"
        ):
            reminders.change(tx, row, due_at=moment + UNSENT)
            return False
        resource_rows.add(
            tx,
            incident.id,
            ResourceKind.INCIDENT_REMINDER,
            f"{row.kind}/{row.number}",
            spec=self._spec(row, incident, is_due),
            now=moment,
        )
        period = rules.period(row.kind, incident.severity)
        reminders.change(
            tx, row, number=row.number + 1, since=moment, not_before=None, due_at=moment + period
        )
        sync.enqueue(self.durable, tx, incident.id, f"reminder/{row.kind}/{row.number}")
        return True

    def _spec(self, row: Reminder, incident: Incident, is_due: Due) -> dict[str, str]:
        """What the message shows: what it is about, since when, and when it was due."""
        spec = {
            "kind": row.kind.value,
            "due_at": is_due.at.isoformat(),
            "since": is_due.since.isoformat(),
        }
        runbook = self.settings.reminders.rollback_runbook
        hubs = [hub for hub in incident.hubs if hub in self.settings.hubs]
        if row.kind is ReminderKind.ROLLBACK and runbook in self.runbooks and len(hubs) == 1:
            spec |= {"runbook": runbook, "hub": hubs[0]}
        return spec


def remind(store: Store, durable: Durable, now: Clock, settings: Settings) -> int:
    """Request the message of every due reminder to post an update; return how many."""
    moment = now()
    with store.read() as tx:
        found = rows.due_reminders(tx, moment)
    requested = 0
    for reminder in found:
        with store.write() as tx:
            requested += _request(tx, durable, settings, reminder.incident_id, moment)
    return requested


def _request(
    tx: Tx, durable: Durable, settings: Settings, incident_id: str, moment: datetime
) -> bool:
    incident = rows.lock_free(tx, incident_id)
    if incident is None:
        return False  # another replica is at it, or a person changes the incident: the next tick looks again
    row = rows.reminder_of(tx, incident_id)
    if row is None or row.due_at > moment:
        return False
    if not incident.is_open:
        rows.drop_reminder(tx, incident_id)
        return False
    at = settings.opening(incident.severity, moment)
    if at > moment:
        rows.set_reminder(tx, Reminder(incident_id=incident_id, number=row.number, due_at=at))
        return False
    is_blocked = _is_blocked(tx, incident, ResourceKind.REMINDER, str(row.number - 1))
    if not is_blocked:
        resource_rows.add(
            tx,
            incident_id,
            ResourceKind.REMINDER,
            str(row.number),
            spec={"due_at": row.due_at.isoformat()},
            now=moment,
        )
        sync.enqueue(durable, tx, incident_id, f"remind/{row.number}")
    following = next_due(row.due_at, settings.interval(incident.severity), moment)
    rows.set_reminder(
        tx,
        Reminder(
            incident_id=incident_id,
            number=row.number if is_blocked else row.number + 1,
            due_at=settings.opening(incident.severity, following),
        ),
    )
    return not is_blocked


def _is_blocked(tx: Tx, incident: Incident, kind: ResourceKind, last: str) -> bool:
    """Whether it can't be posted, or the last one is not sent yet."""
    if incident.channel_id is None or incident.channel_state:
        return True
    row = resource_rows.find(tx, incident.id, kind, last)
    return row is not None and not row.ref
