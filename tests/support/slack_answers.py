"""Scripted Slack answers about people and channels. Tests check what was shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.timeline import FileRef, Message
from bot.errors import MaydayError, UserError
from bot.ports import Channel, HistoryMessage, Identity, Post, Profile
from tests.support.rows import NOW, TEAM, message


@dataclass(kw_only=True)
class SlackAnswers:
    """Slack's answers about people and channels, and what mayday showed."""

    guests: set[str] = field(default_factory=set)
    bots: set[str] = field(default_factory=set)
    teams: dict[str, str] = field(default_factory=dict)
    absent: dict[str, set[str]] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    """The members of channels."""
    said: dict[tuple[str, str], Message] = field(default_factory=dict)
    """Messages by channel and ts."""
    names: dict[str, str] = field(default_factory=dict)
    """The names of channels."""
    hidden: set[str] = field(default_factory=set)
    """Channels that Slack doesn't show to mayday."""
    archived: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    """Channels that mayday is not in."""
    shared: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    failing: dict[str, MaydayError] = field(default_factory=dict)
    views: list[dict[str, Any]] = field(default_factory=list)
    is_above: bool = False
    """Whether the last form was opened above another one."""
    shown: list[tuple[str, str, str]] = field(default_factory=list)
    answered: list[dict[str, Any]] = field(default_factory=list)
    threads: list[tuple[str, str]] = field(default_factory=list)
    """The channels and the ts of the threads in which mayday answered."""
    effects: dict[tuple[str, str], Post] = field(default_factory=dict)
    files: list[tuple[str, str, str]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    """Ephemeral messages."""
    killed: BaseException | None = None
    """Raised once by the next message, as the end of the process would be."""
    arrives: bool = False
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def _answer(self, verb: str) -> None:
        if verb in self.failing:
            raise self.failing[verb]

    def channel(self, channel_id: str) -> Channel:
        """A channel, shared or private if set by a test; its name is left as it is stored."""
        self._answer("channel")
        if channel_id in self.hidden:
            raise UserError("Slack has no such channel.", code="channel_not_found")
        return Channel(
            id=channel_id,
            name=self.names.get(channel_id, ""),
            is_private=channel_id in self.private,
            is_archived=channel_id in self.archived,
            is_member=channel_id not in self.outside,
            is_shared=channel_id in self.shared,
            creator="U0BOT",
            created=NOW,
        )

    def join(self, channel_id: str) -> None:
        """Join a channel."""
        self.outside -= {channel_id}

    def members(self, channel_id: str) -> Iterator[str]:
        """The members of a channel."""
        self._answer("members")
        yield from self.people.get(channel_id, ())

    def identity(self) -> Identity:
        """mayday itself."""
        return Identity(
            user_id="U0BOT", bot_id="B0BOT", team_id=TEAM, team="", url="https://x.slack.com/"
        )

    def is_member(self, channel_id: str, user: str) -> bool:
        """Whether a person is in a channel; everybody is by default."""
        self._answer("is_member")
        return user not in self.absent.get(channel_id, set())

    def private_channels(self) -> frozenset[str]:
        """The channels that a test made private."""
        self._answer("private_channels")
        return frozenset(self.private)

    def profile(self, user: str) -> Profile:
        """A person; a guest or bot if set by a test."""
        self._answer("profile")
        return Profile(
            id=user,
            team_id=self.teams.get(user, TEAM),
            name=user.removeprefix("U0").lower(),
            zone="UTC",
            is_guest=user in self.guests,
            is_bot=user in self.bots,
        )

    def group_names(self) -> dict[str, str]:
        """The handles of the groups."""
        self._answer("group_names")
        return {group: group.lower() for group in self.groups}

    def group_members(self, group: str) -> frozenset[str]:
        """The members of a group.

        Raises:
            UserError: no such group.
        """
        self._answer("group_members")
        if group not in self.groups:
            raise UserError(f"Slack has no user group {group}.", code="no_such_subteam")
        return self.groups[group]

    def open_view(self, _trigger: str, view: dict[str, Any]) -> str:
        """Keep the form."""
        self._answer("open_view")
        self.is_above = False
        self.views.append(view)
        return f"V{len(self.views)}"

    def push_view(self, _trigger: str, view: dict[str, Any]) -> str:
        """Keep the form."""
        self._answer("push_view")
        self.is_above = True
        self.views.append(view)
        return f"V{len(self.views)}"

    def update_view(self, view_id: str, view: dict[str, Any], *, hash_: str) -> None:
        """Keep the form as it is now."""
        self._answer("update_view")
        self.views.append(view)

    def publish_home(self, user: str, view: dict[str, Any]) -> None:
        """Keep the Home."""
        self._answer("publish_home")
        self.homes[user] = view

    def post_ephemeral(self, channel_id: str, user: str, post: Post) -> None:
        """Keep the message."""
        self._answer("post_ephemeral")
        killed, self.killed = self.killed, None
        if killed is None or self.arrives:
            self.shown.append((channel_id, user, post.text))
            self.posts.append(post)
        if killed is not None:
            raise killed

    def respond(self, url: str, post: Post, *, replace: bool) -> bool:
        """Keep the answer to a request."""
        content = {"text": post.text, **({"blocks": list(post.blocks)} if post.blocks else {})}
        self.answered.append({"replace_original": replace, **content})
        return True

    def open_dm(self, user: str) -> str:
        """The direct conversation with a person."""
        self._answer("open_dm")
        return f"D{user}"

    def post(self, channel_id: str, post: Post, *, effect: str, thread_ts: str = "") -> str:
        """Keep the message. With ``killed`` the process ends before it arrives, or afterwards."""
        assert effect
        self._answer("post")
        killed, self.killed = self.killed, None
        if killed is None or self.arrives:
            self.effects[channel_id, effect] = post
            self.shown.append((channel_id, "", post.text))
            if thread_ts:
                self.threads.append((channel_id, thread_ts))
        if killed is not None:
            raise killed
        return effect

    def change(self, channel_id: str, ts: str, post: Post) -> None:
        """Keep the message as it is now."""
        self._answer("change")
        self.effects[channel_id, ts] = post

    def resolve(self, channel: str) -> str:
        """The channel itself: names are ids here."""
        self._answer("resolve")
        return channel

    def time(self) -> datetime:
        """Slack's time."""
        return NOW

    def find_post(
        self, channel_id: str, effect: str, *, since: datetime | None, thread_ts: str = ""
    ) -> str | None:
        """The message of this effect, whose ts is the effect itself."""
        self._answer("find_post")
        return effect if (channel_id, effect) in self.effects else None

    def history(
        self, channel_id: str, *, oldest: str, latest: str = ""
    ) -> Iterator[list[HistoryMessage]]:
        """The messages with files in a channel, or the one between two times."""
        self._answer("history")
        if latest and (found := self.said.get((channel_id, latest))):
            yield [HistoryMessage(message=found)]
        for channel, name, _text in self.files:
            if channel == channel_id:
                file = FileRef(id="F1", name=name, mimetype="text/plain", permalink="")
                yield [HistoryMessage(message=message(files=(file,)))]

    def upload(self, channel_id: str, *, name: str, text: str, comment: str) -> None:
        """Keep the file."""
        assert comment
        self._answer("upload")
        self.files.append((channel_id, name, text))
