"""What somebody in a story can do, as data, and the beat that says when and who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Los_Angeles")
DAY = date(2017, 2, 23)


@dataclass(frozen=True, kw_only=True)
class EvictProxy:
    """The proxy's pod is evicted; its successor knows no routes."""


@dataclass(frozen=True, kw_only=True)
class HangStops:
    """The stops of these users' servers begin and do not end."""

    users: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class WaitInVain:
    """The grace time of these users' pods passes, and they are still there."""

    users: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class StartServers:
    """These users start their servers."""

    users: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Look:
    """Hub, pods, routes, health pages and every student's own page are looked at and kept."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Declare:
    """``/incident declare``, then the form."""

    title: str
    severity: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class Join:
    """They join the incident's channel."""


@dataclass(frozen=True, kw_only=True)
class Say:
    """They write into a channel, the incident's if none is named; ``name`` is for later beats."""

    text: str
    name: str = ""
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """They answer a message in its thread."""

    to: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Edit:
    """They change what they wrote."""

    what: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Delete:
    """They take back what they wrote."""

    what: str


@dataclass(frozen=True, kw_only=True)
class React:
    """They put an emoji on a message."""

    to: str
    emoji: str


@dataclass(frozen=True, kw_only=True)
class Type:
    """They type a command in the incident's channel and see ``answer``, for them or for all."""

    line: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """``/incident run``, then the button that confirms the plan, then the end of it."""

    runbook: str


@dataclass(frozen=True, kw_only=True)
class Remind:
    """mayday reminds people, by itself, to tell how things stand."""


@dataclass(frozen=True, kw_only=True)
class Close:
    """``/incident close``, then the form; the report is published."""

    title: str
    report_date: date
    summary: str
    conclusion: str


@dataclass(frozen=True, kw_only=True)
class PublishAgain:
    """``/incident publish``, when everything is published already."""


Deed = (
    EvictProxy
    | HangStops
    | WaitInVain
    | StartServers
    | Look
    | Declare
    | Join
    | Say
    | Reply
    | Edit
    | Delete
    | React
    | Type
    | Run
    | Remind
    | Close
    | PublishAgain
)


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One thing that happens. ``when`` is aware."""

    when: datetime
    who: str
    deed: Deed


def at(clock: str, who: str, deed: Deed) -> Beat:
    """A beat at ``21:14`` or ``21:14:20`` of the story's evening, in its own zone."""
    moment = datetime.combine(DAY, time.fromisoformat(clock), tzinfo=ZONE)
    return Beat(when=moment, who=who, deed=deed)
