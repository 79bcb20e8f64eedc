"""The Slack adapter, built on the Web API.

A failure is raised as :class:`UserError` (refused), :class:`RetryLater` (failed this time) or
``RetryLater(maybe_done=True)`` (no response).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from slack_sdk import WebClient

from bot.adapters.slack_answers import Answer
from bot.adapters.slack_canvas import SlackCanvases
from bot.adapters.slack_http import SlackApi
from bot.adapters.slack_invites import invite_all
from bot.adapters.slack_marks import SlackMarks
from bot.adapters.slack_pages import ChannelSearch, Pages
from bot.adapters.slack_people import profile_from
from bot.adapters.slack_time import SlackTime
from bot.domain.command import USUAL
from bot.domain.limits import Limits
from bot.domain.slack_message import message_from
from bot.errors import ConfigError, MaydayError, UserError
from bot.ports import JSON, Channel, Clock, HistoryMessage, Identity, Post, Profile
from bot.render.text import cut

EVENT_TYPE = "mayday_effect"
MEMBERS = 1000
MARGIN = timedelta(minutes=1)
"""How far a post may lie before the time from which it is searched: Slack's time is known to the second."""
POST_LIMIT = 40_000
UPDATE_LIMIT = 4_000
"""How long a text may be that is posted, and one that replaces it."""
MANY_PAGES = 3
"""From how many pages on an id is better than a name."""
CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")

NO_CHANNEL = (
    "mayday sees no channel “{channel}”: check its name, and invite mayday there if it is private."
)

NOT_INVITED = "mayday could not invite <@{user}>: {reason}"

log = structlog.get_logger()


