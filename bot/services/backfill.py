"""Reading the history of incident channels, for events that mayday missed.

Slack does not replay what it could not deliver. ``conversations.history`` returns parents only, an edit in a
thread changes neither its count nor its latest reply, and a deletion shows as absence. So there are two
kinds of readings:

- A *whole* reading reads all pages and all threads. It follows a gap (a start, a reconnection, lost events),
  and it precedes the report.
- Otherwise only the newest page is read, with the threads on it whose replies are others than before. It
  doesn't show an edit of, a reaction to or a reply under an older message, nor any deletion, whose event was
  lost without a gap that mayday noticed. The whole reading before the report does.

Each incident has a row in ``reading``. A process claims the rows that are due and reads each channel in its
own thread, so that a reading that waits for a rate limit delays no other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog

from bot.domain.incident import Incident
from bot.domain.limits import Limits
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, HistoryMessage
from bot.services.channel_guard import AWAY, LookAt
from bot.services.confirm import Confirm
from bot.services.pages import CONFIRM, Found, Pages, Shown
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import pages as page_rows
from bot.store import readings as rows
from bot.store.engine import DatabaseError, Store
from bot.store.readings import Reading

EVERY = timedelta(minutes=5)
"""The time from one reading of a channel to the next."""

RETRY = timedelta(minutes=1)
"""The least time from a reading that failed to the next."""

STILL_TALKING = timedelta(days=2)
"""How long after it is resolved an incident's channel is still read regularly."""

SLOTS = 4
"""How many channels a process reads at once. Slack allows about 50 pages a minute in all."""

BATCH = 200
"""How many messages are stored in one transaction. Replies of several threads are collected until then."""

HELD = timedelta(seconds=5)
"""How long replies are collected at most before they are stored."""

log = structlog.get_logger()


class ClaimLostError(Exception):
    """Another reading of this channel began, here or in another process, or mayday is stopping."""


@dataclass(kw_only=True, eq=False)
class _Work:
    """A reading, and what it has seen so far. ``waiting`` is not stored yet."""

    row: Reading
    is_for_report: bool = False
    found: Found = field(default_factory=Found)
    shown: set[str] = field(default_factory=set)
    waiting: list[Shown] = field(default_factory=list)
    newest: Decimal = Decimal(0)
    threads: dict[str, Any] = field(default_factory=dict)


