"""Action items: work that prevents the outage from recurring, and where it is tracked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.item_words import LinkKind as LinkKind
from bot.domain.item_words import link_kind as link_kind
from bot.domain.item_words import shortened, split_link
from bot.domain.timeline import Heading, Line, chosen
from bot.errors import UserError

DEFAULT_GROUPS = (
    "Process/Policy improvements",
    "Documentation improvements",
    "Technical improvements",
)

NOT_A_REPOSITORY = "Write a repository as owner/name, such as 2i2c-org/infrastructure."

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, kw_only=True)
class ActionItem:
    """An action item. ``position`` counts from 1 within the incident.

    ``group`` is its heading in the report. ``owner`` is a Slack user id or empty. ``link`` is where
    people already track it (an issue or a pull request) or empty. ``issue_url`` is the issue that mayday
    filed for it, in ``repository`` or, if that is empty, where all are filed. ``due_on`` is in the team's
    zone. ``state`` is ``open``, ``done`` or ``dropped``, set by ``state_by`` at ``state_at``;
    ``issue_state`` is GitHub's, read at ``issue_read_at``. ``nags`` counts the reminders to its owner, the
    next of which is due at ``nag_at`` at the earliest.
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
    due_on: date | None = None
    category: str = ""
    repository: str = ""
    state: str = "open"
    state_at: datetime | None = None
    state_by: str = ""
    issue_state: str = ""
    issue_read_at: datetime | None = None
    nags: int = 0
    nag_at: datetime | None = None

    @property
    def is_tracked(self) -> bool:
        """Whether there is an issue or a pull request for it."""
        return bool(self.issue_url) or link_kind(self.link) is not LinkKind.OTHER

    @property
    def needs_issue(self) -> bool:
        """Whether mayday files an issue for it, or did: nobody tracks it elsewhere or dropped it."""
        return bool(self.issue_url) or not (self.is_tracked or self.state == "dropped")

    @property
    def tracked_at(self) -> str:
        """The address of the issue or pull request that tracks it, or an empty string."""
        return self.issue_url or (self.link if self.is_tracked else "")


@dataclass(frozen=True, kw_only=True)
class ListedItem:
    """An action item with its incident: its title, channel, and whether it is private.

    ``is_hidden`` says that Slack doesn't show the channel, so that nobody knows whether it is private.
    """

    item: ActionItem
    incident_title: str
    team_id: str
    channel_id: str
    channel_name: str
    is_private: bool
    is_hidden: bool


TITLE_LIMIT = 250


def item_id(incident_id: str, source: str) -> str:
    """Return the id of the item created from ``source``; the same source has the same id."""
    return hashlib.sha256(f"{incident_id}/{source}".encode()).hexdigest()[:12]


def tagged_items(
    incident_id: str, lines: Iterable[Line], items: Iterable[ActionItem], *, group: str
) -> list[ActionItem]:
    """Return the items of messages tagged as action items, except messages with an item of their own.

    They follow edits of their messages and disappear with the last tag, until they are published.
    """
    lines = list(lines)
    kept = list(items)
    filed = {item.source for item in kept}
    found: list[ActionItem] = []
    for line in chosen(lines, Heading.ACTION):
        source = f"message/{line.entry.message_key}"
        title, link = split_link(line.text)
        if source in filed or not title:
            continue
        found.append(
            ActionItem(
                id=item_id(incident_id, source),
                incident_id=incident_id,
                position=len(kept) + len(found) + 1,
                group=group,
                title=shortened(title, TITLE_LIMIT),
                link=link,
                source=source,
                created_at=line.entry.at,
            )
        )
    return found


def clean_repository(text: str) -> str:
    """Return a repository's name as typed, or pasted as its address; empty for none.

    Raises:
        UserError: it is neither.
    """
    name = text.strip().removesuffix("/").removesuffix(".git")
    name = re.sub(r"^https?://[^/]+/", "", name)
    if name and not _REPOSITORY.fullmatch(name):
        raise UserError(NOT_A_REPOSITORY, field="repository")
    return name
