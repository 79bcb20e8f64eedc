"""What became of a story: collected from Slack, the hub, GitHub, the folder, the log and the database."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.cluster.waiting import wait_for
from sandbox.drill.child import Child
from sandbox.drill.crew import Crew, effect
from sandbox.drill.stage import Sight
from sandbox.github import GitHubSandbox
from sandbox.github_keep import PracticeIssue
from sandbox.slack import SlackSandbox

STORED_WITHIN = 30.0
"""Seconds after which the last message has to be in the database."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A message as mayday's database has it. ``before`` is what it said before each edit."""

    ts: str
    text: str
    deleted: bool = False
    before: tuple[str, ...] = ()


ReadStored = Callable[[str, str], Sequence[Stored]]
"""Reads the messages of a team's channel out of mayday's database, without changing anything."""


@dataclass(frozen=True, kw_only=True)
class Filed:
    """What is published: the issues, and the reports in the folder by their names."""

    issues: Sequence[PracticeIssue] = ()
    reports: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that the checks judge.

    ``stopped`` is why the story did not come to its end. ``said`` is what Slack shows in the
    incident's channel by ts, ``typed`` that part of it which people wrote, ``named`` the ts of the
    messages that the story names. ``pages`` are the pages of the issues, by address, as anybody
    gets them; what answers no 200 is not among them.
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
        """The report in the folder; empty where there is not exactly one."""
        reports = list(self.published[-1].reports.values()) if self.published else []
        return reports[0] if len(reports) == 1 else ""


def filed(github: GitHubSandbox, reports: Path) -> Filed:
    """What is published now."""
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
    crew: Crew,
    sights: Mapping[str, Sight],
    published: Sequence[Filed],
    child: Child,
    read_stored: ReadStored,
) -> Seen:
    """Look at everything once more, after the story."""
    opened = [c.name for c in slack.channels() if c.name.startswith("inc-")]
    said = slack.messages(crew.channel) if crew.channel else []
    announced = slack.messages("incidents")
    return Seen(
        stopped=stopped,
        sights=sights,
        channels=opened,
        cards=sum(effect(message).endswith("/card") for message in said),
        announcements=sum(effect(message).endswith("/announcement") for message in announced),
        said={message["ts"]: str(message["text"]) for message in said},
        typed=frozenset(message["ts"] for message in said if "client_msg_id" in message),
        named=crew.named,
        stored=_stored(read_stored, slack, crew.channel) if crew.channel else (),
        reminders=[str(message["text"]) for message in crew.reminders()] if crew.channel else (),
        published=published,
        pages=_pages(issue.url for issue in (published[-1].issues if published else ())),
        errors=child.errors(),
    )


def links_in(text: str) -> list[str]:
    """The addresses in a text, in order."""
    return re.findall(r"https?://[^\s)\]>\"]+", text)


def _stored(read: ReadStored, slack: SlackSandbox, channel: str) -> Sequence[Stored]:
    """What is stored, once it is what Slack shows or the time for it is up."""
    shown = {message["ts"] for message in slack.messages(channel)}
    found: Sequence[Stored] = ()

    def all_there() -> bool:
        nonlocal found
        found = read(slack.team_id, channel)
        return shown == {message.ts for message in found if not message.deleted}

    # Which are missing is for the check to say.
    with contextlib.suppress(TimeoutError):
        wait_for(all_there, "every message to be stored", seconds=STORED_WITHIN)
    return found


def _pages(urls: Iterable[str]) -> dict[str, str]:
    found = {}
    for url in urls:
        with contextlib.suppress(httpx.HTTPError):
            found[url] = httpx.get(url, timeout=10).raise_for_status().text
    return found
