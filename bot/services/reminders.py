"""What people do about reminders: snooze them, answer them, let them come again.

Snoozing never makes a reminder come earlier: a later time stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.reminders import Reminder, ReminderKind, snoozed
from bot.domain.resources import ResourceKind, resource_key
from bot.domain.state_change import StateChange
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.services import sync
from bot.services.settings import Settings
from bot.store import audit, reminders
from bot.store import incidents as rows
from bot.store import resources as resource_rows
from bot.store.engine import Store, Tx

NO_REMINDERS = "This incident is over and has no reminders."
SNOOZE_RANGE = f"Snooze for 1 minute to 24 hours: {COMMAND} snooze 30."
LONGEST_SNOOZE = timedelta(hours=24)
NOT_KNOWN = "mayday no longer knows this reminder. The next one has working buttons."


class Reminders:
    """Changes the reminders of open incidents."""

    def __init__(self, store: Store, durable: Durable, now: Clock, settings: Settings) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._settings = settings

    def snooze(self, change: StateChange, until: datetime, subject: str = "") -> datetime:
        """Let no reminder of the incident come before this moment; returns before when none comes.

        ``subject`` is ``kind/number`` of a posted one: then only its kind is snoozed, and its message
        says so.

        Raises:
            UserError: the moment is not within the next 24 hours, or the incident is over.
        """
        now = self._now()
        if not now < until <= now + LONGEST_SNOOZE:
            raise UserError(SNOOZE_RANGE)
        only = _parsed(subject)[0] if subject else None
        with self._store.write() as tx:
            incident = self._open(tx, change)
            before: dict[str, datetime | None] = {}
            after: dict[str, datetime] = {}
            if only in (None, ReminderKind.UPDATE):
                pending = self._update(tx, incident, now)
                due_at = snoozed(pending.due_at, until)
                before["update"], after["update"] = pending.due_at, due_at
                self._set_update(tx, pending, due_at)
            for row in self._others(tx, incident, now):
                if only in (None, row.kind):
                    not_before = snoozed(row.not_before, until)
                    before[row.kind.value], after[row.kind.value] = row.not_before, not_before
                    due_at = max(row.due_at, not_before)
                    # One that comes once is to come again then.
                    again = {"since": None} if only is ReminderKind.ROLLBACK else {}
                    reminders.change(tx, row, not_before=not_before, due_at=due_at, **again)
            earliest = min(after.values())
            line = change.line("incident.snooze", before=_texts(before), after=_texts(after))
            audit.add(tx, line)
            self._mark(
                tx, change, subject, state="snoozed", by=change.by, until=earliest.isoformat()
            )
            # The card says when the next update is due.
            sync.enqueue(self._durable, tx, change.incident_id, change.idempotency_key)
        return earliest

    def done(self, change: StateChange, subject: str) -> None:
        """Answer a posted reminder: its time counts from now again; of a lead or a roll-back no further
        one comes.

        Raises:
            UserError: the reminder is not known, or the incident is over.
        """
        kind, now = _parsed(subject)[0], self._now()
        with self._store.write() as tx:
            incident = self._open(tx, change)
            if not self._mark(tx, change, subject, state="done", by=change.by):
                return
            if kind is ReminderKind.UPDATE:
                pending = self._update(tx, incident, now)
                following = now + self._settings.interval(incident.severity)
                due_at = self._settings.opening(incident.severity, following)
                self._set_update(tx, pending, snoozed(pending.due_at, due_at))
            else:
                self._answer(tx, incident, kind, now)
            audit.add(tx, change.line("incident.reminder_done", target=subject))

    def wake(self, change: StateChange) -> datetime:
        """End snoozing, and let those come again that somebody ended; returns when the next update is due.

        Raises:
            UserError: the incident is over.
        """
        now = self._now()
        with self._store.write() as tx:
            incident = self._open(tx, change)
            pending = self._update(tx, incident, now)
            following = now + self._settings.interval(incident.severity)
            due_at = min(pending.due_at, self._settings.opening(incident.severity, following))
            self._set_update(tx, pending, due_at)
            for row in self._others(tx, incident, now):
                reminders.change(tx, row, not_before=None, ended_at=None, due_at=now)
            before, after = {"update": pending.due_at}, {"update": due_at}
            audit.add(
                tx, change.line("incident.snooze", before=_texts(before), after=_texts(after))
            )
        return due_at

    @staticmethod
    def _open(tx: Tx, change: StateChange) -> Incident:
        incident = rows.get(tx, change.incident_id, lock=True)
        if not incident.is_open:
            raise UserError(NO_REMINDERS)
        return incident

    def _update(self, tx: Tx, incident: Incident, now: datetime) -> Reminder:
        """The pending reminder to post an update; as of now if there is none."""
        if pending := rows.reminder_of(tx, incident.id):
            return pending
        number = rows.reminders_posted(tx, incident.id) + 1
        return Reminder(incident_id=incident.id, number=number, due_at=now)

    @staticmethod
    def _set_update(tx: Tx, pending: Reminder, due_at: datetime) -> None:
        rows.set_reminder(
            tx, Reminder(incident_id=pending.incident_id, number=pending.number, due_at=due_at)
        )

    @staticmethod
    def _others(tx: Tx, incident: Incident, now: datetime) -> list[Reminder]:
        reminders.arm(tx, incident.id, now)
        return reminders.of_incident(tx, incident.id)

    def _answer(self, tx: Tx, incident: Incident, kind: ReminderKind, now: datetime) -> None:
        reminders.arm(tx, incident.id, now)
        row = reminders.get(tx, incident.id, kind)
        if row is None:
            raise UserError(NOT_KNOWN)
        if kind is ReminderKind.STALE:
            period = self._settings.reminders.period(kind, incident.severity)
            reminders.change(tx, row, since=now, due_at=max(row.due_at, now + period))
        else:
            reminders.change(tx, row, ended_at=now)

    def _mark(self, tx: Tx, change: StateChange, subject: str, **state: str) -> bool:
        """Have the posted message say what somebody did about it; False if it says so already."""
        if not subject:
            return False
        kind, number = _parsed(subject)
        of = (
            ResourceKind.REMINDER if kind is ReminderKind.UPDATE else ResourceKind.INCIDENT_REMINDER
        )
        key = resource_key(
            change.incident_id, of, number if kind is ReminderKind.UPDATE else subject
        )
        row = resource_rows.get(tx, key, lock=True)
        if row is None:
            raise UserError(NOT_KNOWN)
        spec: dict[str, Any] = {**row.spec, **state}
        if row.spec.get("state") == "done" or spec == row.spec:
            return False
        resource_rows.change(tx, key, spec=spec)
        sync.enqueue(self._durable, tx, change.incident_id, f"{subject}/{change.idempotency_key}")
        return True


def _parsed(subject: str) -> tuple[ReminderKind, str]:
    """The kind and the number of a posted reminder.

    Raises:
        UserError: it is none.
    """
    kind, _, number = subject.partition("/")
    if kind not in set(ReminderKind) or not number.isdecimal():
        raise UserError(NOT_KNOWN)
    return ReminderKind(kind), number


def _texts(moments: Mapping[str, datetime | None]) -> dict[str, str]:
    return {kind: moment.isoformat() for kind, moment in moments.items() if moment is not None}
