"""What ``/incident search`` found, and the past outages that are like a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.ports import Post
from bot.render import blocks as b
from bot.render.text import cut, escaped

NOTHING = "Nothing was found for “{words}”. Try other words."
FOUND = "Found for “{words}”:"
ALIKE = "*Past outages that may be like this one:*"
NO_TITLE = "Report without a title"


@dataclass(frozen=True, kw_only=True)
class Result:
    """A report or an incident as it is shown.

    Attributes:
        channel: the incident's channel, empty for an imported report.
        ended: what ended the outage.
        part: the part of the text that has the words that were searched for.
    """

    title: str
    date: date | None
    url: str
    channel: str
    ended: str
    part: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        day = self.date.isoformat() if self.date else None
        return {
            "title": cut(self.title, 200),
            "date": day,
            "url": self.url,
            "channel": self.channel,
            "ended": cut(self.ended, 300),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Result:
        """Return what :meth:`to_json` stored."""
        day = value["date"]
        return cls(**{**value, "date": date.fromisoformat(day) if day else None})


def results(words: str, found: Sequence[Result]) -> Post:
    """Return the answer to a search."""
    shown = escaped(cut(" ".join(words.split()), 100), 300)
    if not found:
        text = NOTHING.format(words=shown)
        return Post(text=text, blocks=(b.section(text),))
    text = FOUND.format(words=shown)
    return Post(text=text, blocks=(b.section(text), *(b.section(_shown(each)) for each in found)))


def alike(spec: Mapping[str, Any]) -> Post:
    """Return the message with past outages and what ended each."""
    found = [Result.from_json(each) for each in spec["found"]]
    lines = "\n".join(f"• {_shown(each)}" for each in found)
    return Post(text=ALIKE.strip("*"), blocks=(b.section(f"{ALIKE}\n{lines}"),))


def _shown(result: Result) -> str:
    title = escaped(result.title or NO_TITLE, 200).replace("|", "¦")
    shown = f"<{_address(result.url)}|{title}>" if _address(result.url) else f"*{title}*"
    day = f" · {result.date}" if result.date else ""
    channel = f" · <#{result.channel}>" if result.channel else ""
    ended = f"\n    Ended: {escaped(result.ended, 400)}" if result.ended else ""
    part = f"\n    _{escaped(result.part.replace('_', ' '), 400)}_" if result.part else ""
    return f"{shown}{day}{channel}{part}{ended}"


def _address(url: str) -> str:
    """Return the address if Slack's notation can contain it, or an empty string."""
    is_plain = url.startswith(("http://", "https://")) and not any(c in url for c in "<>|\n ")
    return url.replace("&", "&amp;") if is_plain else ""
