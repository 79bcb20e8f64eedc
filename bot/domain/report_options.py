"""What differs in one incident's report from the configured form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class ExtraSection:
    """A section that only this report has."""

    heading: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What people chose for one report.

    ``headings`` has other headings by section key, ``hub_urls`` the public URLs of hubs that are not
    configured. ``labels`` and ``assignees`` (GitHub logins) are the configured ones if None. ``ticks`` are
    the checkboxes that people ticked or unticked, by their names; mayday ticks the others.
    """

    headings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    labels: tuple[str, ...] | None = None
    assignees: tuple[str, ...] | None = None
    hub_urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    extra: tuple[ExtraSection, ...] = ()
    ticks: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
