"""People as Slack last described them, so that a report can be written while Slack is away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.ports import Profile
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import label, person

GROUP, CHANNEL = "group", "channel"
"""Kinds of label."""


def remember(tx: Tx, profile: Profile, *, team_id: str, now: datetime) -> None:
    """Store or refresh a profile under the team that asked."""
    key = {"team_id": team_id, "user_id": profile.id}
    values = {
        "name": profile.name,
        "zone": profile.zone,
        "is_guest": profile.is_guest,
        "home_team": profile.team_id,
        "is_bot": profile.is_bot,
        "fetched_at": now,
    }
    if not insert_new(tx, "person", {**key, **values}):
        tx.execute(
            update(person)
            .where(person.c.team_id == team_id, person.c.user_id == profile.id)
            .values(**values)
        )


def known(
    tx: Tx, team_id: str, *, now: datetime, fresh: timedelta | None = None
) -> dict[str, Profile]:
    """The profiles of a team by user id, only those newer than ``fresh`` where given."""
    statement = select(person).where(person.c.team_id == team_id)
    if fresh is not None:
        statement = statement.where(person.c.fetched_at >= now - fresh)
    return {
        row["user_id"]: Profile(
            id=row["user_id"],
            team_id=row["home_team"],
            name=row["name"],
            zone=row["zone"],
            is_guest=row["is_guest"],
            is_bot=row["is_bot"],
        )
        for row in tx.execute(statement).mappings()
    }


@dataclass(frozen=True)
class LabelRow:
    """The name of a user group or a channel; empty where Slack gives none that may be shown."""

    name: str
    fetched_at: datetime


def labels(tx: Tx, team_id: str, kind: str) -> dict[str, LabelRow]:
    """The stored names of a team's user groups or channels, by id."""
    rows = tx.execute(
        select(label.c.id, label.c.name, label.c.fetched_at).where(
            label.c.team_id == team_id, label.c.kind == kind
        )
    )
    return {row[0]: LabelRow(row[1], row[2]) for row in rows}


def remember_labels(
    tx: Tx, team_id: str, kind: str, names: Mapping[str, str], *, now: datetime
) -> None:
    """Store or refresh names by id."""
    for identifier, name in sorted(names.items()):
        key = {"team_id": team_id, "kind": kind, "id": identifier}
        if not insert_new(tx, "label", {**key, "name": name, "fetched_at": now}):
            tx.execute(
                update(label)
                .where(*(label.c[column] == value for column, value in key.items()))
                .values(name=name, fetched_at=now)
            )
