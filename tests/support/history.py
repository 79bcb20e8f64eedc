"""A Slack that has only the history of channels, for tests of reading it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from bot.domain.incident import Incident, Policy
from bot.domain.timeline import Heading, Message, ts_moment
from bot.ports import Chat, HistoryMessage, Identity
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store.engine import Store

TEAM = "T1"
FIRST = 1790000000
SETTINGS = Settings(
    policy=cast(Policy, None),
    intervals={},
    reactions={"pushpin": Heading.TIMELINE, "fire": Heading.WRONG},
    groups=(),
    channel_template="",
    announce_channel="",
    zone=ZoneInfo("UTC"),
    report_form="",
    hubs={},
)


def ts(number: int) -> str:
    """The ts of a channel's message by its number; a greater one is later."""
    return f"{FIRST + number}.000100"


@dataclass
class Line:
    """A message as Slack has it."""

    text: str
    edited_ts: str = ""
    subtype: str = ""
    reactions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    replies: dict[int, Line] = field(default_factory=dict)


def _nothing(_method: str, _channel: str) -> None:
    return None


@dataclass
class History:
    """The lines of each channel by number, and hooks around each request.

    ``on_request`` is called before an answer is made and may fail it; ``on_the_way`` is called when the
    answer is made and not received yet.
    """

    page: int = 200
    channels: dict[str, dict[int, Line]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    on_request: Callable[[str, str], None] = _nothing
    on_the_way: Callable[[str, str], None] = _nothing

    @property
    def chat(self) -> Chat:
        """This history as the port that services use."""
        return cast(Chat, self)

    def say(self, channel: str, number: int, text: str = "hello", *, under: int = 0) -> Line:
        """Add a message, or a reply under another one."""
        lines = self.channels.setdefault(channel, {})
        lines = lines[under].replies if under else lines
        lines[number] = Line(text)
        return lines[number]

    def identity(self) -> Identity:
        """Who mayday is."""
        return Identity(user_id="U0", bot_id="B0", team_id=TEAM, team="t", url="https://t.test/")

    def history(
        self, channel_id: str, *, oldest: str, latest: str = ""
    ) -> Iterator[list[HistoryMessage]]:
        """The pages of a channel, newest first."""
        end: int | None = None
        while end is None or self._page(channel_id, end):
            page = self._answer("history", channel_id, partial(self._page, channel_id, end))
            yield page
            end = _number(page[-1].message.ts) if page else 0

    def replies(self, channel_id: str, thread_ts: str) -> Iterator[list[HistoryMessage]]:
        """The replies of a thread, in one page."""
        parent = _number(thread_ts)

        def answer() -> list[HistoryMessage]:
            found = self.channels[channel_id][parent].replies
            return [_seen(channel_id, n, found[n], parent) for n in sorted(found)]

        yield self._answer("replies", channel_id, answer)

    def _page(self, channel_id: str, before: int | None) -> list[HistoryMessage]:
        lines = self.channels.get(channel_id, {})
        shown = [n for n in sorted(lines, reverse=True) if before is None or n < before]
        return [_seen(channel_id, n, lines[n], 0) for n in shown[: self.page]]

    def _answer(
        self, method: str, channel: str, answer: Callable[[], list[HistoryMessage]]
    ) -> list[HistoryMessage]:
        self.requests.append((method, channel))
        self.on_request(method, channel)
        made = answer()
        self.on_the_way(method, channel)
        return made


def _number(of: str) -> int:
    return int(of.partition(".")[0]) - FIRST


def _seen(channel: str, number: int, line: Line, parent: int) -> HistoryMessage:
    return HistoryMessage(
        message=Message(
            team_id=TEAM,
            channel_id=channel,
            ts=ts(number),
            author="U1",
            text=line.text,
            posted_at=ts_moment(ts(number)),
            thread_ts=ts(parent) if parent else "",
            subtype=line.subtype,
            edited_ts=line.edited_ts,
            raw={"text": line.text},
        ),
        reactions=dict(line.reactions),
        latest_reply=ts(max(line.replies)) if line.replies else "",
        reply_count=len(line.replies),
    )


def add_incident(store: Store, channel: str) -> str:
    """Store an incident with this channel; return its id."""
    incident = Incident(
        id=f"incident-{channel}",
        team_id=TEAM,
        title="Proxy was evicted",
        severity="minor",
        status="investigating",
        summary="",
        private=False,
        hubs=(),
        declared_by="U1",
        declared_at=datetime.now(UTC),
        channel_name=f"incident-{channel}".lower(),
        channel_id=channel,
    )
    with store.write() as tx:
        incident_rows.add(tx, incident)
    return incident.id


def requests(history: History) -> Counter[str]:
    """How many requests of each method were made since the last call."""
    found = Counter(method for method, _channel in history.requests)
    history.requests.clear()
    return found


def fill(history: History, channel: str, *, lines: int = 5, page: int = 2) -> None:
    """Say some lines, of which the first and the last have a reply."""
    history.page = page
    for number in range(1, lines + 1):
        history.say(channel, number * 10)
    for number in (10, lines * 10):
        history.say(channel, number + 1, under=number)
