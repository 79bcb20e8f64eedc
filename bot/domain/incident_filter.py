"""Which incidents a person wants to see in a list, and a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class IncidentFilter:
    """What the incidents have in common; what is empty doesn't matter.

    ``is_open`` is None for both, ``mine`` a user who declared the incident or has a role in it.
    """

    is_open: bool | None = None
    hubs: Sequence[str] = ()
    severities: Sequence[str] = ()
    statuses: Sequence[str] = ()
    mine: str = ""


@dataclass(frozen=True, kw_only=True)
class IncidentPage:
    """Some incidents, open ones first and then the latest first.

    ``open`` and ``over`` are how many there are in all, ``first`` is the place of the first one here, from 0.
    """

    incidents: Sequence[Incident]
    open: int
    over: int
    first: int = 0
