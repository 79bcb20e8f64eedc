"""Action items of all incidents, the repositories that their issues are read from, and weekly digests.

What one replica has claimed is by the database's clock. Whether something is due is by the domain's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, or_, select, update

from bot.domain.actions import ActionItem, ListedItem
from bot.domain.incident import LEFT
from bot.domain.item_states import ItemState
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.report_tables import followed_repository, item_digest
from bot.store.tables import incident, item


@dataclass(frozen=True, kw_only=True)
class FollowedRepository:
    """A repository whose changed issues are read. ``since`` is GitHub's time of the last change read.

    ``error`` is one sentence for a person.
    """

    name: str
    due_at: datetime
    since: datetime | None = None
    etag: str = ""
    owner: str | None = None
    claimed_until: datetime | None = None
    error: str = ""


_LISTED = select(
    item,
    incident.c.title.label("incident_title"),
    incident.c.team_id,
    incident.c.channel_id,
    incident.c.channel_name,
    incident.c.private,
    incident.c.channel_state,
).join(incident, incident.c.id == item.c.incident_id)


def get(tx: Tx, item_id: str, *, lock: bool = False) -> ActionItem | None:
    """One action item; ``lock`` locks its row until the transaction ends."""
    statement = select(item).where(item.c.id == item_id)
    row = tx.execute(statement.with_for_update() if lock else statement).mappings().first()
    return ActionItem(**row) if row else None


def listed(tx: Tx, *, team_id: str = "", only_open: bool = True) -> list[ListedItem]:
    """The action items of all incidents but drills, those that are due first; of one team if it is given."""
    where: list[ColumnElement[bool]] = [incident.c.drill.is_(False)]
    where += [item.c.state == ItemState.OPEN.value] if only_open else []
    where += [incident.c.team_id == team_id] if team_id else []
    rows = tx.execute(_LISTED.where(*where).order_by(item.c.created_at, item.c.position)).mappings()
    found = [_listed(row) for row in rows]
    return sorted(found, key=lambda each: each.item.due_on or date.max)


def due(tx: Tx, *, day: date, now: datetime) -> list[ListedItem]:
    """The open action items, not of drills, that are due by this day and whose next reminder is due."""
    rows = tx.execute(
        _LISTED.where(
            item.c.state == ItemState.OPEN.value,
            item.c.due_on <= day,
            incident.c.drill.is_(False),
            or_(item.c.nag_at.is_(None), item.c.nag_at <= now),
        ).order_by(item.c.due_on, item.c.id)
    ).mappings()
    return [_listed(row) for row in rows]


def change(tx: Tx, value: ActionItem, names: Iterable[str]) -> None:
    """Write back these columns of an action item."""
    values = {name: getattr(value, name) for name in names}
    tx.execute(update(item).where(item.c.id == value.id).values(**values))


# --- repositories ------------------------------------------------------------------------------


def unread(tx: Tx) -> list[ActionItem]:
    """The action items with an address whose issue has not been read."""
    rows = tx.execute(
        select(item).where(
            item.c.issue_read_at.is_(None), or_(item.c.issue_url != "", item.c.link != "")
        )
    ).mappings()
    return [ActionItem(**row) for row in rows]


def in_repository(tx: Tx, name: str) -> list[ActionItem]:
    """The action items that may be tracked in this repository, by their addresses."""
    path = f"/{name.casefold()}/"
    rows = tx.execute(
        select(item)
        .where(
            or_(
                item.c.issue_url.icontains(path, autoescape=True),
                item.c.link.icontains(path, autoescape=True),
            )
        )
        .order_by(item.c.created_at, item.c.id)
    ).mappings()
    return [ActionItem(**row) for row in rows]


def follow(tx: Tx, name: str, *, since: datetime, due_at: datetime) -> bool:
    """Begin to follow a repository; False if it is followed already."""
    values = FollowedRepository(name=name.casefold(), due_at=due_at, since=since)
    return insert_new(tx, "followed_repository", dict(values.__dict__))


def ask(tx: Tx, name: str, *, due_at: datetime) -> bool:
    """Have a repository read at this moment; False if it is not followed."""
    asked = tx.execute(
        update(followed_repository)
        .where(followed_repository.c.name == name.casefold())
        .values(due_at=due_at)
    )
    return asked.rowcount > 0


def repositories(tx: Tx) -> list[FollowedRepository]:
    """Every followed repository, by name."""
    rows = tx.execute(select(followed_repository).order_by(followed_repository.c.name)).mappings()
    return [FollowedRepository(**row) for row in rows]


def problems(tx: Tx) -> dict[str, str]:
    """What can't be read or changed, by repository."""
    return {each.name: each.error for each in repositories(tx) if each.error}


