"""Finding what was said, edited, answered or deleted while mayday was not listening.

Slack does not replay what it could not deliver, ``conversations.history`` shows parents only, and a
deletion shows as absence. So the whole channel of an unclosed incident is read again, every thread
with it (an edit inside a thread moves no count and no latest reply), and what is stored but no longer
shown by a complete reading is recorded as deleted.
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
"""A message younger than this may be in the database before history shows it."""

STILL_TALKING = timedelta(days=2)
"""How long after resolving a channel is read again by the clock."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one reading brought to light."""

    new: int = 0
    deleted: int = 0


class Backfill:
    """Reads channels again."""

    def __init__(self, store: Store, chat: Chat, record: Record, now: Clock) -> None:
        self._store = store
        self._chat = chat
        self._record = record
        self._now = now

    def all(self) -> None:
        """Read the channels in which something may still be said about an outage.

        One that cannot be read stops no other. An incident that was resolved days ago and waits to be
        closed is read once more when it is.
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
        """Make the record of one incident complete for its report, as far as Slack answers now."""
        with self._store.read() as tx:
            incident = incident_rows.get(tx, incident_id)
        try:
            self.channel(incident)
        except (UserError, RetryLater) as exc:
            log.warning("backfill.failed", incident=incident.id, error=str(exc))

    def channel(self, incident: Incident) -> Found:
        """Read one channel to its beginning."""
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
            new += self._keep(incident, seen, shown)
            if seen.reply_count or seen.message.ts in answered:
                new += self._thread(incident, channel_id, seen, shown)
        return Found(new=new, deleted=self._absent(stored, shown, before=began - SETTLE))

    def _keep(self, incident: Incident, seen: HistoryMessage, shown: set[str]) -> int:
        shown.add(seen.message.key)
        news = self._record.record_message(seen.message)
        self._record.sync_tags(incident, seen.message, seen.reactions)
        return int(news)

    def _thread(
        self, incident: Incident, channel_id: str, parent: HistoryMessage, shown: set[str]
    ) -> int:
        return sum(
            self._keep(incident, reply, shown)
            for reply in self._chat.replies(channel_id, parent.message.ts)
        )

    def _absent(self, stored: list[Message], shown: set[str], *, before: datetime) -> int:
        """Deletions: what is missing among what is shown. What is older than anything shown was not
        deleted by anybody; the workspace keeps or shows messages for so long only, and the report is
        often written after that."""
        oldest = min((ts_moment(key.rpartition(":")[2]) for key in shown), default=before)
        gone = [
            m
            for m in stored
            if m.deleted_at is None and m.key not in shown and oldest < m.posted_at < before
        ]
        return sum(self._record.deleted(m.team_id, m.channel_id, m.ts) for m in gone)
