"""What the rows share: Slack through the product's adapter, what the rows created, and the person."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.adapters.slack import SlackChat
from bot.adapters.slack_answers import Answer, RateLimited
from bot.bootstrap import domain_clock, web_client
from bot.config import Config
from bot.errors import MaydayError, UserError
from bot.ports import Channel, Identity, Post
from tests.smoke.result import NotTried

if TYPE_CHECKING:
    from tests.smoke.listener import Listener

LAG = 20.0
"""Seconds that Slack has to show what was just done, and to deliver an event."""

LOOK_AGAIN = 0.5
MOST_LIMITS = 8
LONGEST_LIMIT = 120.0
"""The longest rate limit, in seconds, that a call waits for."""

TEST_CHANNEL = "the test channel is open to the bot"
NEEDS = "This needs “{row}”, which failed."
NO_PERSON = "Nobody is known: set SMOKE_USER to a user id, or press the button in the test channel."


class Api:
    """The adapter's access to the Web API. It waits for rate limits, and keeps what Slack answered."""

    def __init__(self, api: Any, wait: Callable[[float], None]) -> None:
        self._api = api
        self._wait = wait
        self.answers: list[tuple[str, Answer]] = []
        self.log: list[str] = []

    def call(self, method: str, fields: Mapping[str, Any]) -> Answer:
        """Call a method; raises what the adapter raises."""
        for left in reversed(range(MOST_LIMITS)):
            try:
                answer: Answer = self._api.call(method, fields)
            except RateLimited as exc:
                self.log.append(f"{method}: ratelimited, {exc.after:g} s")
                if not left or exc.after > LONGEST_LIMIT:
                    raise
                self._wait(exc.after)
            except MaydayError as exc:
                self.log.append(f"{method}: {getattr(exc, 'code', '') or exc}")
                raise
            else:
                self.log.append(f"{method}: ok")
                self.answers.append((method, answer))
                return answer
        raise AssertionError  # the last turn returns or raises

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def last(self, method: str) -> Answer:
        """Slack's last answer to a method, as it came."""
        return next(answer for name, answer in reversed(self.answers) if name == method)


@dataclass(kw_only=True)
class Smoke:
    """One run. ``test_channel`` is the person's channel, as it was given; ``patience`` is how many seconds a
    person has for each thing. ``say`` shows a line to the person at the terminal.

    ``made`` has what rows created, by name. ``channels`` and ``messages`` are what to clean up, ``names`` and
    ``effects`` what may have been created although Slack's answer was lost.
    """

    config: Config
    test_channel: str
    user: str = ""
    group: str = ""
    automatic: bool = False
    patience: float = 180.0
    lag: float = LAG
    say: Callable[[str], None] = lambda _line: None
    wait: Callable[[float], None] = time.sleep
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:6])
    made: dict[str, Any] = field(default_factory=dict)
    channels: list[Channel] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    effects: list[tuple[str, str]] = field(default_factory=list)
    listener: Listener | None = None
    silent: int = 0
    """How many times in a row a person's time was up without any delivery."""

    def __post_init__(self) -> None:
        self.chat = SlackChat(
            web_client(self.config),
            clock=domain_clock(self.config),
            timeout=self.config.practice.call_limit,
        )
        self.api = Api(self.chat._api, self._wait_for_limit)
        self.chat._api = self.api  # type: ignore[assignment]
        self._names = 0
        self._lock = threading.Lock()

    def _wait_for_limit(self, seconds: float) -> None:
        self.say(f"Slack limits the rate: waiting {seconds:.0f} s.")
        self.wait(seconds)

    @property
    def me(self) -> Identity:
        """The bot."""
        return self.chat.identity()

    def call(self, method: str, **fields: Any) -> Answer:
        """Call a method that the product doesn't use, or whose error its adapter hides."""
        return self.api.call(method, fields)

    def refusal(self, method: str, **fields: Any) -> str:
        """Slack's error for a call that should be refused, or ``ok``."""
        try:
            self.call(method, **fields)
        except UserError as exc:
            if exc.code in ("missing_scope", "unknown_method") or not exc.code:
                raise
            return exc.code
        return "ok"

    def need(self, name: str) -> Any:
        """What an earlier row made.

        Raises:
            NotTried: that row failed.
        """
        if name not in self.made:
            raise NotTried(NEEDS.format(row=name))
        return self.made[name]

    def person(self) -> str:
        """The user id of the person: SMOKE_USER, or who did the first thing by hand."""
        if not self.user:
            raise NotTried(NO_PERSON)
        return self.user

    def create(self, *, private: bool) -> Channel:
        """Open a channel of its own, which the end archives."""
        with self._lock:
            self._names += 1
        name = f"mayday-smoke-{self.run_id}-{self._names}"
        self.names.append(name)
        channel = self.chat.open_channel(name, private=private)
        self.channels.append(channel)
        return channel

    def post(self, channel: str, post: Post | str, *, effect: str = "", thread_ts: str = "") -> str:
        """Post a message, which the end deletes where its channel stays."""
        if isinstance(post, str):
            post = Post(text=post)
        effect = effect or self.effect()
        self.effects.append((channel, effect))
        ts = self.chat.post(channel, post, effect=effect, thread_ts=thread_ts)
        self.effects.remove((channel, effect))
        self.messages.append((channel, ts))
        return ts

    def effect(self) -> str:
        """A new id for a message's metadata."""
        return f"smoke/{self.run_id}/{uuid.uuid4().hex[:8]}"

    def eventually(
        self, look: Callable[[], Any], seconds: float | None = None
    ) -> tuple[Any, float]:
        """What ``look`` returns once it is true, or at the end of the time, and the seconds that it took."""
        began = time.monotonic()
        limit = self.lag if seconds is None else seconds
        while True:
            found = look()
            took = time.monotonic() - began
            if found or took > limit:
                return found, took
            self.wait(LOOK_AGAIN)
