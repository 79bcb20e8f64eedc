"""Replicas that take back what runs left, on a scripted cluster and a Slack that keeps what was posted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.domain.cluster import ClusterFacts, Node, Workload
from bot.domain.evidence import View
from bot.domain.limits import Limits
from bot.domain.runs import Outcome, Result, RunState
from bot.domain.timeline import EntryKind
from bot.ports import Channel, Identity, Post
from bot.runbook import Step
from bot.services.obligations import Obligations
from bot.services.run_leaves import of
from bot.store import audit
from bot.store import obligations as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.obligations import Obligation
from bot.store.run_tables import obligation
from bot.store.runs import Run
from tests.support.fleet import PLACEHOLDER, USER_1
from tests.support.hubs import NOW, PLACE
from tests.support.leases import AlwaysHeld
from tests.support.rows import CHANNEL, TEAM, Checkpoints, Hands
from tests.support.scripted import Scripted, site

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
INCIDENT = "abc123abc123"
RUN = Run(
    id="run1",
    incident_id=INCIDENT,
    runbook="pre-warm",
    hub=PLACE.hub,
    options={},
    state=RunState.DONE,
    plan=None,
    error="",
    asked_by="U0ANA",
    asked_at=NOW,
)
DONE = Result(outcome=Outcome.DONE)
SCALED = replace(PLACEHOLDER, replicas=20)
AROUND = ClusterFacts(nodes=View(items=(USER_1,)), workloads=View(items=(SCALED,)))


@dataclass(kw_only=True)
class Slack:
    """A Slack that keeps what was posted: channel, effect and text."""

    posts: list[tuple[str, str, Post]] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)

    def time(self) -> datetime:
        return datetime.now(UTC)

    def channel(self, channel_id: str) -> Channel:
        return Channel(
            id=channel_id,
            name="ops",
            is_private=False,
            is_archived=False,
            is_shared=channel_id in self.shared,
            creator="U0ANA",
            created=NOW,
        )

    def identity(self) -> Identity:
        return Identity(
            user_id="U0BOT", bot_id="B0", team_id=TEAM, team="", url="https://x.invalid/"
        )

    def open_dm(self, user: str) -> str:
        return f"D-{user}"

    def find_post(self, channel: str, effect: str, **_more: Any) -> str | None:
        found = [each for each in self.posts if each[:2] == (channel, effect)]
        return "1.0" if found else None

    def post(self, channel: str, post: Post, *, effect: str) -> str:
        if channel in self.fails:
            raise self.fails[channel]
        self.posts.append((channel, effect, post))
        return "1.0"

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(channel, post.text) for channel, _effect, post in self.posts]


@dataclass(kw_only=True)
class Shift:
    """The replicas of a mayday on one database and one cluster."""

    store: Store
    clock: Hands
    slack: Slack = field(default_factory=Slack)
    party: Scripted = field(default_factory=lambda: Scripted(around=AROUND))

    @property
    def sets(self) -> tuple[Workload, ...]:
        return self.party.around.workloads.items

    @sets.setter
    def sets(self, items: tuple[Workload, ...]) -> None:
        self.party.around = replace(self.party.around, workloads=View(items=items))

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.party.around.nodes.items

    @nodes.setter
    def nodes(self, items: tuple[Node, ...]) -> None:
        self.party.around = replace(self.party.around, nodes=View(items=items))

    def replica(self) -> Obligations:
        return Obligations(
            self.store,
            Checkpoints(),
            self.slack,  # type: ignore[arg-type]
            self.clock,
            sites={PLACE.hub: site(self.party)},
            wall=self.clock,
            wait=lambda _seconds: None,
            lease=AlwaysHeld(self.store),
            limits=Limits(),
        )

    def left(self, step: Step, number: int = 1) -> Obligation | None:
        """What a run's step leaves, stored with it."""
        found = of(step, RUN, number, now=self.clock(), wall=self.clock())
        if found is not None:
            with self.store.write() as tx:
                rows.add(tx, found)
        return found

    def row(self) -> Obligation:
        with self.store.read() as tx:
            found = rows.get(tx, "run1/1")
        assert found is not None
        return found

    def let_claims_lapse(self) -> None:
        with self.store.write() as tx:
            ago = self.store.now(tx) - timedelta(seconds=1)
            tx.execute(update(obligation).values(claimed_until=ago))

    def entries(self) -> list[tuple[str, str, str]]:
        with self.store.read() as tx:
            found = timeline_rows.entries(tx, INCIDENT)
        return [
            (entry.author, entry.data["target"], entry.data["outcome"])
            for entry in found
            if entry.kind is EntryKind.RUNBOOK
        ]

    def messages(self) -> list[str]:
        """The texts of the messages of the incident's channel that are stored."""
        with self.store.read() as tx:
            return [each.text for each in timeline_rows.messages(tx, TEAM, CHANNEL)]

    def acts(self) -> list[str]:
        with self.store.read() as tx:
            return [each.line.act for each in audit.latest(tx, limit=50)]
