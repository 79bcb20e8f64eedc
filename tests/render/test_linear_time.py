"""The time to read and render a text is linear in its length, whatever was typed.

A long text of one repeated construct took many seconds, in which a replica did nothing else.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.item_words import as_mrkdwn, shortened, split_link
from bot.domain.mrkdwn import plain, typed
from bot.domain.slack_message import words
from bot.domain.time_parsing import Reader
from bot.domain.unfinished import is_unfinished
from bot.errors import UserError
from bot.render import listing
from bot.render.lines import quiet
from bot.render.markdown import bare, fenced, inline, literal, neutral
from bot.render.parts import split
from bot.render.text import code, escaped

READER = Reader(zone=ZoneInfo("UTC"), now=datetime(2026, 1, 1, tzinfo=UTC), order="mdy")

CLOCKS = Reader(zone=ZoneInfo("UTC"), now=datetime(2026, 1, 1, tzinfo=UTC), order="mdy")


def refused(read: Callable[[], object]) -> None:
    """Read a text that may be no time."""
    with suppress(UserError):
        read()


LENGTH = 40_000
"""Characters in the longest message of Slack."""

NOTHING = 0.2
"""Seconds that are not compared; a quadratic reader took more for some text."""

READERS: dict[str, Callable[[str], object]] = {
    "neutral": neutral,
    "inline": inline,
    "bare": bare,
    "literal": literal,
    "fenced": fenced,
    "split": lambda text: split(neutral(text) * 3),
    "preview": listing.preview,
    "quiet": quiet,
    "escaped": lambda text: escaped(text, 3000),
    "code": code,
    "plain": plain,
    "typed": typed,
    "split_link": split_link,
    "shortened": lambda text: shortened(text, 250),
    "as_mrkdwn": as_mrkdwn,
    "time": lambda text: refused(lambda: CLOCKS.time(text)),
    "time of a note": lambda text: refused(lambda: CLOCKS.note(f"at {text}")),
    "unfinished": is_unfinished,
    "words": lambda text: words(
        {
            "text": text,
            "blocks": [{"type": "markdown", "text": text}],
            "attachments": [{"text": text, "fallback": text}],
        }
    ),
}
REPEATED = [
    *("<", "&lt;", "&", "&amp;", "`", "`a", "*", "* ", "*a ", "_", "_a ", "~a ", "> ", "&gt;", "["),
    *("](", "[a](https://x|", "[a](https://x()", "<@", "<@U1|", "<#C1|", "<!", "<!a", "<mailto:"),
    *(
        "<https://x|",
        "https://",
        "#1",
        "fix ",
        "fix.",
        "fix/",
        "fixes: ",
        "closes-",
        "@a",
        "a",
        " ",
    ),
    *("\n", "\r\n", "a\n\n", "- a\n", "> > ", "1. ", "*_", "*_~", "{{", "{{ ", "\u200b", "\\", "|"),
    *(
        "1:",
        "1:00 ",
        "a.b/",
        "1-",
        "~",
        "at ",
        "Jan 1 ",
        "1:00-",
        "```\n",
        "``` ",
        "&#",
        "<!--",
        "é",
    ),
]


def texts(length: int) -> dict[str, str]:
    """Texts of this length that once took long, or that something like it could."""
    found = {repr(unit): (unit * length)[:length] for unit in REPEATED}
    found["a keyword and spaces"] = "fix" + " " * (length - 4) + "x"
    found["brackets after a link"] = "https://a" + ")" * (length - 9)
    found["brackets and dots after a link"] = "https://a" + ".)" * (length // 2 - 5)
    found["fences of all lengths"] = " ".join("`" * n for n in range(3, int((2 * length) ** 0.5)))
    found["keywords before a link"] = "fix " * (length // 4 - 3) + "https://a"
    found["nested styles"] = "*_" * (length // 4) + "x" + "_*" * (length // 4)
    found["a fence in a fence"] = f"```\n{'`' * (length - 8)}\n```"
    found["deep quotes"] = "&gt; " * (length // 10) + "a\n" * (length // 4)
    return found


def seconds(read: Callable[[str], object], text: str) -> float:
    """The time of this process, which other processes on the machine don't change much.

    A collection of garbage takes as long as the process has objects, so there is none meanwhile.
    """
    gc.disable()
    try:
        taken = []
        for _ in range(3):
            began = time.process_time()
            read(text)
            taken.append(time.process_time() - began)
            if taken[-1] < NOTHING:
                break
        return min(taken)
    finally:
        gc.enable()


@pytest.mark.parametrize("reader", READERS)
def test_long_texts_take_time_in_proportion_to_their_length(reader: str) -> None:
    quarter = texts(LENGTH // 4)
    for name, text in texts(LENGTH).items():
        took = seconds(READERS[reader], text)
        assert took < 1, name
        if took > NOTHING:
            assert took < 10 * seconds(READERS[reader], quarter[name]), name