def claim(
    tx: Tx, owner: str, *, due: datetime, now: datetime, until: datetime
) -> FollowedRepository | None:
    """Claim a repository that is due; None if there is none, or others are at them."""
    free = or_(
        followed_repository.c.claimed_until.is_(None), followed_repository.c.claimed_until <= now
    )
    statement = (
        select(followed_repository)
        .where(followed_repository.c.due_at <= due, free)
        .order_by(followed_repository.c.due_at, followed_repository.c.name)
        .limit(1)
    )
    row = tx.execute(statement.with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    values = {"owner": owner, "claimed_until": until}
    where = followed_repository.c.name == row["name"]
    tx.execute(update(followed_repository).where(where).values(**values))
    return FollowedRepository(**{**row, **values})


def is_asked(tx: Tx, claimed: FollowedRepository) -> bool:
    """Whether a repository was asked for since it was claimed."""
    statement = select(followed_repository.c.due_at).where(
        followed_repository.c.name == claimed.name
    )
    return tx.execute(statement).scalar() != claimed.due_at


def holds(tx: Tx, claimed: FollowedRepository, *, now: datetime) -> bool:
    """Whether a claim still holds; its row is locked until the transaction ends."""
    statement = select(followed_repository.c.name).where(
        followed_repository.c.name == claimed.name,
        followed_repository.c.owner == claimed.owner,
        followed_repository.c.claimed_until == claimed.claimed_until,
        followed_repository.c.claimed_until > now,
    )
    return tx.execute(statement.with_for_update()).first() is not None


def release(tx: Tx, claimed: FollowedRepository, *, due_at: datetime, **values: Any) -> bool:
    """End a claim and have the repository read again at ``due_at``.

    Return False if it was asked for meanwhile: it is then due at once.
    """
    mine = (followed_repository.c.name == claimed.name) & (
        followed_repository.c.claimed_until == claimed.claimed_until
    )
    ended = {"owner": None, "claimed_until": None, **values}
    tx.execute(update(followed_repository).where(mine).values(**ended))
    unasked = (followed_repository.c.name == claimed.name) & (
        followed_repository.c.due_at == claimed.due_at
    )
    postponed = tx.execute(update(followed_repository).where(unasked).values(due_at=due_at))
    return postponed.rowcount > 0


# --- digests -----------------------------------------------------------------------------------


def claim_digest(tx: Tx, week: date, owner: str, *, now: datetime, until: datetime) -> bool:
    """Claim the digest of a week; False if it was posted, or another replica has it."""
    values = {"owner": owner, "claimed_until": until}
    if insert_new(tx, "item_digest", {"week": week.isoformat(), "posted_at": None, **values}):
        return True
    taken = tx.execute(
        update(item_digest)
        .where(
            item_digest.c.week == week.isoformat(),
            item_digest.c.posted_at.is_(None),
            item_digest.c.claimed_until <= now,
        )
        .values(**values)
    )
    return taken.rowcount > 0


def end_digest(tx: Tx, week: date, *, at: datetime) -> None:
    """Record that the digest of a week was posted, or that there was nothing to post."""
    where = item_digest.c.week == week.isoformat()
    tx.execute(update(item_digest).where(where).values(posted_at=at))


def has_digest(tx: Tx, week: date) -> bool:
    """Whether the digest of a week was posted."""
    statement = select(item_digest.c.posted_at).where(item_digest.c.week == week.isoformat())
    return tx.execute(statement).scalar() is not None


def visible(found: Sequence[ListedItem]) -> list[ListedItem]:
    """Those of incidents that are known to be public."""
    return [each for each in found if not (each.is_private or each.is_hidden)]


def _listed(row: RowMapping) -> ListedItem:
    values = {name: row[name] for name in item.c.keys()}  # noqa: SIM118
    return ListedItem(
        item=ActionItem(**values),
        incident_title=row["incident_title"],
        team_id=row["team_id"],
        channel_id=row["channel_id"] or "",
        channel_name=row["channel_name"],
        is_private=row["private"],
        is_hidden=row["channel_state"] == LEFT,
    )
