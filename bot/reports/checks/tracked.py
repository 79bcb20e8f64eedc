"""Tells whether an action item is tracked somewhere, or done."""

from __future__ import annotations

import re

from bot.reports.report import ImportedItem

_URL = re.compile(
    r"/(?:issues|pull|pulls|merge_requests|discussions|browse|commit|work_items|tickets?)/[\w-]*\d|linear\.app/|trello\.com/c/",
    re.IGNORECASE,
)
_HASH = re.compile(r"(?:^|[\s(\[:])(?:[\w.-]{1,100}(?:/[\w.-]{1,100})?)?#\d+\b|\bGH-\d+\b")
_TICKET = re.compile(r"\b[A-Z][A-Z0-9]{1,9}-\d+\b")
_DONE = re.compile(
    r"[(\[]\s*done\b[^()\[\]]{0,30}[)\]]|[*_]done\b[^*_\n]{0,30}[*_]|\bdone[.!]*\s*$|✅"
    r"|^\s*done\b\s*[:—–-]",
    re.IGNORECASE,
)


def is_tracked(item: ImportedItem) -> bool:
    """Return whether the item links or names an issue, a pull request or a ticket."""
    return (
        any(_URL.search(link) for link in item.links)
        or bool(_HASH.search(item.text))
        or bool(_TICKET.search(item.text))
    )


def says_done(text: str) -> bool:
    """Return whether a text says of itself that it is done: ``(Done!)``, ``✅``, or struck through."""
    struck = text.strip().startswith("~~") and text.strip().endswith("~~")
    return struck or bool(_DONE.search(text))
