"""Action items: what will be done so that the outage does not come back, and where it is followed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

DEFAULT_GROUPS = (
    "Process/Policy improvements",
    "Documentation improvements",
    "Technical improvements",
)


@dataclass(frozen=True, kw_only=True)
class ActionItem:
    """One thing to do. ``position`` counts from 1 within the incident.

    ``group`` is the heading it stands under in the report; ``owner`` a Slack user id or empty.
    ``link`` is a place where people track it already (an issue or a pull request they named), empty
    when none; ``issue_url`` is the issue that mayday filed for it.
    """

    id: str
    incident_id: str
    position: int
    group: str
    title: str
    owner: str = ""
    link: str = ""
    issue_url: str = ""
    source: str = ""
    created_at: datetime
    dropped_at: datetime | None = None