class Backfill:
    """Reads the history of channels. ``owner`` is the id of this process.

    ``look`` looks at a channel before each reading.
    """

    def __init__(
        self,
        store: Store,
        chat: Chat,
        now: Clock,
        settings: Settings,
        *,
        owner: str,
        limits: Limits | None = None,
        look: LookAt | None = None,
        confirm: Confirm | None = None,
    ) -> None:
        self._store = store
        self._chat = chat
        self._now = now
        self._owner = owner
        self._look = look
        self._claim = timedelta(seconds=(limits or Limits()).lease)
        self._pages = Pages(
            store, now, settings, team_url=lambda: chat.identity().url, confirm=confirm
        )
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix="backfill")
        self._guard = threading.Lock()
        self._running: dict[str, _Work] = {}
        self._futures: list[Future[None]] = []
        self._is_asked = False
        self._is_stopping = False

    def ask_whole(self) -> None:
        """Request a whole reading of every unclosed incident's channel, after events may have been lost.

        If the database is away, the next tick repeats the request.
        """
        self._is_asked = True
        try:
            self._ask()
        except DatabaseError as exc:
            log.warning("backfill.not_asked", error=type(exc).__name__)

    def _ask(self) -> None:
        if self._is_asked:
            with self._store.write() as tx:
                rows.ask_whole(tx, self._store.now(tx), quiet_since=self._quiet_since())
            self._is_asked = False

    def tick(self) -> None:
        """Claim the readings that are due and begin them; return without waiting for them."""
        self._ask()
        with self._guard:
            self._futures = [one for one in self._futures if not one.done()]
            if self._is_stopping:
                return
            for row in self._claimed(SLOTS - len(self._futures)):
                work = self._running[row.incident_id] = _Work(row=row)
                self._futures.append(self._pool.submit(self._run, work))

    def _claimed(self, limit: int) -> list[Reading]:
        with self._store.read() as tx:
            quiet_since = self._quiet_since()
            is_due = limit > 0 and rows.needs_work(tx, self._store.now(tx), quiet_since=quiet_since)
        if not (is_due or self._running):
            return []
        with self._store.write() as tx:
            now = self._store.now(tx)
            until = now + self._claim
            rows.renew(tx, list(self._running), owner=self._owner, until=until)
            if not is_due:
                return []
            rows.align(tx, now, quiet_since=quiet_since)
            return rows.claim(tx, now, owner=self._owner, until=until, limit=limit)

    def gather(self, incident_id: str) -> None:
        """Read one incident's whole channel before its report is written, as far as Slack answers.

        It takes the claim from a reading that began before.
        """
        with self._store.read() as tx:
            if incident_rows.get(tx, incident_id).channel_id is None:
                return
        with self._guard, self._store.write() as tx:
            now = self._store.now(tx)
            row = rows.take(tx, incident_id, now, owner=self._owner, until=now + self._claim)
            work = self._running[incident_id] = _Work(row=row, is_for_report=True)
        self._run(work)

    def close(self) -> None:
        """Stop the readings and wait for their ends. Their channels are due again at once."""
        with self._guard:
            self._is_stopping = True
        self._pool.shutdown(wait=True)

    def _run(self, work: _Work) -> None:
        """Read one channel; log what was found, or why it could not be read."""
        incident_id = work.row.incident_id
        try:
            if self._is_away(incident_id):
                self._release(work, EVERY)
                return
            found = self._read(work)
        except ClaimLostError:
            log.info("backfill.left", incident=incident_id)
            self._release(work, timedelta())
        except (UserError, RetryLater) as exc:
            log.warning("backfill.failed", incident=incident_id, error=str(exc))
            after = timedelta(seconds=exc.after) if isinstance(exc, RetryLater) else EVERY
            if getattr(exc, "code", "") in AWAY:
                after = RETRY  # the channel is looked at before that reading
            self._release(work, timedelta() if self._is_stopping else max(after, RETRY))
        except Exception:
            log.exception("backfill.failed", incident=incident_id)
            self._release(work, RETRY)
            raise
        else:
            if found != Found():
                log.info("backfill.found", incident=incident_id, **asdict(found))
        finally:
            with self._guard:
                if self._is_current(work):
                    del self._running[incident_id]

    def _is_away(self, incident_id: str) -> bool:
        """Whether mayday can't work in the channel, as Slack says before each reading."""
        return self._look is not None and bool(self._look(incident_id).incident.channel_state)

    def _release(self, work: _Work, after: timedelta) -> None:
        """End the claim of a reading that is not complete, and make it due again."""
        incident_id = work.row.incident_id
        try:
            with self._store.write() as tx:
                rows.held(tx, incident_id, owner=self._owner, lock=True)
                if not self._is_current(work):
                    return
                due_at = self._store.now(tx) + after
                rows.release(tx, incident_id, owner=self._owner, due_at=due_at)
        except DatabaseError as exc:
            log.warning("backfill.not_released", incident=incident_id, error=type(exc).__name__)

    def _read(self, work: _Work) -> Found:
        row, stored = work.row, []
        with self._store.read() as tx:
            incident = incident_rows.get(tx, row.incident_id)
            if row.is_whole:
                stored = page_rows.present(tx, incident.team_id, incident.channel_id or "")
        began = self._held(work)
        if not row.is_whole:
            work.newest = Decimal(row.newest or 0)
            work.threads = dict(row.threads)
        for parent in self._parents(work, incident, answered={thread for _, thread in stored}):
            ts = parent.message.ts
            replies = self._chat.replies(parent.message.channel_id, ts)
            for asked_at, page in self._asked(work, replies):
                self._see(work, incident, asked_at, page)
            work.threads[ts] = _replies(parent)
        self._store_waiting(work, incident)
        return work.found + self._conclude(work, began, stored)

    def _parents(
        self, work: _Work, incident: Incident, *, answered: set[str]
    ) -> list[HistoryMessage]:
        """Read the channel, and return the messages whose threads are to be read."""
        is_whole, before = work.row.is_whole, work.newest
        found: list[HistoryMessage] = []
        pages = self._chat.history(incident.channel_id or "", oldest="0")
        for asked_at, page in self._asked(work, pages):
            self._see(work, incident, asked_at, page)
            self._store_waiting(work, incident)
            for seen in page:
                ts = seen.message.ts
                work.newest = max(work.newest, Decimal(ts))
                if is_whole:
                    is_moved = seen.reply_count > 0 or ts in answered
                else:
                    is_moved = _replies(seen) != work.threads.get(ts, _NO_REPLIES)
                if is_moved:
                    found.append(seen)
            if not is_whole and any(Decimal(seen.message.ts) <= before for seen in page):
                break
        return found

    def _see(
        self, work: _Work, incident: Incident, asked_at: datetime, page: Iterable[HistoryMessage]
    ) -> None:
        """Have a page stored, under the team of the incident as everything that events say."""
        for seen in page:
            message = replace(seen.message, team_id=incident.team_id)
            work.waiting.append(Shown(asked_at=asked_at, seen=replace(seen, message=message)))
        if len(work.waiting) >= BATCH or (
            work.waiting and asked_at - work.waiting[0].asked_at > HELD
        ):
            self._store_waiting(work, incident)

    def _store_waiting(self, work: _Work, incident: Incident) -> None:
        waiting, work.waiting = work.waiting, []
        if waiting:
            work.shown.update(one.seen.message.key for one in waiting)
            work.found += self._pages.apply(incident, waiting)

    def _asked(
        self, work: _Work, pages: Iterator[Sequence[HistoryMessage]]
    ) -> Iterator[tuple[datetime, Sequence[HistoryMessage]]]:
        """Yield each page with the time before its request."""
        while True:
            asked_at = self._held(work)
            page = next(pages, None)
            if page is None:
                return
            yield asked_at, page

    def _held(self, work: _Work) -> datetime:
        """Return the database's time, if this reading still holds its claim.

        Raises:
            ClaimLostError: it does not.
        """
        self._check(work)
        with self._store.read() as tx:
            if rows.held(tx, work.row.incident_id, owner=self._owner) is None:
                raise ClaimLostError
            return self._store.now(tx)

    def _check(self, work: _Work) -> None:
        if not self._is_current(work) or (self._is_stopping and not work.is_for_report):
            raise ClaimLostError

    def _is_current(self, work: _Work) -> bool:
        return self._running.get(work.row.incident_id) is work

    def _conclude(self, work: _Work, began: datetime, stored: Sequence[tuple[str, str]]) -> Found:
        """Record what a complete reading proves, and when the next one is due."""
        row, deleted, is_unsure = work.row, 0, False
        with self._store.write() as tx:
            current = rows.held(tx, row.incident_id, owner=self._owner, lock=True)
            if current is None:
                raise ClaimLostError
            self._check(work)  # with the lock, or gather could take the claim in between
            if row.is_whole:
                deleted, is_unsure = self._pages.absent(tx, stored, shown=work.shown, began=began)
            is_unsure = is_unsure or work.found.unsure > 0
            is_asked_again = current.asked != row.asked
            wait = timedelta() if is_asked_again else CONFIRM if is_unsure else EVERY
            rows.release(
                tx,
                row.incident_id,
                owner=self._owner,
                is_whole=is_asked_again or is_unsure,
                due_at=self._store.now(tx) + wait,
                newest=str(work.newest),
                threads=work.threads,
            )
        return Found(deleted=deleted)

    def _quiet_since(self) -> datetime:
        return self._now() - STILL_TALKING


_NO_REPLIES: list[Any] = ["", 0]


def _replies(parent: HistoryMessage) -> list[Any]:
    return [parent.latest_reply, parent.reply_count]
