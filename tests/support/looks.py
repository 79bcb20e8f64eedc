"""Looks at channels, for tests of services without a Slack."""

from __future__ import annotations

from typing import Any

from bot.services.channel_guard import Look
from bot.services.incidents import Incidents
from bot.store import incidents as rows
from bot.store.engine import Store


class Rows:
    """Slack shows each channel as the row of its incident says."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def look(self, incident_id: str) -> Look:
        """The incident as it is stored."""
        with self._store.read() as tx:
            incident = rows.get(tx, incident_id)
        return Look(incident=incident, is_public=not incident.private)

    def private_channels(self) -> frozenset[str]:
        """None more than the rows say."""
        return frozenset()


def incidents(store: Store) -> Incidents:
    """Incidents whose channels Slack shows as their rows say."""
    chat: Any = Rows(store)
    return Incidents(store, chat, lambda _private: None)
