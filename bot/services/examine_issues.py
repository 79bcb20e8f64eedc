"""The check of ``mayday doctor`` for the repositories that action items' issues are read from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.services.examine import Finding
from bot.store import items as rows
from bot.store.engine import Tx
from bot.store.items import FollowedRepository

LATE = timedelta(minutes=15)
"""How late a repository may be read. While mayday works it is seconds late."""

NONE = "No action item has an issue."
FOUND = "Repositories that are read: {number}, can't be read or changed: {failing}, late: {late}."
ADVICE = "Fix what the error says. mayday reads a repository again after an hour at the latest."
LINE = "{name}, next reading {when}{error}"


def check_issues(tx: Tx, now: datetime) -> Finding:
    """Return which repositories fail and which are late. ``now`` is the domain's time."""
    found = rows.repositories(tx)
    if not found:
        return Finding(name="issues", ok=True, summary=NONE)
    failing = sum(bool(each.error) for each in found)
    late = sum(now - each.due_at > LATE for each in found)
    is_well = not (failing or late)
    return Finding(
        name="issues",
        ok=is_well,
        summary=FOUND.format(number=len(found), failing=failing, late=late),
        advice="" if is_well else ADVICE,
        items=[(_line(each), _plain(each)) for each in found],
    )


def _line(each: FollowedRepository) -> str:
    when = f"{each.due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    error = f": {each.error}" if each.error else ""
    return LINE.format(name=each.name, when=when, error=error)


def _plain(each: FollowedRepository) -> dict[str, Any]:
    return {"name": each.name, "due_at": each.due_at.isoformat(), "error": each.error}