class SlackChat(SlackMarks):
    """Implements :class:`bot.ports.Chat`. Safe for concurrent use.

    ``client`` has the address, the token and the proxy. ``clock`` is the domain's clock, which is compared
    with Slack's. ``timeout`` limits each request as a whole, in seconds. ``pause`` waits for a number of
    seconds between two pages; it may raise :class:`bot.errors.RetryLater` to stop. ``command`` is the name of
    the command in texts.
    """

    def __init__(
        self,
        client: WebClient,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        timeout: float = Limits.call,
        pause: Callable[[float], None] = time.sleep,
        command: str = USUAL,
    ) -> None:
        self._time = SlackTime(clock)
        self._api = SlackApi(client, timeout=timeout, slack_time=self._time, command=command)
        pages = Pages(self._call, pause)
        self._pages = pages.read
        self._search = ChannelSearch(pages)
        self.canvases = SlackCanvases(self._call)
        self._identity: Identity | None = None
        self._resolved: dict[str, str] = {}

    def time(self) -> datetime:
        """Return Slack's time, from its last answer; our own before the first answer."""
        return self._time.now()

    def skew(self) -> timedelta | None:
        """Return our time minus Slack's in whole seconds, or None before the first answer."""
        return self._time.skew

    def identity(self) -> Identity:
        """Return the bot's identity, which is requested once."""
        if self._identity is None:
            answer = self._call("auth.test")
            scopes = answer.headers.get("x-oauth-scopes", "")
            self._identity = Identity(
                user_id=answer["user_id"],
                bot_id=answer.get("bot_id") or "",
                team_id=answer["team_id"],
                team=answer.get("team") or "",
                url=answer.get("url") or "",
                app_id=self._app_id(answer.get("bot_id") or ""),
                scopes=frozenset(s.strip() for s in scopes.split(",") if s.strip()),
            )
        return self._identity

    def _app_id(self, bot_id: str) -> str:
        """Return the app's id, or an empty string: nothing depends on it that a signature doesn't show."""
        try:
            return self._call("bots.info", bot=bot_id)["bot"].get("app_id") or "" if bot_id else ""
        except MaydayError as exc:
            log.info("slack.app_unknown", error=str(exc))
            return ""

    def open_channel(self, name: str, *, private: bool) -> Channel:
        """Create a channel.

        ``is_private`` is sent only if true, and as text, because some servers misread the SDK's 0 and 1.
        """
        fields = {"name": name, **({"is_private": "true"} if private else {})}
        return _channel(self._call("conversations.create", **fields)["channel"])

    def find_channel(self, name: str) -> Channel | None:
        """Return the channel with this name, even if archived, or None if the bot can't see one.

        It may take many requests. A search that is stopped goes on where it was when it is repeated.
        """
        found = self._search.any(name)
        return _channel(found) if found else None

    def find_own_channel(self, name: str) -> Channel | None:
        """Return the channel with this name that the bot is in, or None, also if mayday may not look.

        It takes a request for each thousand channels that the bot is in.
        """
        found = self._search.own(name)
        return _channel(found) if found else None

    def resolve(self, channel: str) -> str:
        """Return the id of a channel given as an id or ``#name``, and join it, each time.

        A bot can post to public channels without joining, but it can read history only as a member, and it
        may be removed at any time.
        """
        channel_id = self._resolved[channel] = self._resolved.get(channel) or self._id_of(channel)
        try:
            self.join(channel_id)
        except UserError as exc:
            log.info("slack.not_joined", channel=channel_id, error=str(exc))
        return channel_id

    def _id_of(self, channel: str) -> str:
        if CHANNEL_ID.fullmatch(channel):
            return channel
        found = self.find_channel(channel.removeprefix("#"))
        if found is None:
            raise UserError(NO_CHANNEL.format(channel=channel))
        if (pages := self.pages_for(channel)) > MANY_PAGES:
            log.warning("slack.slow_name", channel=channel, pages=pages, advice=f"use {found.id}")
        return found.id

    def pages_for(self, channel: str) -> int:
        """Return how many pages it took to find this ``#name``; 0 for an id."""
        return self._search.pages_read.get(channel.removeprefix("#"), 0)

    def channel(self, channel_id: str) -> Channel:
        """Return a channel."""
        return _channel(self._call("conversations.info", channel=channel_id)["channel"])

    def join(self, channel_id: str) -> None:
        """Join a public channel; do nothing if the bot is in it."""
        self._call("conversations.join", channel=channel_id)

    def private_channels(self) -> frozenset[str]:
        """Return the ids of the private channels that the bot is in; Slack shows it no others."""
        pages = self._pages("conversations.list", types="private_channel", exclude_archived=False)
        return frozenset(raw["id"] for page in pages for raw in page["channels"])

    def invite(self, channel_id: str, user: str) -> None:
        """Invite a person; do nothing if they are already a member."""
        method = "conversations.invite"
        try:
            self._call(method, channel=channel_id, users=user)
        except ConfigError:
            raise
        except UserError as exc:
            if exc.code != "already_in_channel":
                reason = str(exc).removeprefix(f"{method}: ")
                raise UserError(
                    NOT_INVITED.format(user=user, reason=reason), code=exc.code
                ) from exc

    def invite_all(self, channel_id: str, users: Sequence[str]) -> Mapping[str, str]:
        """Invite people; return why Slack refuses, by the user id of each whom it refuses."""
        return invite_all(self._call, channel_id, users)

    def find_person(self, email: str) -> str | None:
        """Return the user id of who has this e-mail address, or None."""
        try:
            return str(self._call("users.lookupByEmail", email=email)["user"]["id"])
        except UserError as exc:
            if exc.code != "users_not_found":
                raise
            return None

    def post(
        self,
        channel_id: str,
        post: Post,
        *,
        effect: str,
        thread_ts: str = "",
    ) -> str:
        """Post a message with the id of its effect as metadata, and return its ts."""
        answer = self._call(
            "chat.postMessage",
            channel=channel_id,
            **_content(post),
            metadata={"event_type": EVENT_TYPE, "event_payload": {"effect": effect}},
            **({"thread_ts": thread_ts} if thread_ts else {}),
        )
        return str(answer["ts"])

    def find_post(
        self, channel_id: str, effect: str, *, since: datetime | None, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the bot's latest message with this effect id, or None.

        ``since`` is Slack's time before the message was sent; None searches everything. If mayday isn't
        allowed to look, the result is None: rather a message twice than none for ever.
        """
        method = "conversations.replies" if thread_ts else "conversations.history"
        fields: dict[str, Any] = {
            "channel": channel_id,
            "include_all_metadata": True,
            **({"oldest": f"{int((since - MARGIN).timestamp())}.000000"} if since else {}),
            **({"ts": thread_ts} if thread_ts else {}),
        }
        found = None
        try:
            for page in self._pages(method, **fields):
                for raw in page["messages"]:
                    metadata = raw.get("metadata") or {}
                    if (
                        metadata.get("event_type") == EVENT_TYPE
                        and (metadata.get("event_payload") or {}).get("effect") == effect
                        and self._is_own(raw)
                    ):
                        found = max(found or "", str(raw["ts"]))
                if found and not thread_ts:
                    break
        except ConfigError:
            raise
        except UserError as exc:
            log.warning("slack.look_refused", channel=channel_id, effect=effect, error=str(exc))
        return found

    def upload(self, channel_id: str, *, name: str, text: str, comment: str) -> None:
        """Share a text file in a channel: ask for an address, send the content there, and share it."""
        content = text.encode()
        made = self._call("files.getUploadURLExternal", filename=name, length=len(content))
        self._api.upload(str(made["upload_url"]), content)
        self._call(
            "files.completeUploadExternal",
            files=[{"id": made["file_id"], "title": name}],
            channel_id=channel_id,
            initial_comment=comment,
        )

    def change(self, channel_id: str, ts: str, post: Post) -> None:
        """Replace the content of one of the bot's messages."""
        content = _content(post, limit=UPDATE_LIMIT)
        self._call("chat.update", channel=channel_id, ts=ts, **content)

    def open_dm(self, user: str) -> str:
        """Return the id of the direct conversation with a person."""
        return str(self._call("conversations.open", users=user)["channel"]["id"])

    def post_ephemeral(self, channel_id: str, user: str, post: Post) -> None:
        """Post a message that only one person sees."""
        self._call("chat.postEphemeral", channel=channel_id, user=user, **_content(post))

    def respond(self, url: str, post: Post, *, replace: bool) -> bool:
        """Answer a request at its own address; return whether Slack accepted the answer."""
        content = {
            "response_type": "ephemeral",
            "replace_original": replace,
            "text": post.text,
            **({"blocks": list(post.blocks)} if post.blocks else {}),
        }
        return self._api.respond(url, content)

    def history(
        self, channel_id: str, *, oldest: str, latest: str = ""
    ) -> Iterator[Sequence[HistoryMessage]]:
        """Yield the messages of a channel without thread replies, newest first, a page for each request."""
        fields: dict[str, Any] = {"channel": channel_id, "oldest": oldest, "inclusive": True}
        if latest:
            fields["latest"] = latest
        for page in self._pages("conversations.history", **fields):
            yield [self._seen(channel_id, raw) for raw in page["messages"]]

    def replies(self, channel_id: str, thread_ts: str) -> Iterator[Sequence[HistoryMessage]]:
        """Yield the replies of a thread, oldest first, without the parent that Slack adds to each page."""
        for page in self._pages("conversations.replies", channel=channel_id, ts=thread_ts):
            yield [
                self._seen(channel_id, raw) for raw in page["messages"] if raw["ts"] != thread_ts
            ]

    def profile(self, user: str) -> Profile:
        """Return a person's profile."""
        return profile_from(self._call("users.info", user=user)["user"])

    def group_members(self, group: str) -> frozenset[str]:
        """Return the user ids in a user group."""
        return frozenset(self._call("usergroups.users.list", usergroup=group)["users"])

    def members(self, channel_id: str) -> Iterator[str]:
        """Yield the user ids of a channel's members, a page for each request."""
        pages = self._pages("conversations.members", limit=MEMBERS, channel=channel_id)
        return (user for page in pages for user in page["members"])

    def is_member(self, channel_id: str, user: str) -> bool:
        """Return whether a person is in a channel now."""
        return user in self.members(channel_id)

    def group_names(self) -> Mapping[str, str]:
        """Return the handles of all user groups by their ids, disabled ones too."""
        found = self._call("usergroups.list", include_disabled="true")["usergroups"]
        return {raw["id"]: raw.get("handle") or raw.get("name") or "" for raw in found}

    def open_view(self, trigger_id: str, view: JSON) -> str:
        """Open a modal and return its id; a trigger expires after three seconds."""
        return str(self._call("views.open", trigger_id=trigger_id, view=view)["view"]["id"])

    def push_view(self, trigger_id: str, view: JSON) -> str:
        """Open a modal above an open one and return its id. Slack allows three."""
        return str(self._call("views.push", trigger_id=trigger_id, view=view)["view"]["id"])

    def publish_home(self, user: str, view: JSON) -> None:
        """Show a person this view as the app's Home."""
        self._call("views.publish", user_id=user, view=view)

    def update_view(self, view_id: str, view: JSON, *, hash_: str) -> None:
        """Put a modal in the place of an open one, if that still has this hash."""
        self._call("views.update", view_id=view_id, view=view, **({"hash": hash_} if hash_ else {}))

    def _is_own(self, raw: Mapping[str, Any]) -> bool:
        me = self.identity()
        return raw.get("user") == me.user_id or bool(me.bot_id and raw.get("bot_id") == me.bot_id)

    def _seen(self, channel_id: str, raw: Mapping[str, Any]) -> HistoryMessage:
        team = self.identity().team_id
        return HistoryMessage(
            message=message_from(raw, team_id=team, channel_id=channel_id),
            reactions={
                reaction["name"]: tuple(reaction.get("users") or ())
                for reaction in raw.get("reactions") or ()
            },
            latest_reply=str(raw.get("latest_reply") or ""),
            reply_count=int(raw.get("reply_count") or 0),
        )

    def _call(self, method: str, **fields: Any) -> Answer:
        return self._api.call(method, fields)


def _content(post: Post, *, limit: int = POST_LIMIT) -> dict[str, Any]:
    text = cut(post.text, limit)
    content: dict[str, Any] = {"text": text, "unfurl_links": False, "unfurl_media": False}
    if post.blocks:
        content["blocks"] = list(post.blocks)
    return content


def _channel(raw: Mapping[str, Any]) -> Channel:
    return Channel(
        id=raw["id"],
        name=raw.get("name") or "",
        is_private=bool(raw.get("is_private")),
        is_archived=bool(raw.get("is_archived")),
        is_shared=bool(raw.get("is_ext_shared") or raw.get("is_pending_ext_shared")),
        is_member=raw.get("is_member") is not False,
        creator=raw.get("creator") or "",
        created=datetime.fromtimestamp(int(raw.get("created") or 0), tz=UTC),
    )
