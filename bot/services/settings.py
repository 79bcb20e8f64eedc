"""The team's choices as the services need them; bootstrap makes them from the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.incident import Policy
from bot.domain.timeline import Heading


@dataclass(frozen=True, kw_only=True)
class HubPlace:
    """Where a hub lives. ``url`` is its users' address."""

    name: str
    url: str
    cluster: str
    namespace: str


@dataclass(frozen=True, kw_only=True)
class Filing:
    """How issues are filed. The first label of each kind is how they are found again."""

    labels: Sequence[str] = ("incident",)
    item_labels: Sequence[str] = ("incident-action-item",)
    assignees: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a team chose. ``reactions`` maps emoji names to headings, ``intervals`` severities to the
    time between reminders; ``may_run_*`` are Slack ids, ``open_to_all`` is for practice only."""

    policy: Policy
    intervals: Mapping[str, timedelta]
    reactions: Mapping[str, Heading]
    groups: tuple[str, ...]
    channel_template: str
    announce_channel: str
    zone: ZoneInfo
    report_form: str
    hubs: Mapping[str, HubPlace]
    may_run_users: frozenset[str]
    may_run_groups: frozenset[str]
    open_to_all: bool = False
    filing: Filing = Filing()

    def interval(self, severity: str) -> timedelta:
        """Between two reminders; of a severity that the configuration no longer has, the shortest."""
        return self.intervals.get(severity, min(self.intervals.values()))

    @property
    def hub_urls(self) -> dict[str, str]:
        """Addresses by hub name."""
        return {name: hub.url for name, hub in self.hubs.items()}
