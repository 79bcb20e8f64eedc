"""Incidents, their reminders and their action items."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.actions import ActionItem
from bot.domain.incident import CLOSED, LEFT, Ending, Incident
from bot.domain.reminders import Reminder
from bot.domain.resources import ResourceKind
from bot.store import incident_columns as as_json
from bot.store.columns import NOW
from bot.store.engine import Tx
from bot.store.tables import incident, item, metadata, reminder, resource


def insert_new(
    tx: Tx, table_name: str, values: Mapping[str, Any], *, stamped: tuple[str, ...] = ()
) -> bool:
    """Insert a row unless one of its unique keys exists; return whether it was inserted.

    The columns in ``stamped`` get the time by the database's clock.
    """
    statement = _insert_new(table_name, stamped, is_sqlite=tx.dialect.name == "sqlite")
    return tx.execute(statement, values).first() is not None


@cache
def _insert_new(table_name: str, stamped: tuple[str, ...], *, is_sqlite: bool) -> Any:
    """The statement, kept because building it takes longer than running it."""
    table = metadata.tables[table_name]
    statement = (sqlite if is_sqlite else postgresql).insert(table).on_conflict_do_nothing()
    if stamped:
        statement = statement.values(dict.fromkeys(stamped, NOW))
    return statement.returning(*table.primary_key.columns)


def add(tx: Tx, value: Incident) -> bool:
    """Store a new incident; return False when its id or its channel's name exists."""
    return insert_new(tx, "incident", {**_columns(value), "names_taken": 0})


def exists(tx: Tx, incident_id: str) -> bool:
    """Whether the incident exists."""
    return _one(tx, incident.c.id == incident_id, lock=False) is not None


def get(tx: Tx, incident_id: str, *, lock: bool = False) -> Incident:
    """The incident; ``lock`` locks its row against other writers until the transaction ends.

    Raises:
        LookupError: it does not exist.
    """
    found = _one(tx, incident.c.id == incident_id, lock=lock)
    if found is None:
        raise LookupError(f"no incident {incident_id}")
    return found


def lock_free(tx: Tx, incident_id: str) -> Incident | None:
    """The incident with its row locked; None while another transaction has it locked."""
    statement = select(incident).where(incident.c.id == incident_id)
    row = tx.execute(statement.with_for_update(skip_locked=True)).mappings().first()
    return from_row(row) if row else None


def by_channel(tx: Tx, channel_id: str, *, lock: bool = False) -> Incident | None:
    """The incident that a channel was opened for, whatever team an event of the channel names."""
    return _one(tx, incident.c.channel_id == channel_id, lock=lock)


_OF_CHANNEL = select(incident.c.id, incident.c.team_id).where(
    incident.c.channel_id == bindparam("channel_id")
)


def of_channel(tx: Tx, channel_id: str) -> tuple[str, str] | None:
    """The id and the team of the incident that a channel was opened for."""
    row = tx.execute(_OF_CHANNEL, {"channel_id": channel_id}).first()
    return (row.id, row.team_id) if row else None


def public_in(tx: Tx, channel_ids: Collection[str]) -> list[str]:
    """The ids of the incidents of these channels that are not recorded as private."""
    where = incident.c.channel_id.in_(channel_ids) & incident.c.private.is_(False)
    return list(tx.execute(select(incident.c.id).where(where)).scalars())


def by_name(tx: Tx, team_id: str, channel_name: str) -> Incident | None:
    """The incident that has reserved this channel name."""
    return _one(
        tx, (incident.c.team_id == team_id) & (incident.c.channel_name == channel_name), lock=False
    )


def by_number(tx: Tx, team_id: str, number: int) -> Incident | None:
    """The incident with this number of its team."""
    return _one(tx, (incident.c.team_id == team_id) & (incident.c.number == number), lock=False)


def find(tx: Tx, name: str) -> str | None:
    """The id of the incident with this id or channel name, the latest if several have the name."""
    rows = tx.execute(
        select(incident.c.id)
        .where((incident.c.id == name) | (incident.c.channel_name == name))
        .order_by((incident.c.id == name).desc(), incident.c.declared_at.desc())
    )
    return rows.scalars().first()


def _one(tx: Tx, where: Any, *, lock: bool) -> Incident | None:
    statement = select(incident).where(where)
    if lock:
        statement = statement.with_for_update()
    row = tx.execute(statement).mappings().first()
    return from_row(row) if row else None


def incidents_of(tx: Tx, statement: Select[Any]) -> list[Incident]:
    """The incidents that a statement selects."""
    return [from_row(row) for row in tx.execute(statement).mappings()]


def unclosed(tx: Tx) -> list[Incident]:
    """The incidents that are not closed, oldest first."""
    return incidents_of(
        tx, select(incident).where(incident.c.status != CLOSED).order_by(incident.c.declared_at)
    )


def closed_since(tx: Tx, moment: datetime) -> list[Incident]:
    """The incidents that were closed after this moment, oldest first."""
    return incidents_of(
        tx, select(incident).where(incident.c.closed_at > moment).order_by(incident.c.closed_at)
    )


def ids_after(tx: Tx, incident_id: str, limit: int) -> list[str]:
    """The ids of incidents after this one, in the order of their ids."""
    ids = select(incident.c.id).where(incident.c.id > incident_id).order_by(incident.c.id)
    return list(tx.execute(ids.limit(limit)).scalars())


