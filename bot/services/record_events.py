"""Applies an event to the rows of its message, in the order of the events whatever order they arrive in.

Each row keeps the ``event_ts`` of the last event about it, and an older event changes nothing. The row is
locked, or its unique key decides, so two transactions at once end the same as one after the other. Rows
that only history or an older version wrote have no ``event_ts``, and the first event decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.events import (
    DeletedEvent,
    MessageEvent,
    ReactionEvent,
    is_later_edit,
    is_older,
    is_reworded,
)
from bot.domain.timeline import EntryChange, EntryKind, Heading, Message, Tag, ts_moment
from bot.store import audit, entry_revisions
from bot.store import timeline as rows
from bot.store.engine import Tx

BEFORE = "-"
"""After the ``event_ts`` of an event, names the edit before the one that the event is about."""


def apply_message(tx: Tx, event: MessageEvent, *, now: datetime) -> None:
    """Record a posted or edited message.

    A posting that comes late changes nothing: whatever is known of the message is newer. An edit that
    overtook it also records what it replaced.
    """
    message, before = event.message, event.before
    if not event.is_edit:
        rows.add_message(tx, message, event_ts=event.event_ts)
        return
    known = rows.lock_message(tx, message.key)
    if known is None:
        if rows.add_message(tx, message, event_ts=event.event_ts):
            if before is not None and is_reworded(message, before):
                rows.add_revision(
                    tx, before, "edited", _edit_name(message, before, event.event_ts), seen_at=now
                )
            return
        known = rows.lock_message(tx, message.key)
    if known is None or is_older(event.event_ts, known.event_ts):
        return
    was = known.message
    if before is not None and _is_missed(before, known):
        was = _edit(tx, was, before, f"{event.event_ts}{BEFORE}", now=now)
    if is_later_edit(was, message) and (message.edited_ts or not known.event_ts):
        return  # history showed a later edit
    _edit(tx, was, message, event.event_ts, now=now)


def apply_deletion(tx: Tx, event: DeletedEvent, *, now: datetime) -> None:
    """Record that a message was deleted, which is final, also where its posting has yet to come."""
    before = event.before
    key = ":".join((*event.channel, event.ts))
    known = rows.lock_message(tx, key)
    if known is None:
        gone = replace(before or _unseen(event), deleted_at=now)
        if rows.add_message(tx, gone, event_ts=event.event_ts):
            if before is not None:
                rows.add_revision(tx, before, "deleted", before.edited_ts, seen_at=now)
            return
        known = rows.lock_message(tx, key)
    if known is None:
        return
    was = known.message
    if was.deleted_at is not None:  # until now perhaps only because history did not show it
        rows.change_message(tx, was, event_ts=event.event_ts)
        return
    if before is not None and _is_missed(before, known):
        was = _edit(tx, was, before, f"{event.event_ts}{BEFORE}", now=now)
    rows.add_revision(tx, was, "deleted", was.edited_ts, seen_at=now)
    rows.change_message(tx, replace(was, deleted_at=now), event_ts=event.event_ts)


def apply_reaction(
    tx: Tx, incident_id: str, event: ReactionEvent, heading: Heading, *, now: datetime
) -> None:
    """Record a reaction that files its message under a heading."""
    tag = Tag(
        message_key=":".join((*event.channel, event.ts)),
        user=event.user,
        name=event.name,
        heading=heading,
        seen_at=now,
    )
    apply_tag(
        tx,
        incident_id,
        tag,
        ts=event.ts,
        added=event.added,
        event_ts=event.event_ts,
        now=now,
        origin=reaction_origin(event),
    )


def reaction_origin(event: ReactionEvent) -> str:
    """Where a reaction comes from, for the audit log."""
    return f"reaction in {event.channel[1]}"


def apply_tag(
    tx: Tx,
    incident_id: str,
    tag: Tag,
    *,
    ts: str,
    added: bool,
    event_ts: str,
    now: datetime,
    origin: str,
) -> None:
    """Record that a tag was added or removed; a removed one stays as a row that says when.

    A tag that is new makes the message an entry, and brings back one that was taken out.
    """
    is_new = is_changed = rows.add_tag(tx, tag, event_ts=event_ts, removed=not added)
    if not is_new:
        known = rows.lock_tag(tx, tag)
        if is_older(event_ts, known.event_ts):
            return
        rows.change_tag(tx, tag, event_ts=event_ts, removed=not added)
        is_new = known.is_removed
        is_changed = is_new is added
    if is_changed:
        filed = {"name": tag.name, "heading": tag.heading.value}
        line = tag_line(incident_id, tag.message_key, tag.user, filed, added=added, origin=origin)
        audit.add(tx, line)
    if added and is_new:
        _file_entry(tx, incident_id, tag, ts=ts, event_ts=event_ts, now=now)


def tag_line(
    incident_id: str,
    message_key: str,
    user: str,
    filed: Mapping[str, str],
    *,
    added: bool,
    origin: str,
) -> AuditLine:
    """The line of the audit log that says that somebody tagged a message, or does so no more.

    ``filed`` has the tag's name and heading.
    """
    return AuditLine(
        actor=user,
        act="message.tag" if added else "message.untag",
        outcome=AuditOutcome.DONE,
        target=f"message/{message_key}",
        incident_id=incident_id,
        origin=origin,
        before={} if added else filed,
        after=filed if added else {},
    )


def _file_entry(
    tx: Tx, incident_id: str, tag: Tag, *, ts: str, event_ts: str, now: datetime
) -> None:
    """Make a message an entry of the timeline, or bring back the entry that was taken out."""
    message_key = tag.message_key
    message = rows.message_by_key(tx, message_key)
    added = rows.add_entry(
        tx,
        incident_id=incident_id,
        at=message.posted_at if message else ts_moment(ts),
        now=now,
        kind=EntryKind.MESSAGE,
        author=message.author if message else "",
        data={},
        source=f"message/{message_key}",
        message_key=message_key,
    )
    if added:
        return
    restored = rows.restore_entry(tx, incident_id, f"message/{message_key}")
    if restored is not None:
        source = f"tag/{tag.user}/{tag.name}/{event_ts or now.isoformat()}"
        entry_revisions.add(tx, restored, EntryChange.RESTORED, by=tag.user, at=now, source=source)


def _is_missed(before: Message, known: rows.KnownMessage) -> bool:
    """Whether what an event replaced shows an edit of which no event arrived."""
    was = known.message
    if is_later_edit(before, was):
        return True
    is_ordered = bool(known.event_ts) and not is_later_edit(was, before)
    return is_ordered and is_reworded(before, was)


def _edit(tx: Tx, was: Message, new: Message, event_ts: str, *, now: datetime) -> Message:
    """Replace a message by what an event says; text that differs is a revision, and so is a later edit."""
    if is_reworded(new, was) or is_later_edit(new, was):
        rows.add_revision(tx, was, "edited", _edit_name(new, was, event_ts), seen_at=now)
    after = replace(new, deleted_at=was.deleted_at, subtype=was.subtype or new.subtype)
    rows.change_message(tx, after, event_ts=event_ts.removesuffix(BEFORE))
    return after


def _edit_name(new: Message, was: Message, event_ts: str) -> str:
    """What names an edit among a message's revisions: Slack may leave ``edited`` as it was."""
    return new.edited_ts if is_later_edit(new, was) else event_ts


def _unseen(event: DeletedEvent) -> Message:
    team_id, channel_id = event.channel
    return Message(
        team_id=team_id,
        channel_id=channel_id,
        ts=event.ts,
        author="",
        text="",
        posted_at=ts_moment(event.ts),
    )
