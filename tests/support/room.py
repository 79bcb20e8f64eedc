"""Runs on a hub whose state changes with each act."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.hubs import Place
from bot.domain.limits import Limits
from bot.domain.run_policy import RunPolicy
from bot.domain.runs import StepState
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.ports import Diagnostics, Stopped
from bot.runbook import Runbook
from bot.runbook.site import Site
from bot.services.run import Runs
from bot.services.run_lost import end_lost_runs
from bot.services.run_workflows import RunWorkflows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.run_tables import run_lock
from bot.store.runs import Run
from tests.support.books import RUNBOOKS
from tests.support.hubs import NOW, PLACE, route
from tests.support.leases import AlwaysHeld
from tests.support.rows import Checkpoints, Hands, stored
from tests.support.scripted import Scripted, hung, site

FORCE = "force-delete-stuck-servers"
RESYNC = "resync-routes"
INCIDENT = "abc123abc123"
BOOKS = {book.name: book for book in RUNBOOKS}


class Killed(BaseException):
    """The process is killed."""


@dataclass(kw_only=True)
class Living(Scripted):
    """A hub that applies each act; ``after`` runs after it."""

    after: Callable[[float], None] = field(default=lambda _seconds: None)
    guard: threading.RLock = field(default_factory=threading.RLock)

    def _act(self, name: str, effect: Callable[[], None]) -> None:
        with self.guard:
            super()._act(name, effect)
            self.after(0)

    def stop_server(self, user: str, name: str) -> Stopped:
        def stopped() -> None:
            self.records = [record for record in self.records if record.user != user]
            self.live = [pod for pod in self.live if pod.user != user]

        self._act("stop", stopped)
        return Stopped.GONE

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        def gone() -> None:
            users = {pod.user for pod in self.live if pod.uid == uid}
            self.live = [pod for pod in self.live if pod.uid != uid]
            self.records = [record for record in self.records if record.user not in users]

        self._act("delete", gone)

    def resync_routes(self) -> None:
        def routed() -> None:
            self.known = [route(record.user) for record in self.records if record.ready]

        self._act("resync", routed)


@dataclass(kw_only=True)
class Room:
    """A hub and the runs on it."""

    store: Store
    clock: Hands
    work: Checkpoints
    party: Scripted
    waited: list[float] = field(default_factory=list)
    policies: dict[str, RunPolicy] = field(default_factory=dict)
    place: Place | None = PLACE
    diagnostics: Diagnostics | None = None

    @property
    def books(self) -> dict[str, Runbook]:
        """The runbooks with the policies of this room."""
        return {
            name: replace(book, policy=self.policies.get(name, book.policy))
            for name, book in BOOKS.items()
        }

    @property
    def runs(self) -> Runs:
        """A new service."""
        return Runs(
            self.store,
            self.work,
            runbooks=self.books,
            sites=self.sites,
            wall=self.clock,
        )

    @property
    def workflows(self) -> RunWorkflows:
        """New workflows of the runs."""
        return RunWorkflows(
            self.store,
            self.work,
            self.clock,
            runbooks=self.books,
            sites=self.sites,
            wall=self.clock,
            wait=self.waited.append,
            lease=AlwaysHeld(self.store),
            limits=Limits(),
        )

    def end_lost(self) -> int:
        """End the runs whose workflow failed."""
        return end_lost_runs(self.store, self.work, self.clock)

    def planned(self, runbook: str = FORCE, idempotency_key: str = "command/1", **ask: Any) -> Run:
        """Request and make a plan."""
        change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key=idempotency_key)
        arguments = {"users": sorted(ask["users"])} if ask.get("users") else {}
        run = self.runs.request_plan(change, runbook=runbook, hub=PLACE.hub, arguments=arguments)
        self.workflows.plan(run.id)
        return self.row(run.id)

    @property
    def sites(self) -> dict[str, Site]:
        """The hub where mayday.yaml has it, if it does."""
        if self.place is None:
            return {}
        here = replace(site(self.party), place=self.place, diagnostics=self.diagnostics)
        return {PLACE.hub: here}

    def locks(self) -> list[str]:
        """The names of the locks that are held."""
        with self.store.read() as tx:
            return sorted(tx.execute(select(run_lock.c.name)).scalars())

    def approvers(self, run: Run) -> tuple[str, ...]:
        """Who approved the plan."""
        with self.store.read() as tx:
            return rows.approved_by(tx, run)

    def carry_out(self, run: Run) -> Run:
        """Confirm and execute."""
        self.runs.confirm(run.id, "U0BEN", of_round=max(run.round, 1))
        self.workflows.execute(run.id)
        return self.row(run.id)

    def row(self, run_id: str) -> Run:
        """The run as it is stored."""
        with self.store.read() as tx:
            found = rows.get(tx, run_id)
        assert found is not None
        return found

    def steps(self, run: Run) -> list[StepState]:
        """The state of its steps."""
        with self.store.read() as tx:
            return [step.state for step in rows.steps(tx, run.id)]

    def told(self) -> list[tuple[str, str]]:
        """The timeline's runbook entries: target and outcome."""
        with self.store.read() as tx:
            entries = timeline_rows.entries(tx, INCIDENT)
        found = [e.data for e in entries if e.kind is EntryKind.RUNBOOK]
        return [(data.get("target", ""), data["outcome"]) for data in found]


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    """Ana's server hangs while stopping; Zoe works."""
    store = Store(database_url)
    store.migrate()
    stored(store)
    party = Living(records=hung().records, live=hung().live, known=hung().known)
    yield Room(store=store, clock=Hands(NOW), work=Checkpoints(), party=party)
    store.close()


def killed_at_the_act(room: Room, run: Run, *, takes_effect: bool) -> None:
    """Start the run; the process ends during the destructive call."""
    room.party.fails = {"delete": Killed()}
    room.party.takes_effect = takes_effect
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    room.party.fails = {}
