"""What is known of an incident now, as the card and the canvas show it.

That is the last update, who handed over to whom, and which runbooks run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import Incident
from bot.domain.mrkdwn import typed, unescape
from bot.domain.timeline import EntryKind, PostedEntry
from bot.render.text import code, cut, escape, escaped

UPDATES = frozenset({EntryKind.UPDATE, EntryKind.STATUS, EntryKind.SEVERITY, EntryKind.RESOLVED})
"""The kinds of entry that are updates, where somebody wrote a text."""

MOST_RUNNING = 5
MOST_LINES = 40
"""Lines of a quote."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody wrote, as message text, and when. ``to`` is the person it is for, if it is for one."""

    text: str
    by: str
    at: datetime
    to: str = ""


@dataclass(frozen=True, kw_only=True)
class RunningSpec:
    """A runbook that is being carried out. ``link`` is its message, empty until there is one."""

    runbook: str
    hub: str
    link: str


def is_update(entry: PostedEntry) -> bool:
    """Whether somebody wrote an update with this entry."""
    return entry.kind in UPDATES and bool(entry.data.get("text"))


def last_update(entries: Sequence[PostedEntry]) -> Said | None:
    """The last update that somebody wrote."""
    found = next((e for e in reversed(entries) if is_update(e) and not e.is_deleted), None)
    return Said(text=str(found.data["text"]), by=found.author, at=found.at) if found else None


def last_handover(incident: Incident, entries: Sequence[PostedEntry]) -> Said | None:
    """The last handover, while the person who took over still has the role."""
    roles = [e for e in entries if e.kind is EntryKind.ROLE and not e.is_deleted]
    found = next((e for e in reversed(roles) if "text" in e.data), None)
    if found is None or incident.roles.get(found.data["role"]) != found.data["user"]:
        return None
    data = found.data
    return Said(text=str(data["text"]), by=found.author, at=found.at, to=str(data["user"]))


def running_words(run: RunningSpec) -> str:
    """A runbook that runs, with a link to its message."""
    name = f"`{run.runbook}` on {escaped(run.hub, 100)}"
    return f"{name} · <{run.link}|progress>" if run.link else name


def link_words(label: str, url: str) -> str:
    """A link under its label, or a path as it is."""
    return f"<{url}|{escape(label)}>" if url.startswith("http") else f"`{code(url, 300)}`"


def quoted(text: str, limit: int) -> str:
    """Message text or a form's as a quote on lines of its own; nothing for an empty text."""
    # Kept as Slack escapes it, or plain from a form's title: either way it is escaped once here.
    found = cut(text, limit).splitlines()
    if len(found) > MOST_LINES:
        found = [*found[: MOST_LINES - 1], "…"]
    lines = "\n".join(f">{typed(unescape(line))}" for line in found)
    return f"\n{lines}" if lines else ""
