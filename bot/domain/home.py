"""What the app's Home shows to one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from bot.domain.actions import ActionItem
from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """A person's Home at ``now``; everything in it is for their eyes.

    ``incidents`` are those that are not closed, the latest first, ``items`` the person's open action items
    with the titles of their incidents. ``runbooks`` are the names and titles of those that they may run.
    ``setup`` are sentences about what the workspace still lacks. ``lead`` is the role that leads, empty
    where the team has none, and ``leaders`` the user ids of those who lead, by the incident's id.
    """

    user: str
    now: datetime
    today: date
    incidents: Sequence[Incident] = ()
    items: Sequence[tuple[ActionItem, str]] = ()
    runbooks: Sequence[tuple[str, str]] = ()
    setup: Sequence[str] = ()
    may_declare: bool = False
    has_hubs: bool = False
    lead: str = ""
    leaders: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
