"""A team's rules for action items: their categories, what closing requires of them, and who is reminded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.actions import ActionItem
from bot.domain.item_states import ItemState

DEFAULT_CATEGORIES = ("prevent", "detect", "mitigate", "process")
MORNING = time(9)
"""From when on, in the team's zone, people are reminded of what is due on a day."""


class CloseGate(StrEnum):
    """What every open action item needs before its incident can be closed."""

    ISSUES = "issues"  # an issue, or a repository where mayday will file one
    OWNERS = "owners"
    DUE_DATES = "due_dates"
    CATEGORIES = "categories"


@dataclass(frozen=True, kw_only=True)
class ItemPolicy:
    """The rules. ``reminds_owner`` is whether owners get direct messages, one ``every`` so often.

    After ``escalate_after`` of them, further ones also go to ``escalate_to``, a channel or a user id.
    ``digest_channel`` gets the list of open items on ``digest_day`` (0 is Monday). Empty ones tell nobody.
    ``can_file`` says that there is a repository where items without one of their own are filed.
    """

    categories: Sequence[str] = DEFAULT_CATEGORIES
    close_requires: Sequence[CloseGate] = ()
    can_file: bool = False
    reminds_owner: bool = True
    every: timedelta = timedelta(days=7)
    escalate_after: int = 3
    escalate_to: str = ""
    digest_channel: str = ""
    digest_day: int = 0


def is_person(to: str) -> bool:
    """Whether this is a person's user id, and not a channel's name or id."""
    return re.fullmatch(r"[UW][A-Z0-9]{2,20}", to) is not None


def unmet(items: Iterable[ActionItem], policy: ItemPolicy) -> dict[CloseGate, list[ActionItem]]:
    """Return what closing requires and which open items lack it."""
    found: dict[CloseGate, list[ActionItem]] = {}
    for item in items:
        if item.state != ItemState.OPEN:
            continue
        has = {
            CloseGate.ISSUES: item.is_tracked or bool(item.repository) or policy.can_file,
            CloseGate.OWNERS: bool(item.owner),
            CloseGate.DUE_DATES: item.due_on is not None,
            CloseGate.CATEGORIES: bool(item.category),
        }
        for gate in policy.close_requires:
            if not has[gate]:
                found.setdefault(gate, []).append(item)
    return found


def due_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the latest day whose due items people are reminded of now."""
    local = now.astimezone(zone)
    return local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)


def digest_moment(now: datetime, zone: ZoneInfo, weekday: int) -> datetime:
    """Return when the latest weekly digest was due; 0 is Monday."""
    day = due_day(now, zone)
    day -= timedelta(days=(day.weekday() - weekday) % 7)
    return datetime.combine(day, MORNING, tzinfo=zone)


def is_overdue(item: ActionItem, today: date) -> bool:
    """Whether an open item should have been done before today."""
    return item.state == ItemState.OPEN and item.due_on is not None and item.due_on < today
