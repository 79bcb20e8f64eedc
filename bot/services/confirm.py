"""Requests mayday's reaction to a message whose tags change; see :mod:`bot.services.filed`."""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.resources import ResourceKind
from bot.ports import Clock, Durable
from bot.services import sync
from bot.services.filed import SIGN
from bot.services.settings import Settings
from bot.store import resources as rows
from bot.store.engine import Tx


class Confirm:
    """Has the reaction follow the tags of messages. A team that files messages with this emoji has none."""

    def __init__(self, durable: Durable, now: Clock, settings: Settings) -> None:
        self._durable = durable
        self._now = now
        self._is_on = settings.heading(SIGN) is None

    def changed(self, tx: Tx, incident_id: str, messages: Collection[str], *, key: str) -> None:
        """The tags of messages, named by their ts, change in this transaction; ``key`` is unique to it."""
        if not messages or not self._is_on:
            return
        for ts in sorted(messages):
            rows.add(tx, incident_id, ResourceKind.FILED, ts, spec={}, now=self._now())
        sync.enqueue(self._durable, tx, incident_id, f"filed/{key}")
