"""Slack's Web API in mayday's words.

The SDK's own retries are off: its connection retry sends a POST twice when the connection drops after
the call took effect, and Slack has no idempotency keys. Every failure becomes one of three: refused
(:class:`UserError`), failed this time (:class:`RetryLater`), and ``RetryLater(maybe_done=True)`` where no
answer came.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.adapters.slack_answers import Answer, garbled, translate
from bot.domain.slack_message import message_from
from bot.errors import RetryLater, UserError
from bot.ports import JSON, Channel, HistoryMessage, Identity, Post, Profile

EVENT_TYPE = "mayday_effect"
TIMEOUT_SECONDS = 20
PAGE = 200
LONGEST_PAUSE = 60.0
"""Seconds that reading page after page waits where Slack asks for it; its limits are by the minute."""
MOST_PAUSES = 5
CLOCK_SKEW_SECONDS = 300
"""How far this machine's clock may be ahead of Slack's; what is looked for is known by its id."""
CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")

log = structlog.get_logger()


class SlackChat:
    """Fulfils :class:`bot.ports.Chat`.

    ``pause`` lets seconds pass between two pages. It may raise :class:`RetryLater` to give the reading up.
    """

    def __init__(self, client: WebClient, *, pause: Callable[[float], None] = time.sleep) -> None:
        client.retry_handlers = []
        client.timeout = TIMEOUT_SECONDS
        self._client = client
        self._pause = pause
        self._identity: Identity | None = None
        self._resolved: dict[str, str] = {}

    def identity(self) -> Identity:
        """Who the bot is; asked once."""
        if self._identity is None:
            answer = self._call("auth.test")
            scopes = answer.headers.get("x-oauth-scopes", "")
            self._identity = Identity(
                user_id=answer["user_id"],
                bot_id=answer.get("bot_id") or "",
                team_id=answer["team_id"],
                team=answer.get("team") or "",
                url=answer.get("url") or "",
                scopes=frozenset(s.strip() for s in scopes.split(",") if s.strip()),
            )
        return self._identity

    def open_channel(self, name: str, *, private: bool) -> Channel:
        """Create a channel.

        ``is_private`` is sent only when true, and as a word, since some servers misread the SDK's 0
        and 1.
        """
        asked = {"name": name, **({"is_private": "true"} if private else {})}
        return _channel(self._call("conversations.create", **asked)["channel"])

    def find_channel(self, name: str) -> Channel | None:
        """A channel by its name, archived ones too, among all that the bot may see."""
        cursor = ""
        while True:
            page = self._call(
                "conversations.list",
                types="public_channel,private_channel",
                exclude_archived=False,
                limit=1000,
                **({"cursor": cursor} if cursor else {}),
            )
            for raw in page["channels"]:
                if raw.get("name") == name:
                    return _channel(raw)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None

    def resolve(self, channel: str) -> str:
        """The id of a channel given by its id or ``#name``, which the bot joins.

        A bot may post to public channels that it is not in, but reads history only where it is.
        """
        if channel not in self._resolved:
            channel_id = channel
            if not CHANNEL_ID.fullmatch(channel):
                found = self.find_channel(channel.removeprefix("#"))
                if found is None:
                    raise UserError(
                        f"mayday sees no channel “{channel}”: check its name, and invite mayday "
                        "there if it is private."
                    )
                channel_id = found.id
            try:
                self._call("conversations.join", channel=channel_id)
            except UserError as exc:
                log.info("slack.not_joined", channel=channel_id, error=str(exc))
            self._resolved[channel] = channel_id
        return self._resolved[channel]

    def channel(self, channel_id: str) -> Channel:
        """What Slack tells of a channel."""
        return _channel(self._call("conversations.info", channel=channel_id)["channel"])

    def invite(self, channel_id: str, user: str) -> None:
        """Bring a person in; one who is in already is fine."""
        try:
            self._call("conversations.invite", channel=channel_id, users=user)
        except UserError as exc:
            if exc.code != "already_in_channel":
                raise

    def set_topic(self, channel_id: str, topic: str) -> None:
        """Set the channel's topic."""
        self._call("conversations.setTopic", channel=channel_id, topic=topic)

    def post(
        self,
        channel_id: str,
        post: Post,
        *,
        effect: str,
        thread_ts: str = "",
    ) -> str:
        """Send a message that carries the id of its effect, and nothing else, as metadata."""
        answer = self._call(
            "chat.postMessage",
            channel=channel_id,
            **_content(post),
            metadata={"event_type": EVENT_TYPE, "event_payload": {"effect": effect}},
            **({"thread_ts": thread_ts} if thread_ts else {}),
        )
        return str(answer["ts"])

    def find_post(
        self, channel_id: str, effect: str, *, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """The ts of the bot's message that carries this effect."""
        method = "conversations.replies" if thread_ts else "conversations.history"
        asked: dict[str, Any] = {
            "channel": channel_id,
            "oldest": f"{int(since.timestamp()) - CLOCK_SKEW_SECONDS}.000000",
            "include_all_metadata": True,
            **({"ts": thread_ts} if thread_ts else {}),
        }
        for page in self._pages(method, **asked):
            for raw in page["messages"]:
                metadata = raw.get("metadata") or {}
                if (
                    metadata.get("event_type") == EVENT_TYPE
                    and (metadata.get("event_payload") or {}).get("effect") == effect
                    and self._is_own(raw)
                ):
                    return str(raw["ts"])
        return None

    def change(self, channel_id: str, ts: str, post: Post) -> None:
        """Replace what a message of the bot's says."""
        self._call("chat.update", channel=channel_id, ts=ts, **_content(post))

    def pin(self, channel_id: str, ts: str) -> None:
        """Pin a message; one that is pinned already is fine."""
        try:
            self._call("pins.add", channel=channel_id, timestamp=ts)
        except UserError as exc:
            if exc.code != "already_pinned":
                raise

    def bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        """Make the channel have this bookmark, by its title."""
        listed = self._call("bookmarks.list", channel_id=channel_id)
        for raw in listed.get("bookmarks") or ():
            if raw.get("title") == title:
                if raw.get("link") != link:
                    self._call(
                        "bookmarks.edit", channel_id=channel_id, bookmark_id=raw["id"], link=link
                    )
                return
        self._call("bookmarks.add", channel_id=channel_id, title=title, type="link", link=link)

    def open_dm(self, user: str) -> str:
        """The direct conversation with a person."""
        return str(self._call("conversations.open", users=user)["channel"]["id"])

    def post_ephemeral(self, channel_id: str, user: str, post: Post) -> None:
        """Show something to one person only."""
        self._call("chat.postEphemeral", channel=channel_id, user=user, **_content(post))

    def history(
        self, channel_id: str, *, oldest: str, latest: str = ""
    ) -> Iterator[HistoryMessage]:
        """Parents, newest first, all pages."""
        asked = {"channel": channel_id, "oldest": oldest, "inclusive": True}
        for page in self._pages(
            "conversations.history", **asked, **({"latest": latest} if latest else {})
        ):
            yield from (self._seen(channel_id, raw) for raw in page["messages"])

    def replies(self, channel_id: str, thread_ts: str) -> Iterator[HistoryMessage]:
        """A thread's replies, oldest first, without the parent that Slack puts on every page."""
        for page in self._pages("conversations.replies", channel=channel_id, ts=thread_ts):
            yield from (
                self._seen(channel_id, raw) for raw in page["messages"] if raw["ts"] != thread_ts
            )

    def profile(self, user: str) -> Profile:
        """What Slack tells of a person."""
        raw = self._call("users.info", user=user)["user"]
        shown = raw.get("profile") or {}
        return Profile(
            id=raw["id"],
            team_id=raw.get("team_id") or "",
            name=shown.get("display_name")
            or shown.get("real_name")
            or raw.get("real_name")
            or raw.get("name")
            or raw["id"],
            zone=raw.get("tz") or "UTC",
            is_guest=bool(
                raw.get("is_restricted")
                or raw.get("is_ultra_restricted")
                or raw.get("is_stranger")
                or raw.get("deleted")
            ),
            is_bot=bool(raw.get("is_bot")),
        )

    def group_members(self, group: str) -> frozenset[str]:
        """Who is in a user group."""
        return frozenset(self._call("usergroups.users.list", usergroup=group)["users"])

    def open_view(self, trigger_id: str, view: JSON) -> str:
        """Open a modal within the trigger's three seconds; return its id."""
        return str(self._call("views.open", trigger_id=trigger_id, view=view)["view"]["id"])

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

    def _pages(self, method: str, **asked: Any) -> Iterator[Answer]:
        cursor = ""
        while True:
            page = self._page(method, **asked, limit=PAGE, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _page(self, method: str, **asked: Any) -> Answer:
        """One page, patiently: a reading that began anew after each limit would never end."""
        for _ in range(MOST_PAUSES):
            try:
                return self._call(method, **asked)
            except RetryLater as exc:
                if exc.maybe_done or exc.after > LONGEST_PAUSE:
                    raise
                self._pause(exc.after)
        return self._call(method, **asked)

    def _call(self, method: str, **asked: Any) -> Answer:
        try:
            # A form with JSON inside is what every method takes, reading and writing alike.
            answer = self._client.api_call(
                method,
                data={
                    key: json.dumps(value) if isinstance(value, (dict, list)) else value
                    for key, value in asked.items()
                },
            )
            return Answer(method, answer)
        except SlackApiError as exc:
            translate(method, exc)
        except (SlackClientError, urllib.error.URLError, OSError, http.client.HTTPException) as exc:
            raise RetryLater(
                f"Slack did not answer {method}: check the network if it goes on."
            ) from exc
        except (json.JSONDecodeError, AttributeError) as exc:
            # The SDK reads "ok" of whatever JSON there is before it knows that it is an object.
            raise garbled(method) from exc


def _content(post: Post) -> dict[str, Any]:
    content: dict[str, Any] = {"text": post.text, "unfurl_links": False, "unfurl_media": False}
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
        creator=raw.get("creator") or "",
        created=datetime.fromtimestamp(int(raw.get("created") or 0), tz=UTC),
    )
