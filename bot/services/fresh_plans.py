"""Plans from facts of now, which the steps of a run share.

Reading everything costs many requests, and ten steps that each read everything are a load on a hub in
trouble. So one reading serves all steps of a run, as long as it is young enough for what it is used for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.facts import HubFacts
from bot.ports import Clock
from bot.runbook import Runbook
from bot.runbook.plan import Plan
from bot.runbook.site import Site
from bot.services.facts import read_facts
from bot.services.rehearse import rehearse
from bot.services.sightings import Sightings
from bot.store import runs as rows
from bot.store.engine import Store
from bot.store.runs import Run

YOUNG = 10.0
"""How old, in seconds, a reading of everything may be when a destructive step begins."""


@dataclass
class _Reading:
    """The latest plan of a run, and when its reading began, by the monotonic clock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    plan: Plan | None = None
    facts: HubFacts | None = None
    began: float = 0.0


class FreshPlans:
    """Reads facts and makes plans. ``wall`` is real time, by which ages are measured."""

    def __init__(
        self,
        store: Store,
        *,
        runbooks: Mapping[str, Runbook],
        sites: Mapping[str, Site],
        wall: Clock,
    ) -> None:
        self._store = store
        self._runbooks = runbooks
        self._sites = sites
        self._wall = wall
        self._sightings = Sightings(store)
        self._readings: dict[str, _Reading] = {}

    def facts(self, run: Run, *, rights: bool = False) -> HubFacts:
        """Everything that the run's runbook needs to know, read now."""
        return self._facts(run, self._remaining(run), rights=rights)

    def plan(self, run: Run, *, rights: bool = False) -> Plan:
        """The same runbook's plan from facts of now."""
        return self._plan(run, rights=rights)[0]

    def rehearsed(self, run: Run) -> Plan:
        """The same, for people: with the rights, and rehearsed where the policy asks for it."""
        return self._rehearsed(run, *self._plan(run, rights=True))

    def shown_again(self, run: Run) -> Plan:
        """The plan that :meth:`shared` made last, as :meth:`rehearsed` makes it."""
        reading = self._readings[run.id]
        if reading.plan is None or reading.facts is None:
            raise LookupError(run.id)
        return self._rehearsed(run, reading.plan, reading.facts)

    def _rehearsed(self, run: Run, plan: Plan, facts: HubFacts) -> Plan:
        runbook = self._runbooks[run.runbook]
        if not (plan.steps and runbook.policy.is_rehearsed):
            return plan
        site = self._sites[run.hub]
        return replace(plan, rehearsal=rehearse(runbook, run.options, plan, facts, site))

    def _plan(self, run: Run, *, rights: bool = False) -> tuple[Plan, HubFacts]:
        options = self._remaining(run)
        with self._store.read() as tx:
            same_done = rows.same_done(tx, run)
        facts = replace(
            self._facts(run, options, rights=rights),
            asked_by=run.asked_by,
            asked_in=run.incident_id or "",
            run=run.id,
            same_done=same_done,
        )
        return self._runbooks[run.runbook].plan(facts, options), facts

    def _facts(self, run: Run, options: Mapping[str, Any], *, rights: bool) -> HubFacts:
        with self._store.read() as tx:
            last_done = rows.last_done(tx, incident_id=run.incident_id, hub=run.hub)
        now = self._wall()
        runbook = self._runbooks[run.runbook]
        return read_facts(
            self._sites[run.hub],
            now,
            since=lambda servers: self._sightings.of(run.hub, servers, now),
            named=runbook.named(options),
            more=runbook.parts,
            rights=rights,
            last_done=last_done,
        )

    def _remaining(self, run: Run) -> Mapping[str, Any]:
        """The arguments without the servers that steps of this run have ended.

        Nothing of those is left to be found, so they would be looked up one by one, and a pod's name not at
        all.
        """
        parameter = self._runbooks[run.runbook].servers_parameter
        names = run.options.get(parameter) if parameter else None
        if not names:
            return run.options
        with self._store.read() as tx:
            ended = {step.number for step in rows.steps(tx, run.id) if step.finished_at}
        gone: set[str] = set()
        there: set[str] = set()
        for number, step in enumerate((run.plan or {}).get("steps", ()), start=1):
            (gone if number in ended else there).update(_names(step))
        left = [name for name in names if name.casefold() not in gone - there]
        return {**run.options, parameter: left or names[-1:]}

    def shared(self, run: Run, *, within: float = YOUNG) -> Plan:
        """The latest plan, made again where its reading began more than ``within`` seconds ago.

        A reading that began after this was asked for is good enough, however long it took.
        """
        asked = time.monotonic()
        reading = self._readings.setdefault(run.id, _Reading())
        with reading.lock:
            plan = reading.plan
            if plan is not None and (reading.began >= asked or self._age(reading, plan) <= within):
                return plan
            reading.began = time.monotonic()
            reading.plan = None
            reading.plan, reading.facts = self._plan(run)
            return reading.plan

    def forget(self, run: Run) -> None:
        """Keep nothing of a run that has ended."""
        self._readings.pop(run.id, None)

    def _age(self, reading: _Reading, plan: Plan) -> float:
        """Seconds since the reading began, by the clock by which more have passed.

        The monotonic clock stands still while a machine is suspended, the wall clock can be set back.
        """
        by_wall = (self._wall() - plan.read_at).total_seconds()
        return max(time.monotonic() - reading.began, by_wall)


def _names(step: Mapping[str, Any]) -> set[str]:
    """What people may call the target of a stored step."""
    user, server = str(step.get("user") or ""), str(step.get("server") or "")
    named = f"{user}/{server}" if server else user
    return {name.casefold() for name in (user, named, str(step.get("pod") or "")) if name}
