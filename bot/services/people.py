"""Profiles of people, read from Slack and cached in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, Profile
from bot.store import people as rows
from bot.store.engine import Store

FRESH = timedelta(hours=1)
"""How long a cached profile is used without asking Slack."""
STALE = timedelta(days=7)
"""How long it is used while Slack does not answer."""


class People:
    """Profiles by user id."""

    def __init__(self, store: Store, chat: Chat, now: Clock) -> None:
        self._store = store
        self._chat = chat
        self._now = now

    def profile(self, team_id: str, user: str) -> Profile:
        """A person's profile, at most :data:`FRESH` old; raises what :meth:`Chat.profile` raises."""
        with self._store.read() as tx:
            known = rows.known(tx, team_id, now=self._now(), fresh=FRESH)
        if user in known:
            return known[user]
        profile = self._chat.profile(user)
        with self._store.write() as tx:
            rows.remember(tx, profile, team_id=team_id, now=self._now())
        return profile

    def recent_profile(self, team_id: str, user: str) -> Profile:
        """A person's profile, at most :data:`FRESH` old, or :data:`STALE` while Slack doesn't answer."""
        try:
            return self.profile(team_id, user)
        except RetryLater:
            with self._store.read() as tx:
                known = rows.known(tx, team_id, now=self._now(), fresh=STALE)
            if user not in known:
                raise
            return known[user]

    def names(self, team_id: str, users: Iterable[str]) -> Mapping[str, str]:
        """Names by user id, for a report. Where Slack does not answer, the cached name is used at any age."""
        found: dict[str, str] = {}
        for user in sorted(set(users)):
            try:
                found[user] = self.profile(team_id, user).name
            except (UserError, RetryLater):
                with self._store.read() as tx:
                    old = rows.known(tx, team_id, now=self._now()).get(user)
                if old:
                    found[user] = old.name
        return found
