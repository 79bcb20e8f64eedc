"""Looking incidents up: by id, by channel, and as a list for one channel's readers."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from bot.domain.incident import Incident
from bot.domain.incident_filter import IncidentFilter, IncidentPage
from bot.errors import RetryLater, UserError
from bot.ports import Chat
from bot.store import declaring, incident_pages
from bot.store import incidents as rows
from bot.store.engine import Store

_CHANNEL = re.compile(r"<#(?P<id>[CG][A-Z0-9]+)(?:\|[^>]*)?>")

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")

FRESH = 5.0
"""Seconds for which Slack's list of private channels is used again."""

NOT_LISTED = (
    "Slack did not tell mayday which channels are private, so it lists no incidents. "
    "Try again in a minute."
)


class Incidents:
    """Reads incidents. ``latch_all`` records which of them have become private."""

    def __init__(
        self, store: Store, chat: Chat, latch_all: Callable[[frozenset[str]], None]
    ) -> None:
        self._store = store
        self._chat = chat
        self._latch_all = latch_all
        self._guard = threading.Lock()
        self._asked_at: float | None = None

    def get(self, incident_id: str) -> Incident:
        """The incident with this id.

        Raises:
            LookupError: there is none.
        """
        with self._store.read() as tx:
            return rows.get(tx, incident_id)

    def of_channel(self, channel_id: str) -> Incident | None:
        """The incident that this channel was opened for; None for any other channel."""
        with self._store.read() as tx:
            return rows.by_channel(tx, channel_id)

    def at(self, team_id: str, place: str) -> Incident | None:
        """The incident whose channel has this id or name."""
        with self._store.read() as tx:
            return rows.by_channel(tx, place) or rows.by_name(tx, team_id, place)

    def numbered(self, team_id: str, number: int) -> Incident | None:
        """The team's incident with this number."""
        with self._store.read() as tx:
            return declaring.by_number(tx, team_id, number)

    def find(self, team_id: str, text: str) -> Incident | None:
        """The incident that a person names: by its number, its channel (a mention or a name), or its id."""
        found = _CHANNEL.fullmatch(text.strip())
        name = found["id"] if found else text.strip().removeprefix("#")
        with self._store.read() as tx:
            known = rows.by_number(tx, team_id, int(name)) if _NUMBER.fullmatch(name) else None
            known = known or rows.by_channel(tx, name) or rows.by_name(tx, team_id, name.lower())
            if known is None and rows.exists(tx, name):
                known = rows.get(tx, name)
        return known if known and known.team_id == team_id else None

    def listed(self, team_id: str, channel_id: str) -> list[Incident]:
        """The latest incidents of a team, newest first; a private one only in its own channel.

        Slack says first which channels are private.

        Raises:
            UserError: it did not.
        """
        self.latch()
        with self._store.read() as tx:
            return rows.recent(tx, team_id, seen_from=channel_id)

    def page(
        self, team_id: str, channel_id: str, wanted: IncidentFilter, *, first: int, size: int
    ) -> IncidentPage:
        """A page of the team's incidents; a private one only in its own channel.

        Slack says first which channels are private.

        Raises:
            UserError: it did not.
        """
        self.latch()
        with self._store.read() as tx:
            return incident_pages.page(
                tx, team_id, wanted, seen_from=channel_id, first=first, size=size
            )

    def latch(self) -> None:
        """Record which incidents have become private.

        Raises:
            UserError: Slack did not say.
        """
        with self._guard:  # one question for all who ask at once
            if self._asked_at is not None and time.monotonic() - self._asked_at < FRESH:
                return
            asked_at = time.monotonic()
            try:
                private = self._chat.private_channels()
            except (RetryLater, UserError) as exc:
                raise UserError(NOT_LISTED) from exc
            self._latch_all(private)
            self._asked_at = asked_at
