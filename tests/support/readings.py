"""Processes that read channels, and the passing of the time that they go by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from bot.domain.timeline import Message
from bot.ports import HistoryMessage
from bot.services.backfill import Backfill
from bot.services.pages import Pages, Shown
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store
from bot.store.tables import message, reading, tag
from tests.support.history import SETTINGS, TEAM, History
from tests.support.waiting import wait_until

MOMENTS = (message.c.changed_at, message.c.absent_at, tag.c.changed_at, reading.c.due_at)
"""What readings compare with the database's clock, which no test can set."""


def pass_time(store: Store, *, minutes: float = 2) -> None:
    """Make these moments older."""
    with store.write() as tx:
        for column in MOMENTS:
            known = tx.execute(select(column).where(column.is_not(None)).distinct()).scalars()
            for moment in sorted(known.all()):
                older = {column.name: moment - timedelta(minutes=minutes)}
                tx.execute(update(column.table).where(column == moment).values(older))


def read_all(backfill: Backfill, store: Store) -> None:
    """Read the whole channels of all unclosed incidents, one after the other."""
    with store.read() as tx:
        unclosed = incident_rows.unclosed(tx)
    for incident in unclosed:
        backfill.gather(incident.id)


def read_twice(backfill: Backfill, store: Store) -> None:
    """Read all channels twice, with the time between that proves a deletion."""
    for _ in range(2):
        pass_time(store)
        read_all(backfill, store)


def show(
    settings: Settings,
    store: Store,
    seen: Message,
    *,
    reactions: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Apply a page that shows this message and that was asked for after everything that is stored."""
    pages = Pages(store, lambda: datetime.now(UTC), settings, team_url=lambda: "https://x/")
    with store.read() as tx:
        incident = incident_rows.by_channel(tx, seen.channel_id)
        asked_at = store.now(tx) + timedelta(seconds=1)
    assert incident is not None
    shown = HistoryMessage(message=seen, reactions=reactions or {})
    pages.apply(incident, [Shown(asked_at=asked_at, seen=shown)])


class Reader:
    """A process that reads: a store of its own and a Backfill."""

    def __init__(self, url: str, history: History, *, owner: str) -> None:
        self.store = Store(url)
        self.store.migrate()
        self.backfill = Backfill(
            self.store, history.chat, lambda: datetime.now(UTC), SETTINGS, owner=owner
        )

    def read_due(self) -> None:
        """Read what is due and wait for the end."""
        self.backfill.tick()
        wait_until(lambda: not self.backfill._running, "the readings ended")

    def close(self) -> None:
        self.backfill.close()
        self.store.close()

    def messages(self, channel: str) -> set[str]:
        with self.store.read() as tx:
            return {m.ts for m in rows.messages(tx, TEAM, channel)}

    def row(self, incident_id: str) -> dict[str, object] | None:
        with self.store.read() as tx:
            found = tx.execute(select(reading).where(reading.c.incident_id == incident_id))
            row = found.mappings().first()
        return dict(row) if row else None
