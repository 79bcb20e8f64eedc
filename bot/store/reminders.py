"""Reminders of an incident besides that of its next update, and what was recorded that they depend on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, func, or_, select, update

from bot.domain.incident import CLOSED, RESOLVED, Incident
from bot.domain.reminders import PROGRESS, Activity, Reminder, ReminderKind
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.run_tables import run
from bot.store.tables import entry, incident, incident_reminder, message, resource, tag

_KINDS = tuple(kind for kind in ReminderKind if kind is not ReminderKind.UPDATE)
_NAMES = tuple(kind.value for kind in _KINDS)
_WRITTEN = ("", "file_share", "thread_broadcast", "me_message")
"""The subtypes of messages that people write."""


def unarmed(tx: Tx) -> list[str]:
    """The ids of open incidents that have no reminders yet."""
    is_open = incident.c.status.not_in((RESOLVED, CLOSED))
    some = select(incident_reminder.c.kind).where(incident_reminder.c.incident_id == incident.c.id)
    return list(tx.execute(select(incident.c.id).where(is_open, ~some.exists())).scalars())


def arm(tx: Tx, incident_id: str, now: datetime) -> None:
    """Add the reminders of an incident, each to be looked at now, under numbers that none has had."""
    for kind in _KINDS:
        insert_new(
            tx,
            "incident_reminder",
            {
                "incident_id": incident_id,
                "kind": kind.value,
                "number": _last_number(tx, incident_id, kind) + 1,
                "due_at": now,
            },
        )


def due(tx: Tx, now: datetime) -> list[Reminder]:
    """The reminders that are due or to be looked at, the earliest first."""
    rows = tx.execute(
        select(incident_reminder)
        .where(incident_reminder.c.due_at <= now, incident_reminder.c.kind.in_(_NAMES))
        .order_by(incident_reminder.c.due_at, incident_reminder.c.kind)
    ).mappings()
    return [_reminder(row) for row in rows]


def of_incident(tx: Tx, incident_id: str) -> list[Reminder]:
    """The pending reminders of an incident."""
    rows = tx.execute(
        select(incident_reminder)
        .where(incident_reminder.c.incident_id == incident_id, incident_reminder.c.kind.in_(_NAMES))
        .order_by(incident_reminder.c.kind)
    ).mappings()
    return [_reminder(row) for row in rows]


def get(tx: Tx, incident_id: str, kind: ReminderKind) -> Reminder | None:
    """The pending reminder of a kind."""
    return next((row for row in of_incident(tx, incident_id) if row.kind is kind), None)


def change(tx: Tx, value: Reminder, **values: Any) -> None:
    """Change columns of a reminder whose incident is locked."""
    tx.execute(
        update(incident_reminder)
        .where(
            incident_reminder.c.incident_id == value.incident_id,
            incident_reminder.c.kind == value.kind.value,
        )
        .values(**values)
    )


def drop(tx: Tx, incident_id: str) -> None:
    """Delete the reminders of an incident."""
    tx.execute(incident_reminder.delete().where(incident_reminder.c.incident_id == incident_id))


def activity(tx: Tx, value: Incident, *, me: str) -> Activity:
    """What was recorded of an incident; ``me`` is mayday's user id, whose messages don't count."""
    began = _latest(tx, value, entry.c.kind == EntryKind.REOPENED.value)
    by_people = _latest(tx, value, entry.c.author.not_in(("", me)))
    moved = _latest(tx, value, entry.c.kind.in_([kind.value for kind in PROGRESS]))
    began_at = max(value.declared_at, began or value.declared_at)
    tagged = _tagged(tx, value)
    return Activity(
        began_at=began_at,
        written_at=_last(began_at, by_people, tagged, _written(tx, value, me)),
        progress_at=_last(began_at, moved, tagged, _run(tx, value)),
    )


def _last(first: datetime, *moments: datetime | None) -> datetime:
    return max((first, *(moment for moment in moments if moment is not None)))


def _latest(tx: Tx, value: Incident, where: Any) -> datetime | None:
    latest = select(func.max(entry.c.recorded_at)).where(
        entry.c.incident_id == value.id, entry.c.deleted_at.is_(None), where
    )
    return tx.execute(latest).scalar()


def _written(tx: Tx, value: Incident, me: str) -> datetime | None:
    """When a person wrote in the channel last."""
    if value.channel_id is None:
        return None
    is_person = or_(message.c.author.like("U%"), message.c.author.like("W%"))
    latest = select(func.max(message.c.posted_at)).where(
        message.c.team_id == value.team_id,
        message.c.channel_id == value.channel_id,
        message.c.author != me,
        message.c.author_name == "",
        message.c.subtype.in_(_WRITTEN),
        is_person,
    )
    return tx.execute(latest).scalar()


def _tagged(tx: Tx, value: Incident) -> datetime | None:
    """When a message was filed under a heading last."""
    if value.channel_id is None:
        return None
    latest = (
        select(func.max(tag.c.seen_at))
        .join(message, message.c.key == tag.c.message_key)
        .where(
            message.c.team_id == value.team_id,
            message.c.channel_id == value.channel_id,
            tag.c.removed_at.is_(None),
        )
    )
    return tx.execute(latest).scalar()


def _run(tx: Tx, value: Incident) -> datetime | None:
    """When a runbook was asked for, decided about or ended last."""
    of_incident = run.c.incident_id == value.id
    found = tx.execute(
        select(
            func.max(run.c.asked_at), func.max(run.c.decided_at), func.max(run.c.finished_at)
        ).where(of_incident)
    ).one()
    return max((moment for moment in found if moment is not None), default=None)


def _last_number(tx: Tx, incident_id: str, kind: ReminderKind) -> int:
    """The highest number of a reminder of this kind that was ever requested, 0 when none was."""
    subjects = tx.execute(
        select(resource.c.subject).where(
            and_(
                resource.c.incident_id == incident_id,
                resource.c.kind == ResourceKind.INCIDENT_REMINDER.value,
                resource.c.subject.like(f"{kind.value}/%"),
            )
        )
    ).scalars()
    return max((int(subject.partition("/")[2]) for subject in subjects), default=0)


def _reminder(row: RowMapping) -> Reminder:
    return Reminder(**{**row, "kind": ReminderKind(row["kind"])})
