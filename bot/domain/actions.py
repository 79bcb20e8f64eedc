"""Action items: what will be done so that the outage does not come back, and where it is followed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from bot.domain.slack_message import plain
from bot.domain.timeline import Heading, Line, chosen

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

    @property
    def is_followed(self) -> bool:
        """There is an issue or a pull request for it."""
        return bool(self.issue_url) or link_kind(self.link) is not LinkKind.OTHER


TITLE_LIMIT = 250
_PULL = re.compile(r"/(?:pull|pulls|merge_requests)/\d+")
_ISSUE = re.compile(r"/issues/\d+")


class LinkKind(StrEnum):
    """What a link of an item leads to, in the words of the report."""

    PULL = "PR"
    ISSUE = "Issue"
    OTHER = "Link"


def link_kind(url: str) -> LinkKind:
    """What an address leads to: a page about the matter is not yet a place where it is followed."""
    path = urlsplit(url).path
    if _PULL.search(path):
        return LinkKind.PULL
    return LinkKind.ISSUE if _ISSUE.search(path) else LinkKind.OTHER


def item_id(incident_id: str, source: str) -> str:
    """The id of the item that comes from ``source``; the same source is always the same item."""
    return hashlib.sha256(f"{incident_id}/{source}".encode()).hexdigest()[:12]


def marked_items(
    incident_id: str, lines: Iterable[Line], items: Iterable[ActionItem], *, group: str
) -> list[ActionItem]:
    """The items that people marked messages as, without those that were filed from a message.

    They follow their messages, and go when the last mark is taken back, until they are published.
    """
    lines = list(lines)
    kept = list(items)
    filed = {item.source for item in kept}
    found: list[ActionItem] = []
    for line in chosen(lines, Heading.ACTION):
        source = f"message/{line.entry.message_key}"
        title = " ".join(plain(line.text).split())
        if source in filed or not title:
            continue
        found.append(
            ActionItem(
                id=item_id(incident_id, source),
                incident_id=incident_id,
                position=len(kept) + len(found) + 1,
                group=group,
                title=title if len(title) <= TITLE_LIMIT else title[: TITLE_LIMIT - 1] + "…",
                source=source,
                created_at=line.entry.at,
            )
        )
    return found
