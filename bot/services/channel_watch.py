"""How Slack says an incident's channel is: whether mayday can work in it, and whether it is private.

A bot may be removed from its channel, and the channel archived, deleted or made private. Events, refusals
and readings only make mayday look: what Slack answers then decides. A public channel is joined again. That a
channel is private is recorded once and for ever. Where Slack shows no channel, nobody knows whether it is
private, and nothing is published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.events import ChannelChange, ChannelEvent
from bot.domain.incident import ARCHIVED, CLOSED, GONE, LEFT, Incident, Policy
from bot.domain.leading import in_charge
from bot.domain.resources import PUBLISHED_KINDS, ResourceKind
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, Durable
from bot.services import joins, publish, sync
from bot.services.channel_guard import Look
from bot.store import incidents as rows
from bot.store import readings
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

CONVERTED = "channel_convert_to_private"
"""The subtype of the message that says so."""

NOT_FOUND = "channel_not_found"

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What Slack says. ``is_private`` is None where it shows no channel."""

    state: str
    name: str = ""
    is_private: bool | None = None
    has_rejoined: bool = False


class ChannelWatch:
    """Looks at channels and records what has changed."""

    def __init__(
        self, store: Store, chat: Chat, durable: Durable, now: Clock, policy: Policy
    ) -> None:
        self._store = store
        self._chat = chat
        self._durable = durable
        self._now = now
        self._policy = policy

    def look(self, incident_id: str) -> Look:
        """Ask Slack about the channel, join it again where that is needed, and record what changed.

        Raises:
            RetryLater: Slack did not say. Whatever waits for its answer was not done.
            UserError: Slack refuses to say.
        """
        with self._store.read() as tx:
            incident = rows.get(tx, incident_id)
        if incident.channel_id is None:
            return Look(incident=incident, is_public=not incident.private)
        try:
            seen = self._seen(incident, incident.channel_id)
        except RetryLater as exc:
            raise RetryLater(str(exc), after=exc.after, maybe_done=False) from exc
        if _is_news(incident, seen) or incident.channel_checked_at is None:
            with self._store.write() as tx:
                row = rows.get(tx, incident_id, lock=True)
                if row.channel_checked_at not in (None, incident.channel_checked_at):
                    seen = replace(seen, has_rejoined=False)  # another look recorded it meanwhile
                incident = self._record(tx, row, seen)
        known = seen.is_private is not None or incident.channel_state == GONE
        return Look(incident=incident, is_public=known and not incident.private)

    def _seen(self, incident: Incident, channel_id: str) -> _Seen:
        try:
            channel = self._chat.channel(channel_id)
        except UserError as exc:
            if exc.code != NOT_FOUND:
                raise
            return _Seen(state=GONE if incident.channel_state == GONE else LEFT)
        state, has_rejoined = "", False
        if channel.is_archived:
            state = ARCHIVED
        elif not channel.is_member:
            has_rejoined = incident.status != CLOSED and self._join(channel_id)
            state = "" if has_rejoined else LEFT
        return _Seen(
            state=state,
            name=channel.name,
            is_private=channel.is_private,
            has_rejoined=has_rejoined,
        )

    def _join(self, channel_id: str) -> bool:
        try:
            self._chat.join(channel_id)
        except UserError as exc:
            log.warning("channel.not_joined", channel=channel_id, error=str(exc))
            return False
        return True

    def take(self, tx: Tx, incident_id: str, event: ChannelEvent) -> None:
        """Record an event about an incident's channel; what it leaves open is looked at soon."""
        incident = rows.get(tx, incident_id, lock=True)
        if event.user and event.user != self._chat.identity().user_id:
            joins.take(tx, self._durable, incident_id, event, now=self._now())
            return
        if event.change is ChannelChange.DELETED:
            self._record(tx, incident, _Seen(state=GONE, is_private=event.is_private))
        elif event.change is ChannelChange.RENAMED:
            _rename(tx, incident, event.name)
        elif event.user and not incident.channel_state:
            # It joined the channel that it created, or one that it had left unnoticed.
            readings.ask_whole_of(tx, incident_id, self._store.now(tx))
        else:
            rows.change_channel(tx, incident_id, channel_checked_at=None)
            sync.enqueue(self._durable, tx, incident_id, f"channel/{self._now().isoformat()}")

    def latch(self, tx: Tx, incident_id: str) -> None:
        """Record that the channel is private, once."""
        incident = rows.get(tx, incident_id, lock=True)
        if not incident.private:
            self._latch(tx, incident, self._now())

    def latch_all(self, private_channels: frozenset[str]) -> None:
        """Record which incidents' channels are among these private ones."""
        with self._store.read() as tx:
            found = rows.public_in(tx, private_channels)
        for incident_id in found:
            with self._store.write() as tx:
                self.latch(tx, incident_id)

    def _record(self, tx: Tx, incident: Incident, seen: _Seen) -> Incident:
        now = self._now()
        if incident.channel_state == GONE and seen.is_private is None:
            seen = replace(
                seen, state=GONE
            )  # what Slack does not show is the channel that it deleted
        if seen.is_private and not incident.private:
            self._latch(tx, incident, now)
        if seen.name:
            _rename(tx, incident, seen.name)
        was = LEFT if seen.has_rejoined else incident.channel_state
        if seen.state != was:
            timeline_rows.add_entry(
                tx,
                incident_id=incident.id,
                at=now,
                now=now,
                kind=EntryKind.CHANNEL,
                author="",
                data={"from": was, "to": seen.state},
                source=f"channel/{now.isoformat()}/{seen.state}",
            )
            if not seen.state:  # what was missed
                readings.ask_whole_of(tx, incident.id, self._store.now(tx))
            sync.enqueue(self._durable, tx, incident.id, f"channel/{now.isoformat()}/{seen.state}")
            log.warning("channel.changed", incident=incident.id, was=was, now=seen.state)
        rows.change_channel(tx, incident.id, channel_state=seen.state, channel_checked_at=now)
        return rows.get(tx, incident.id)

    def _latch(self, tx: Tx, incident: Incident, now: datetime) -> None:
        """Record that the channel is private, and what was published before."""
        published = [
            row
            for row in resource_rows.of_incident(tx, incident.id).values()
            if row.kind in PUBLISHED_KINDS
        ]
        issues = (ResourceKind.REPORT_ISSUE, ResourceKind.ITEM_ISSUE, ResourceKind.REPORT_PULL)
        urls = [str(row.ref["url"]) for row in published if row.kind in issues and row.ref]
        rows.change_channel(tx, incident.id, private=True)
        timeline_rows.add_entry(
            tx,
            incident_id=incident.id,
            at=now,
            now=now,
            kind=EntryKind.PRIVATE,
            author="",
            data={
                "issues": urls,
                "person": in_charge(incident, self._policy),
            },
            source="channel/private",
        )
        sync.enqueue(self._durable, tx, incident.id, "channel/private")
        if published:
            publish.enqueue(self._durable, tx, incident.id, "channel/private")
        log.warning("channel.private", incident=incident.id)


def _is_news(incident: Incident, seen: _Seen) -> bool:
    return (
        seen.has_rejoined
        or seen.state != incident.channel_state
        or bool(seen.is_private and not incident.private)
        or seen.name not in ("", incident.channel_name)
    )


def _rename(tx: Tx, incident: Incident, name: str) -> None:
    """Record the channel's present name, unless another incident has reserved it."""
    if name != incident.channel_name and rows.by_name(tx, incident.team_id, name) is None:
        rows.change_channel(tx, incident.id, channel_name=name)
