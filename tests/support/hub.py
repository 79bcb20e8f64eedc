"""A real hub and its cluster, with mayday's adapters. Linux only, as KubeSpawner is."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Place
from bot.domain.runs import Result
from bot.domain.snapshot import StuckThresholds
from bot.runbook import Runbook
from bot.runbook.plan import Plan
from bot.runbook.site import Site
from bot.services.facts import Since, read_facts
from bot.services.steps import attempt, verify
from sandbox.hub import HubSandbox
from tests.support.steps import begin

USERS = ("ana", "ben", "chidi", "dara")
SOON = timedelta(seconds=1)
IMPATIENT = StuckThresholds(start=SOON, stop=SOON, unsent_stop=SOON, check=SOON)


@dataclass(frozen=True, kw_only=True)
class Lab:
    """The sandbox's hub and mayday's adapters."""

    sandbox: HubSandbox
    hub: JupyterHub
    cluster: KubernetesCluster
    place: Place
    naps: list[float] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return Site(place=self.place, hub=self.hub, cluster=self.cluster, thresholds=IMPATIENT)

    def read(
        self,
        *,
        since: Since = lambda _servers: {},
        rights: bool = False,
        named: Iterable[str] = (),
        more: Iterable[Part] = (),
    ) -> HubFacts:
        """Current facts, with short thresholds."""
        now = datetime.now(UTC)
        return read_facts(self.site, now, since=since, rights=rights, named=named, more=more)

    def plan(self, book: Runbook, **typed: object) -> Plan:
        """The plan of a runbook for what a person typed, with the rights of the real token."""
        arguments = book.arguments(typed)
        facts = self.read(rights=True, named=book.named(arguments), more=book.parts)
        return book.plan(facts, arguments)

    def wait(self, seconds: float) -> None:
        """Record the requested pause and wait at most 0.5 seconds."""
        self.naps.append(seconds)
        time.sleep(min(seconds, 0.5))

    def carry_out(
        self, book: Runbook, plan: Plan, arguments: Mapping[str, Any] | None = None
    ) -> list[Result]:
        """Do every step and verify it, as a run does."""
        results = []
        for step in plan.steps:
            fresh = book.plan(self.read(more=book.parts), arguments)
            done = attempt(step, self.site, fresh, begin)
            assert done.outcome == "done", done
            results.append(verify(step, self.site, self.read, self.wait, plan.before))
        return results

    def until_stuck(
        self,
        book: Runbook,
        servers: int,
        seconds: float = 30,
        *,
        since: Since = lambda _servers: {},
    ) -> Plan:
        """The plan once this many servers are stuck."""
        deadline = time.monotonic() + seconds
        while True:
            plan = book.plan(self.read(since=since))
            if len(plan.steps) == servers:
                return plan
            assert time.monotonic() < deadline, plan
            time.sleep(0.2)


@contextmanager
def opened(directory: Path, users: Sequence[str], *, running: Sequence[str]) -> Iterator[Lab]:
    """A hub of these users, some of whose servers run."""
    if sys.platform != "linux":
        pytest.skip("KubeSpawner runs on Linux only")
    with HubSandbox(directory=directory, users=users) as sandbox:
        sandbox.start_servers(running)
        hub = JupyterHub(
            name=sandbox.name,
            url=sandbox.url,
            api_url=sandbox.api_url,
            token=sandbox.api_token,
            timeout=15.0,  # the hub answers a start or stop that hangs after 10
        )
        cluster = KubernetesCluster(
            name=sandbox.cluster_name,
            kubeconfig=str(sandbox.kubeconfig),
            context=sandbox.context,
            server=sandbox.server,
        )
        place = Place(hub=sandbox.name, cluster=sandbox.cluster_name, namespace=sandbox.namespace)
        yield Lab(sandbox=sandbox, hub=hub, cluster=cluster, place=place)
        hub.close()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One hub for a module."""
    with opened(tmp_path_factory.mktemp("hub"), USERS, running=USERS) as made:
        yield made


@pytest.fixture
def lab(running_lab: Lab) -> Lab:
    """The hub, healthy before each test."""
    running_lab.sandbox.heal()
    running_lab.naps.clear()
    return running_lab
