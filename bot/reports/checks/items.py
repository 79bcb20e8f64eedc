"""Finds action items that no issue tracks."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.reports.checks.tracked import is_tracked, says_done
from bot.reports.finding import Finding, Rule
from bot.reports.prose import Prose

UNFILED = "The action item “{text}” has no issue."
FILE = "File an issue for it and link it, or say that it is done."
_SHOWN = 60


def unfiled(seen: Prose, flagged: Collection[int]) -> Iterator[Finding]:
    """The items without an issue. A placeholder isn't an item: lines that are ``flagged`` as one are."""
    for item in seen.report.items:
        if item.is_done or says_done(item.text) or is_tracked(item):
            continue
        line = seen.line(item.line - 1)
        words = item.text.replace("{{", "").replace("}}", "").split()
        is_placeholder = line in flagged and " ".join(words).lower().startswith("summary [")
        if is_placeholder:
            continue
        text = " ".join(words)
        shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1].rstrip()}…"
        yield Finding(line=line, rule=Rule.ISSUE, message=UNFILED.format(text=shown), remedy=FILE)
