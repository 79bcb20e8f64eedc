"""Reading the history of incident channels, for events that mayday missed.

Slack does not replay what it could not deliver, ``conversations.history`` returns parents only, and a
deletion shows as absence. So the whole channel of an unclosed incident is read again, with every thread
(an edit inside a thread changes neither its count nor its latest reply), and a stored message that a
complete reading no longer returns is recorded as deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.incident import Incident
from bot.domain.timeline import Message, ts_moment
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, HistoryMessage
from bot.services.record import Record
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store

SETTLE = timedelta(seconds=10)
"""A message younger than this may be in the database before history returns it."""

STILL_TALKING = timedelta(days=2)
"""How long after it is resolved an incident's channel is still read regularly."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many new and deleted messages one reading found."""

    new: int = 0
    deleted: int = 0


class Backfill:
    """Reads the history of channels."""

    def __init__(self, store: Store, chat: Chat, record: Record, now: Clock) -> None:
        self._store = store
        self._chat = chat
        self._record = record
        self._now = now

    def all(self) -> None:
        """Read the channels of open and lately resolved incidents.

        A channel that cannot be read is logged and skipped. That of an incident resolved longer ago is
        read once more when the incident is closed.
        """
        with self._store.read() as tx:
            unclosed = incident_rows.unclosed(tx)
        for incident in unclosed:
            quiet_since = incident.resolved_at
            if quiet_since is not None and self._now() - quiet_since > STILL_TALKING:
                continue
            if incident.channel_id is None:
                continue
            try:
                found = self.channel(incident)
            except (UserError, RetryLater) as exc:
                log.warning("backfill.failed", incident=incident.id, error=str(exc))
                continue
            if found.new or found.deleted:
                log.info(
                    "backfill.found", incident=incident.id, new=found.new, deleted=found.deleted
                )

    def gather(self, incident_id: str) -> None:
        """Read one incident's channel before its report is written, as far as Slack answers."""
        with self._store.read() as tx:
            incident = incident_rows.get(tx, incident_id)
        try:
            self.channel(incident)
        except (UserError, RetryLater) as exc:
            log.warning("backfill.failed", incident=incident.id, error=str(exc))

    def channel(self, incident: Incident) -> Found:
        """Read one channel from its latest message to its first."""
        channel_id = incident.channel_id
        if channel_id is None:
            return Found()
        began = self._now()
        with self._store.read() as tx:
            stored = rows.messages(tx, incident.team_id, channel_id)
        answered = {m.thread_ts for m in stored if m.deleted_at is None}
        new = 0
        shown: set[str] = set()
        for seen in self._chat.history(channel_id, oldest="0"):
            new += self._store_message(incident, seen, shown)
            if seen.reply_count or seen.message.ts in answered:
                new += self._thread(incident, channel_id, seen, shown)
        return Found(new=new, deleted=self._absent(stored, shown, before=began - SETTLE))

    def _store_message(self, incident: Incident, seen: HistoryMessage, shown: set[str]) -> int:
        shown.add(seen.message.key)
        news = self._record.record_message(seen.message)
        self._record.sync_tags(incident, seen.message, seen.reactions)
        return int(news)

    def _thread(
        self, incident: Incident, channel_id: str, parent: HistoryMessage, shown: set[str]
    ) -> int:
        return sum(
            self._store_message(incident, reply, shown)
            for reply in self._chat.replies(channel_id, parent.message.ts)
        )

    def _absent(self, stored: list[Message], shown: set[str], *, before: datetime) -> int:
        """Record stored messages that history no longer returns as deleted; return how many.

        Messages older than any returned one are not deleted: many workspaces keep or show messages for a
        limited time only, and the report is often written after that.
        """
        oldest = min((ts_moment(key.rpartition(":")[2]) for key in shown), default=before)
        gone = [
            m
            for m in stored
            if m.deleted_at is None and m.key not in shown and oldest < m.posted_at < before
        ]
        return sum(self._record.deleted(m.team_id, m.channel_id, m.ts) for m in gone)
