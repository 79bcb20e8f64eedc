"""Profiles of people and names of user groups and channels, read from Slack and cached in the database.

Slack is asked outside of transactions. The name of a private channel is never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.mrkdwn import UNNAMED, Mentions, Named
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, Profile
from bot.store import people as rows
from bot.store.engine import Store, Tx

FRESH = timedelta(hours=1)
"""How long a cached profile is used without asking Slack."""
STALE = timedelta(days=7)
"""How long it is used while Slack does not answer."""

PRIVATE = "a private channel"
UNKNOWN = "a channel"


class People:
    """Profiles by user id, and the names of what messages mention."""

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

    def named(self, team_id: str, found: Mentions) -> Named:
        """The names of who and what is mentioned, for a report.

        Where Slack does not answer, a cached name is used at any age. Private channels and those of which
        nothing is known are not named, because a report may be public.
        """
        return Named(
            people=self._people(team_id, found.users),
            groups=self._groups(team_id, found.groups),
            channels={
                channel: _channel_name(name)
                for channel, name in self._channels(team_id, found.channels).items()
            },
        )

    def stored(self, tx: Tx, team_id: str, found: Mentions) -> Named:
        """The same names from the cache at any age, within a transaction."""
        people = rows.known(tx, team_id, now=self._now())
        groups = rows.labels(tx, team_id, rows.GROUP)
        channels = rows.labels(tx, team_id, rows.CHANNEL)
        return Named(
            people={user: people[user].name for user in sorted(found.users) if user in people},
            groups={
                one: groups[one].name
                for one in sorted(found.groups)
                if one in groups and groups[one].name
            },
            channels={
                one: _channel_name(channels[one].name if one in channels else None)
                for one in found.channels
            },
        )

    def cached(self, team_id: str, found: Mentions) -> Named:
        """The names that are known without asking Slack, at any age; channels are not named."""
        return stored_names(self._store, self._now(), team_id, found)

    def _people(self, team_id: str, users: Iterable[str]) -> Mapping[str, str]:
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

    def _groups(self, team_id: str, groups: Iterable[str]) -> Mapping[str, str]:
        known, asked = self._labels(team_id, rows.GROUP, groups)
        if asked:
            try:
                answer = self._chat.group_names()
            except (UserError, RetryLater):
                answer = None
            if answer is not None:
                new = {group: answer.get(group, "") for group in asked}
                self._remember(team_id, rows.GROUP, new)
                known |= new
        return {group: name for group, name in known.items() if name}

    def _channels(self, team_id: str, channels: Iterable[str]) -> dict[str, str | None]:
        """Names by id: empty for a private channel, None for one of which nothing is known."""
        known, asked = self._labels(team_id, rows.CHANNEL, channels)
        new: dict[str, str] = {}
        for channel in asked:
            try:
                shown = self._chat.channel(channel)
            except UserError as exc:
                if exc.code == "channel_not_found":
                    new[channel] = ""
                continue
            except RetryLater:
                break  # the others would wait for the same limit
            new[channel] = "" if shown.is_private else shown.name
        self._remember(team_id, rows.CHANNEL, new)
        named = known | new
        return {channel: named.get(channel) for channel in [*known, *asked]}

    def _labels(
        self, team_id: str, kind: str, ids: Iterable[str]
    ) -> tuple[dict[str, str], list[str]]:
        """The cached names of these, and the ids of those whose name is unknown or old."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}, []
        with self._store.read() as tx:
            found = rows.labels(tx, team_id, kind)
        since = self._now() - FRESH
        asked = [one for one in wanted if one not in found or found[one].fetched_at < since]
        return {one: found[one].name for one in wanted if one in found}, asked

    def _remember(self, team_id: str, kind: str, names: Mapping[str, str]) -> None:
        if names:
            with self._store.write() as tx:
                rows.remember_labels(tx, team_id, kind, names, now=self._now())


def _channel_name(name: str | None) -> str:
    """What a report says for a channel: ``name`` is empty for a private one, None for an unknown one."""
    return f"#{name}" if name else PRIVATE if name is not None else UNKNOWN


def stored_names(store: Store, now: datetime, team_id: str, found: Mentions) -> Named:
    """Return the names that the database has, at any age; channels are not named."""
    if not found.users and not found.groups:
        return UNNAMED
    with store.read() as tx:
        people = rows.known(tx, team_id, now=now)
        groups = rows.labels(tx, team_id, rows.GROUP)
    return Named(
        people={user: one.name for user, one in people.items()},
        groups={group: one.name for group, one in groups.items()},
    )
