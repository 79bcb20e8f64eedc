"""The record of an outage: a proxy is evicted one evening."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.actions import ActionItem
from bot.domain.incident import Answers, Incident
from bot.domain.mrkdwn import Named
from bot.domain.report import Report, assemble
from bot.domain.timeline import (
    Entry,
    EntryChange,
    EntryKind,
    EntryRevision,
    FileRef,
    Heading,
    Line,
    Message,
)
from bot.forms import preset
from bot.store import timeline as timeline_rows
from bot.store.engine import Store

PACIFIC = ZoneInfo("America/Los_Angeles")
PEOPLE = {"UADA": "Ada", "UBEN": "Ben"}
DECLARED = datetime(2017, 2, 24, 5, 16, tzinfo=UTC)

INCIDENT = Incident(
    id="inc1",
    team_id="T1",
    title="Proxy eviction strands users",
    severity="sev1",
    status="closed",
    summary="The proxy was evicted and students met errors for about 40 minutes.",
    private=False,
    hubs=("datahub",),
    declared_by="UADA",
    declared_at=DECLARED,
    channel_name="inc-2017-02-24-proxy-eviction-strands-users",
    channel_id="C1",
    answers=Answers(
        texts={
            "impact": "Students met connection failures and 500s from 21:10 to 22:03.",
            "conclusion": "Three things came together:\n1. the [inodes issue](https://github.com/data-8/"
            "infrastructure/issues/6)\n2. one proxy for all\n3. a spawner that asks too much",
        },
        report_date=date(2017, 2, 24),
    ),
)


def at(clock: str, day: int = 23) -> datetime:
    """A moment of that February in Pacific time, as UTC."""
    hour, minute, second = (int(part) for part in (clock + ":0").split(":")[:3])
    return datetime(2017, 2, day, hour, minute, second, tzinfo=PACIFIC).astimezone(UTC)


def note(store: Store, clock: str, text: str, *, now: datetime) -> None:
    """Store Ada's note in the incident's timeline."""
    with store.write() as tx:
        timeline_rows.add_entry(
            tx,
            incident_id=INCIDENT.id,
            at=at(clock),
            now=now,
            kind=EntryKind.NOTE,
            author="UADA",
            data={"text": text, "precision": "second"},
            source=f"note:{clock}",
        )


class Record:
    """Builds lines; each gets the next id."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(
        self,
        kind: EntryKind,
        when: datetime,
        data: Mapping[str, Any],
        *,
        headings: Sequence[Heading] = (Heading.TIMELINE,),
        message: Message | None = None,
        revisions: Sequence[EntryRevision] = (),
    ) -> None:
        """Add an entry of any kind by Ada."""
        entry = Entry(
            id=len(self.lines) + 1,
            incident_id="inc1",
            at=when,
            recorded_at=when,
            kind=kind,
            author="UADA",
            data=data,
            source=f"test:{len(self.lines)}",
        )
        self.lines.append(
            Line(
                entry=entry,
                message=message,
                headings=frozenset(headings),
                revisions=tuple(revisions),
            )
        )

    def note(self, clock: str, text: str, day: int = 23) -> None:
        """Add a note; its time has seconds if the clock has them."""
        precision = "second" if clock.count(":") == 2 else "minute"
        self.add(EntryKind.NOTE, at(clock, day), {"text": text, "precision": precision})

    def record_message(
        self,
        clock: str,
        text: str,
        *headings: Heading,
        files: tuple[FileRef, ...] = (),
    ) -> None:
        """Add a marked message of Ben's."""
        ts = f"{at(clock).timestamp():.6f}"
        message = Message(
            team_id="T1",
            channel_id="C1",
            ts=ts,
            author="UBEN",
            text=text,
            posted_at=at(clock),
            permalink=f"https://slack.test/archives/C1/p{ts.replace('.', '')}",
            files=files,
        )
        self.add(
            EntryKind.MESSAGE,
            at(clock),
            {},
            message=message,
            headings=headings or (Heading.TIMELINE,),
        )


def item(position: int, title: str, group: str = "", **more: Any) -> ActionItem:
    """An action item of the incident."""
    return ActionItem(
        id=f"item{position}",
        incident_id="inc1",
        position=position,
        group=group,
        title=title,
        created_at=DECLARED,
        **more,
    )


ITEMS = (
    item(
        1,
        "Make the proxy replaceable",
        "Upstream JupyterHub",
        link="https://github.com/jupyterhub/jupyterhub/issues/848",
    ),
    item(2, "Ask the API less often", "Upstream KubeSpawner"),
    item(
        3,
        "Check the proxy more often",
        "DataHub configuration",
        link="https://github.com/data-8/jupyterhub-k8s/pull/123",
    ),
    item(4, "Tune the HTTP client", "Upstream KubeSpawner"),
)


UNTRACKED = tuple(replace(one, link="") for one in ITEMS)
"""The same, of which nobody tracks any yet."""


def edited(by: str) -> EntryRevision:
    """Somebody's edit."""
    return EntryRevision(change=EntryChange.EDITED, by=by, at=DECLARED)


def annotated(by: str, text: str) -> EntryRevision:
    """Somebody's annotation."""
    return EntryRevision(change=EntryChange.ANNOTATED, by=by, at=DECLARED, after={"text": text})


def evening() -> Record:
    """The record of that evening."""
    record = Record()
    record.note(
        "21:10:57",
        "The proxy pod is evicted, by [a known issue](https://github.com/data-8/infrastructure/"
        "issues/6).",
    )
    record.note("21:11:04", "A new proxy starts, without any routes.")
    record.record_message(
        "21:14", "people on Piazza report *500s*, see <https://piazza.test/1|this post>"
    )
    record.add(EntryKind.DECLARED, at("21:16"), {"severity": "sev1", "hubs": ["datahub"]})
    record.add(
        EntryKind.RUNBOOK,
        at("21:20"),
        {
            "runbook": "resync-routes",
            "cluster": "prod",
            "namespace": "datahub-prod",
            "hub": "datahub",
            "step": "resync_routes",
            "target": "routes",
            "outcome": "done",
            "seen": {"routes_before": 0, "routes_after": 12, "looks": 1},
            "error": "",
        },
    )
    record.note("21:14", "The hub keeps trying to add the routes.")
    record.record_message("21:30", "no alert told us of this", Heading.WRONG)
    record.record_message("21:31", "<@UADA> was awake", Heading.LUCKY)
    record.add(EntryKind.RESOLVED, at("22:03"), {"from": "fixing", "to": "resolved"})
    record.add(EntryKind.CLOSED, at("10:00", day=27), {"from": "resolved"})
    return record


def report(
    record: Record | None = None,
    *,
    form: str = "2017",
    items: Sequence[ActionItem] = ITEMS,
    people: Mapping[str, str] = PEOPLE,
    zone: ZoneInfo = PACIFIC,
    **changes: Any,
) -> Report:
    """The evening's report. ``changes`` replace incident fields."""
    return assemble(
        replace(INCIDENT, **changes),
        (record or evening()).lines,
        items,
        form=preset(form),
        zone=zone,
        named=Named(people=people),
        hub_urls={"datahub": "https://datahub.example.edu"},
    )


def opened(text: str) -> str:
    """The Markdown with headings that are not closed: ``## Summary ##`` as ``## Summary``."""
    return re.sub(r"(?m)^(#+ .*?) #+$", r"\1", text)
