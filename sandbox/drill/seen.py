"""Collects a story's results from Slack, the hub, GitHub, the folder, the log and the database."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from sandbox.cluster.waiting import wait_for
from sandbox.drill.child import Child
from sandbox.drill.crew import effect
from sandbox.github import GitHubSandbox
from sandbox.github_keep import PracticeIssue
from sandbox.hub import HubSandbox, Row
from sandbox.hub.running import USERNAME
from sandbox.slack import SlackSandbox

if TYPE_CHECKING:
    from sandbox.drill.play import Player

STORED_WITHIN = 30.0
"""Deadline in seconds for the last message to be in the database."""

WORKS = 200
"""The HTTP status for a student whose server is reachable."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The hub at one moment: its rows, whether the two health pages say 200, the HTTP status that
    each student gets, and the uid of each student's pod."""

    rows: Sequence[Row]
    hub_well: bool
    proxy_well: bool
    visits: Mapping[str, int]
    pods: Mapping[str, str]

    @property
    def ready(self) -> set[str]:
        """Users whose servers are ready."""
        return {row.user for row in self.rows if row.hub == "ready"}

    @property
    def routed(self) -> set[str]:
        """The users with a route."""
        return {row.user for row in self.rows if row.route}

    @property
    def stuck(self) -> set[str]:
        """Users whose servers hang in start or stop."""
        return {row.user for row in self.rows if row.hub.startswith("pending")}

    @property
    def working(self) -> set[str]:
        """Users who reach theirs."""
        return {user for user, status in self.visits.items() if status == WORKS}

    def __str__(self) -> str:
        health = "; ".join(
            f"{part} {'says 200' if well else 'does not say 200'}"
            for part, well in (("hub", self.hub_well), ("proxy", self.proxy_well))
        )
        return (
            f"{len(self.ready)} ready, {len(self.routed)} routed, {len(self.stuck)} stuck; "
            f"{len(self.working)} of {len(self.visits)} students reach their server; {health}"
        )


def look(hub: HubSandbox) -> Sight:
    """The hub as it is now; the students' pages are asked for all at once."""
    rows = hub.rows()
    visits = hub.visits()
    return Sight(
        rows=rows,
        hub_well=hub.hub_ok(),
        proxy_well=hub.proxy_ok(),
        visits=visits,
        pods={
            pod["metadata"]["annotations"][USERNAME]: str(pod["metadata"]["uid"])
            for pod in hub.user_pods()
        },
    )


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A message in mayday's database. ``before`` is its text before each edit."""

    ts: str
    text: str
    deleted: bool = False
    before: tuple[str, ...] = ()


ReadStored = Callable[[str, str], Sequence[Stored]]
"""Reads the messages of a team's channel from mayday's database, read-only."""


@dataclass(frozen=True, kw_only=True)
class Filed:
    """What is published: the issues, and the reports in the folder by name."""

    issues: Sequence[PracticeIssue] = ()
    reports: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The input of all checks.

    ``stopped`` is why the story ended early. ``said`` is what Slack shows in the incident's
    channel by ts, ``typed`` the part that people wrote, ``named`` the ts of the messages that the
    story names. ``pages`` are the public pages of the issues, by address; pages that do not
    return 200 are omitted.
    """

    stopped: str = ""
    sights: Mapping[str, Sight]
    channels: Sequence[str] = ()
    cards: int = 0
    announcements: int = 0
    said: Mapping[str, str]
    typed: frozenset[str] = frozenset()
    named: Mapping[str, str]
    stored: Sequence[Stored] = ()
    reminders: Sequence[str] = ()
    published: Sequence[Filed] = ()
    pages: Mapping[str, str]
    errors: Sequence[str] = ()

    @property
    def report(self) -> str:
        """The report in the folder; empty unless there is exactly one."""
        reports = list(self.published[-1].reports.values()) if self.published else []
        return reports[0] if len(reports) == 1 else ""


def filed(github: GitHubSandbox, reports: Path) -> Filed:
    """What is published."""
    return Filed(
        issues=github.issues(),
        reports={
            file.name: file.read_text(encoding="utf-8") for file in sorted(reports.glob("*.md"))
        },
    )


def collect(
    *,
    stopped: str,
    slack: SlackSandbox,
    player: Player,
    child: Child,
    read_stored: ReadStored,
) -> Seen:
    """Read the final state after the story."""
    opened = [c.name for c in slack.channels() if c.name.startswith("inc-")]
    said = slack.messages(player.channel) if player.channel else []
    announced = slack.messages("incidents")
    return Seen(
        stopped=stopped,
        sights=player.sights,
        channels=opened,
        cards=sum(effect(message).endswith("/card") for message in said),
        announcements=sum(effect(message).endswith("/announcement") for message in announced),
        said={message["ts"]: str(message["text"]) for message in said},
        typed=frozenset(message["ts"] for message in said if "client_msg_id" in message),
        named=player.named,
        stored=_stored(read_stored, slack, player.channel) if player.channel else (),
        reminders=[str(message["text"]) for message in player.reminders()]
        if player.channel
        else (),
        published=player.published,
        pages=_pages(
            issue.url for issue in (player.published[-1].issues if player.published else ())
        ),
        errors=child.errors(),
    )


def links_in(text: str) -> list[str]:
    """The addresses in a text, in order."""
    return re.findall(r"https?://[^\s)\]>\"]+", text)


def _stored(read: ReadStored, slack: SlackSandbox, channel: str) -> Sequence[Stored]:
    """The stored messages, once they match Slack or the deadline passes."""
    shown = {message["ts"] for message in slack.messages(channel)}
    found: Sequence[Stored] = ()

    def all_there() -> bool:
        nonlocal found
        found = read(slack.team_id, channel)
        return shown == {message.ts for message in found if not message.deleted}

    # The check reports which are missing.
    with contextlib.suppress(TimeoutError):
        wait_for(all_there, "every message to be stored", seconds=STORED_WITHIN)
    return found


def _pages(urls: Iterable[str]) -> dict[str, str]:
    found = {}
    for url in urls:
        with contextlib.suppress(httpx.HTTPError):
            found[url] = httpx.get(url, timeout=10).raise_for_status().text
    return found
