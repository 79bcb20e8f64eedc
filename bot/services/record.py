"""The record of incident channels: each message once, its edits and deletions as revisions, its tags.

Everything may arrive twice, late or out of order, from an event or from backfill, with the same result: a
message has the text of its newest edit, a deletion is final, and the entries made from messages are derived
from the tags that remain. ``record_events`` orders the events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.domain.access import Act
from bot.domain.audit import AuditOutcome
from bot.domain.events import (
    ChannelEvent,
    DeletedEvent,
    Event,
    HomeEvent,
    IgnoredEvent,
    MessageEvent,
    ReactionEvent,
    in_team,
    is_later_edit,
    is_older,
    is_reworded,
    linked,
)
from bot.domain.report_parts import TIMELINE
from bot.domain.state_change import StateChange
from bot.domain.timeline import (
    Heading,
    Message,
    Tag,
)
from bot.ports import Clock
from bot.services.authorize import seen_line
from bot.services.channel_watch import CONVERTED, ChannelWatch
from bot.services.confirm import Confirm
from bot.services.entries import Edited, not_followed
from bot.services.entry_edits import EntryEdits
from bot.services.record_events import (
    apply_deletion,
    apply_message,
    apply_reaction,
    apply_tag,
    reaction_origin,
)
from bot.services.settings import Settings
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store, Tx
from bot.store.erasure import erase, erase_deleted

SHORTCUT = "shortcut"
"""The name of the tag that the message shortcut makes."""


class Record(EntryEdits):
    """Records what happens in incident channels. Other channels are ignored.

    What events say of the channels themselves goes to ``watch``.
    """

    def __init__(
        self,
        store: Store,
        now: Clock,
        settings: Settings,
        *,
        team_url: Callable[[], str],
        watch: ChannelWatch | None = None,
        edited: Edited = not_followed,
        confirm: Confirm | None = None,
    ) -> None:
        super().__init__(store, now, edited=edited)
        self._confirm = confirm
        self._watch = watch
        self._team_url = team_url
        self._settings = settings

    def take(self, event: Event, *, once: Callable[[Tx], bool]) -> None:
        """Record an event in one transaction, unless ``once`` finds there that it was recorded before.

        An event of another channel, or of a reaction without a meaning, is not even marked as processed:
        recording nothing twice does no harm, and one read is all that it costs.
        """
        heading = self._settings.heading(event.name) if isinstance(event, ReactionEvent) else None
        if isinstance(event, IgnoredEvent | HomeEvent) or (
            isinstance(event, ReactionEvent) and not heading
        ):
            return
        team_url = self._team_url()
        with self._store.write() as tx:
            found = incident_rows.of_channel(tx, event.channel[1])
            if found is None or not once(tx):
                return
            incident_id, team_id = found
            match in_team(event, team_id):
                case MessageEvent() as event:
                    apply_message(tx, event.linked(team_url), now=self._now())
                    if event.is_edit:
                        self._erase(tx, event.message.key)
                        self._follow(tx, incident_id, event.message, event.event_ts)
                    if event.message.subtype == CONVERTED and self._watch:
                        self._watch.latch(tx, incident_id)
                case DeletedEvent() as event:
                    apply_deletion(tx, event.linked(team_url), now=self._now())
                    key = ":".join((*event.channel, event.ts))
                    self._erase(tx, key)
                    self._follow(tx, incident_id, rows.message_by_key(tx, key), event.event_ts)
                case ReactionEvent() as event if heading:
                    line = seen_line(
                        self._settings.rules,
                        Act.RECORD,
                        incident_id,
                        event.user,
                        reaction_origin(event),
                    )
                    audit.add(tx, line)
                    if line.outcome is AuditOutcome.ALLOWED:
                        apply_reaction(tx, incident_id, event, heading, now=self._now())
                        message = rows.message_by_key(tx, ":".join((*event.channel, event.ts)))
                        self._follow(tx, incident_id, message, event.event_ts, by=event.user)
                        key = f"{event.ts}/{event.user}/{event.name}/{event.event_ts}"
                        self._tagged(tx, incident_id, event.ts, key=key)
                case ChannelEvent() as event if self._watch:
                    self._watch.take(tx, incident_id, event)

    def file_message(
        self, message: Message, *, by: str, seen_ts: str = "", origin: str = ""
    ) -> None:
        """Record a message and file it in the timeline, as the shortcut does.

        ``seen_ts`` is Slack's time at which it was like this.
        """
        team_url = self._team_url()
        with self._store.write() as tx:
            found = incident_rows.of_channel(tx, message.channel_id)
            if found is None:
                return
            incident_id, team_id = found
            message = replace(message, team_id=team_id)
            self._add_or_edit(tx, linked(message, team_url), seen_ts)
            tag = Tag(
                message_key=message.key,
                user=by,
                name=SHORTCUT,
                heading=Heading.TIMELINE,
                seen_at=self._now(),
            )
            apply_tag(
                tx,
                incident_id,
                tag,
                ts=message.ts,
                added=True,
                event_ts="",
                now=self._now(),
                origin=origin,
            )
            self._tagged(tx, incident_id, message.ts, key=f"{message.ts}/{by}/{seen_ts}")
            self._erase(tx, message.key)
            self._follow(tx, incident_id, message, seen_ts or message.ts, by=by)

    def _follow(
        self, tx: Tx, incident_id: str, message: Message | None, event_ts: str, *, by: str = ""
    ) -> None:
        """Have a closed incident's report follow a message that is filed in it, and that wait for a review.

        What people say in a chat, they didn't write for the report.
        """
        if message is None or not rows.has_source(tx, incident_id, f"message/{message.key}"):
            return
        incident = incident_rows.get(tx, incident_id)
        if incident.closed_at is not None:
            change = StateChange(
                incident_id=incident_id,
                by=by or message.author,
                idempotency_key=f"message/{message.ts}/{by}/{event_ts}",
            )
            self._edited(tx, change, incident, TIMELINE)

    def _tagged(self, tx: Tx, incident_id: str, ts: str, *, key: str) -> None:
        if self._confirm:
            self._confirm.changed(tx, incident_id, [ts], key=key)

    def erase_deleted(self) -> None:
        """Erase what deleted messages said, if that isn't kept: also those that earlier versions kept."""
        if not self._settings.keep_deleted:
            with self._store.write() as tx:
                erase_deleted(tx)

    def _erase(self, tx: Tx, key: str) -> None:
        """Erase what a message said, if it is deleted and that isn't kept."""
        if not self._settings.keep_deleted:
            erase(tx, [key])

    def _add_or_edit(self, tx: Tx, message: Message, seen_ts: str) -> None:
        """Record a message as Slack showed it, or the edit that it had since it was recorded."""
        if rows.add_message(tx, message):
            return
        known = rows.lock_message(tx, message.key)
        if known is None or known.message == message:
            return
        was = known.message
        is_edited = is_later_edit(message, was)
        if not is_edited and (
            is_later_edit(was, message) or not seen_ts or is_older(seen_ts, known.event_ts)
        ):
            return
        merged = replace(message, deleted_at=was.deleted_at, subtype=was.subtype or message.subtype)
        if is_edited or is_reworded(message, was):
            name = merged.edited_ts if is_edited else seen_ts
            rows.add_revision(tx, was, "edited", name, seen_at=self._now())
        rows.change_message(tx, merged, event_ts=known.event_ts)
