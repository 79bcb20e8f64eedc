"""Reads lists of Slack that come in pages, and finds a channel by its name in them.

Slack has no request for a channel's name, and a workspace may have more channels than Slack lists in a
minute. So a search goes on where the last one was stopped, and the bot's own channels are searched first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from bot import deadline
from bot.adapters.slack_answers import RATE_LIMITED, Answer, RateLimited
from bot.errors import ConfigError, RetryLater, UserError

PAGE = 200
MOST_CHANNELS = 999
"""The size of a page of channels; Slack's limit is "under 1000"."""
LONGEST_PAUSE = 60.0
"""The longest rate limit, in seconds, that reading pages waits for; Slack's limits are per minute."""
MOST_PAUSES = 5
KEPT_FOR = 600.0
"""How long the position of a search is kept, in seconds."""

log = structlog.get_logger()


class Call(Protocol):
    """Calls a method of the Web API."""

    def __call__(self, method: str, **fields: Any) -> Answer: ...


class Pages:
    """Reads pages. ``pause`` waits for a number of seconds. Safe for concurrent use."""

    def __init__(self, call: Call, pause: Callable[[float], None]) -> None:
        self._call = call
        self._pause = pause
        self._limited_until: dict[str, float] = {}

    def read(self, method: str, *, keeps: bool = False, **fields: Any) -> Iterator[Answer]:
        """Yield one page for each request, from the ``cursor`` on if there is one.

        A caller that ``keeps`` its position is not made to wait past the deadline of its attempt.
        """
        fields = {"limit": PAGE, **fields}
        while True:
            page = self._page(method, keeps=keeps, **fields)
            yield page
            fields["cursor"] = next_cursor(page)
            if not fields["cursor"]:
                return

    def _page(self, method: str, *, keeps: bool, **fields: Any) -> Answer:
        """Return one page, waiting for rate limits: restarting the whole read might never complete.

        Slack limits a method for the whole workspace, so all reads wait for a limit that one of them met.
        """
        for _ in range(MOST_PAUSES):
            self._wait_for_limit(method, keeps=keeps)
            try:
                return self._call(method, **fields)
            except RateLimited as exc:
                if exc.after > LONGEST_PAUSE:
                    raise
                self._limited_until[method] = time.monotonic() + exc.after
        self._wait_for_limit(method, keeps=keeps)
        return self._call(method, **fields)

    def _wait_for_limit(self, method: str, *, keeps: bool) -> None:
        wait = self._limited_until.get(method, 0.0) - time.monotonic()
        if wait <= 0:
            return
        if wait > deadline.left(writes=keeps):
            raise RateLimited(
                RATE_LIMITED.format(wait=wait, method=method), after=wait, maybe_done=False
            )
        self._pause(wait)


@dataclass(frozen=True, kw_only=True)
class _Position:
    """Where a search goes on: its next page, how many were read, and when by ``time.monotonic``."""

    cursor: str = ""
    number: int = 0
    at: float = 0.0


class ChannelSearch:
    """Finds channels by name. Safe for concurrent use."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages.read
        self._positions: dict[tuple[str, str], _Position] = {}
        self.pages_read: dict[str, int] = {}
        """How many pages the last search for a name took."""

    def own(self, name: str) -> Mapping[str, Any] | None:
        """Return the channel with this name that the bot is in, or None, also if mayday may not look."""
        try:
            return self._search("users.conversations", name, archived=False)
        except ConfigError:
            raise
        except UserError as exc:
            log.warning("slack.look_refused", channel=name, error=str(exc))
            return None

    def any(self, name: str) -> Mapping[str, Any] | None:
        """Return the channel with this name, even if archived, or None if the bot can't see one."""
        try:
            if found := self.own(name):
                return found
        except RateLimited:
            raise
        except RetryLater as exc:  # the list of all channels has it, too
            log.warning("slack.look_failed", channel=name, error=str(exc))
        return self._search("conversations.list", name, archived=True)

    def _search(self, method: str, name: str, *, archived: bool) -> Mapping[str, Any] | None:
        kept = self._positions.get((method, name), _Position())
        if time.monotonic() - kept.at > KEPT_FOR:
            kept = _Position()
        try:
            return self._go_on(method, name, kept, archived=archived)
        except UserError as exc:
            if exc.code != "invalid_cursor" or not kept.cursor:
                raise
        return self._go_on(method, name, _Position(), archived=archived)

    def _go_on(
        self, method: str, name: str, kept: _Position, *, archived: bool
    ) -> Mapping[str, Any] | None:
        number = kept.number
        for page in self._pages(
            method,
            keeps=True,
            types="public_channel,private_channel",
            exclude_archived=not archived,
            limit=MOST_CHANNELS,
            **({"cursor": kept.cursor} if kept.cursor else {}),
        ):
            self._positions.pop((method, name), None)
            number += 1
            self.pages_read[name] = number
            for raw in page["channels"]:
                if raw.get("name") == name:
                    found: Mapping[str, Any] = raw
                    return found
            if cursor := next_cursor(page):
                position = _Position(cursor=cursor, number=number, at=time.monotonic())
                self._positions[method, name] = position
        return None


def next_cursor(page: Answer) -> str:
    """Return the cursor of the page after this one, empty after the last."""
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")