def recent(tx: Tx, team_id: str, *, seen_from: str, limit: int = 20) -> list[Incident]:
    """The latest incidents of a team, newest first; a private one only for its own channel.

    So is one whose channel Slack does not show: it may be private.
    """
    is_public = incident.c.private.is_(False) & (incident.c.channel_state != LEFT)
    visible = is_public | (incident.c.channel_id == seen_from)
    return incidents_of(
        tx,
        select(incident)
        .where(incident.c.team_id == team_id, visible)
        .order_by(incident.c.declared_at.desc())
        .limit(limit),
    )


def save(tx: Tx, value: Incident) -> None:
    """Write back an incident that was read with ``lock``."""
    tx.execute(update(incident).where(incident.c.id == value.id).values(**_columns(value)))


def names_taken(tx: Tx, incident_id: str) -> int:
    """How many channel names were already taken by other channels."""
    return int(
        tx.execute(select(incident.c.names_taken).where(incident.c.id == incident_id)).scalar_one()
    )


def rename(tx: Tx, value: Incident, name: str, *, taken: int) -> Incident:
    """Reserve another channel name."""
    tx.execute(
        update(incident)
        .where(incident.c.id == value.id)
        .values(channel_name=name, names_taken=taken)
    )
    return replace(value, channel_name=name)


def bind_channel(tx: Tx, incident_id: str, channel_id: str) -> None:
    """Store the id of the incident's channel, which Slack has just shown."""
    change_channel(tx, incident_id, channel_id=channel_id, channel_checked_at=NOW)


def change_channel(tx: Tx, incident_id: str, **values: Any) -> None:
    """Change columns that say how the incident's channel is."""
    tx.execute(update(incident).where(incident.c.id == incident_id).values(**values))


def _columns(value: Incident) -> dict[str, Any]:
    return {
        "id": value.id,
        "team_id": value.team_id,
        "title": value.title,
        "severity": value.severity,
        "status": value.status,
        "summary": value.summary,
        "private": value.private,
        "hubs": list(value.hubs),
        "declared_by": value.declared_by,
        "declared_at": value.declared_at,
        "channel_name": value.channel_name,
        "channel_id": value.channel_id,
        "origin_channel": value.origin_channel,
        "resolved_at": value.resolved_at,
        "closed_at": value.closed_at,
        "roles": dict(value.roles),
        "answers": as_json.answers_to_json(value.answers),
        "milestones": as_json.times_to_json(value.milestones),
        "report_options": as_json.options_to_json(value.report_options),
        "number": value.number or None,
        "drill": value.drill,
        "adopted": value.adopted,
        "ending": value.ending.value,
        "duplicate_of": value.duplicate_of,
        "origin_message": as_json.origin_to_json(value.origin_message),
    }


def from_row(row: RowMapping) -> Incident:
    """The incident of a row."""
    values = {key: row[key] for key in row if key != "names_taken"}
    values["hubs"] = tuple(row["hubs"])
    values["roles"] = MappingProxyType(dict(row["roles"]))
    values["answers"] = as_json.answers_from_json(row["answers"])
    values["milestones"] = as_json.times_from_json(row["milestones"])
    values["report_options"] = as_json.options_from_json(row["report_options"])
    values["number"] = row["number"] or 0
    values["ending"] = Ending(row["ending"])
    values["origin_message"] = as_json.origin_from_json(row["origin_message"])
    return Incident(**values)


# --- action items ------------------------------------------------------------------------------


def add_item(tx: Tx, value: ActionItem) -> bool:
    """Store a new action item at the next position; False when its source was recorded before."""
    last = tx.execute(
        select(func.max(item.c.position)).where(item.c.incident_id == value.incident_id)
    ).scalar()
    columns = {name: getattr(value, name) for name in item.c.keys()}  # noqa: SIM118
    return insert_new(tx, "item", {**columns, "position": (last or 0) + 1})


def items(tx: Tx, incident_id: str) -> list[ActionItem]:
    """The action items of an incident, in the order they were added."""
    rows = tx.execute(
        select(item).where(item.c.incident_id == incident_id).order_by(item.c.position)
    ).mappings()
    return [ActionItem(**row) for row in rows]


def change_item(tx: Tx, item_id: str, **values: Any) -> None:
    """Change columns of an action item."""
    tx.execute(update(item).where(item.c.id == item_id).values(**values))


# --- reminders ---------------------------------------------------------------------------------


def set_reminder(tx: Tx, value: Reminder) -> None:
    """Store this as the incident's pending reminder, in place of an earlier one."""
    columns = {"number": value.number, "due_at": value.due_at}
    if not insert_new(tx, "reminder", {"incident_id": value.incident_id, **columns}):
        tx.execute(
            update(reminder).where(reminder.c.incident_id == value.incident_id).values(**columns)
        )


def reminder_of(tx: Tx, incident_id: str) -> Reminder | None:
    """The incident's pending reminder."""
    row = (
        tx.execute(select(reminder).where(reminder.c.incident_id == incident_id)).mappings().first()
    )
    return Reminder(**row) if row else None


def reminders_posted(tx: Tx, incident_id: str) -> int:
    """The highest number of a reminder that was ever requested, 0 when none was."""
    numbers = tx.execute(
        select(resource.c.subject).where(
            resource.c.incident_id == incident_id,
            resource.c.kind == ResourceKind.REMINDER.value,
        )
    ).scalars()
    return max((int(number) for number in numbers), default=0)


def drop_reminder(tx: Tx, incident_id: str) -> None:
    """Delete the incident's pending reminder."""
    tx.execute(reminder.delete().where(reminder.c.incident_id == incident_id))


def due_reminders(tx: Tx, now: datetime) -> list[Reminder]:
    """Reminders that are due, the earliest first."""
    rows = tx.execute(
        select(reminder).where(reminder.c.due_at <= now).order_by(reminder.c.due_at)
    ).mappings()
    return [Reminder(**row) for row in rows]
