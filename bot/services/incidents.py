"""Looking incidents up: by id, by channel, and as a list for one channel's readers."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.store import incidents as rows
from bot.store.engine import Store


class Incidents:
    """Reads incidents."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, incident_id: str) -> Incident:
        """The incident with this id.

        Raises:
            LookupError: there is none.
        """
        with self._store.read() as tx:
            return rows.get(tx, incident_id)

    def of_channel(self, team_id: str, channel_id: str) -> Incident | None:
        """The incident that this channel was opened for; None for any other channel."""
        with self._store.read() as tx:
            return rows.by_channel(tx, team_id, channel_id)

    def listed(self, team_id: str, channel_id: str) -> list[Incident]:
        """The latest incidents of a team, newest first; a private one only in its own channel."""
        with self._store.read() as tx:
            return rows.recent(tx, team_id, seen_from=channel_id)
