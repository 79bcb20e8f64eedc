"""Whatever a runbook needs and mayday could not read, its plan says “Cannot tell” with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.facts import HubFacts, Part
from bot.errors import RetryLater
from bot.render.plans import plan_blocks
from bot.runbook import Runbook
from bot.runbook.plan import Plan
from bot.services.facts import read_facts
from runbooks.collect_diagnostics import READ, collect_diagnostics
from tests.support.around import around, revision
from tests.support.books import RUNBOOKS
from tests.support.hubs import ACCESS, NOW, pod, route, server
from tests.support.scripted import Scripted, site

WHY = "It is away."
READS = {
    Part.SERVERS: "servers",
    Part.PODS: "pods",
    Part.PROXY: "proxy",
    Part.NODES: "nodes",
    Part.CLAIMS: "claims",
    Part.BUDGETS: "budgets",
    Part.DEPLOYMENTS: "deployments",
    Part.REVISIONS: "revisions",
    Part.WORKLOADS: "workloads",
    Part.CLUSTER_PODS: "cluster_pods",
    Part.CLUSTER_EVENTS: "cluster_events",
    Part.MERGES: "merges",
    Part.NOTICE: "notice",
}
"""The read of the scripted hub and cluster behind each part."""
TYPED: dict[str, dict[str, object]] = {
    "cordon-node": {"node": "core-1", "reason": "its disk"},
    "uncordon-node": {"node": "core-1"},
    "grow-volume": {"claim": "hub-db-dir", "size": "2Gi"},
    "pre-warm": {"count": 5, "duration": "1h"},
    **{name: {"user": "ana"} for name in ("start-server", "stop-server", "restart-server")},
}
"""What the runbooks with required parameters are asked for."""
READS_ANYTHING = {collect_diagnostics.name}
"""The runbooks that do what they can with whatever can be read."""
OPTIONAL = [
    (book, part)
    for book in RUNBOOKS
    for part in sorted(book.wants)
    if book.needs or book.name in READS_ANYTHING
]
NEEDED = [
    (book, part)
    for book in RUNBOOKS
    for part in sorted(book.needs or book.wants)
    if book.name not in READS_ANYTHING
]


class Party(Scripted):
    """A hub with an announcement service."""

    def notice(self) -> str:
        self._look("notice")
        return ""

    def show(self, text: str) -> None: ...

    def clear(self) -> None: ...

    def check(self) -> None: ...


def party(**more: Any) -> Party:
    templates: list[Any] = [
        {"spec": {"containers": [{"name": "hub", "image": f"hub:{number}"}]}} for number in (1, 2)
    ]
    whole = around(
        revisions=tuple(revision("hub", n, template=made) for n, made in enumerate(templates, 1))
    )
    return Party(
        records=[server("ana")],
        live=[pod("ana")],
        known=[route("ana")],
        parts=[each for each in whole.around.pods.items if each.component in ("hub", "proxy")],
        around=whole.around,
        **more,
    )


def planned(book: Runbook, hub: Party) -> tuple[HubFacts, Plan]:
    deploys: Any = hub
    base = site(hub, notices=hub)
    place = replace(base, deploys=deploys, place=replace(base.place, canary="canary"))
    arguments = book.arguments(TYPED.get(book.name, {}))
    named = book.named(arguments)
    facts = read_facts(place, NOW, more=book.parts, named=named, rights=True)
    return facts, book.plan(replace(facts, asked_by="U0ANA"), arguments)


def shown(plan: Plan, book: Runbook) -> str:
    return str(plan_blocks(plan, book.title))


def failing(*parts: Part) -> dict[str, Any]:
    """What makes these parts unreadable."""
    if parts == (Part.CLOCK,):
        return {"who": replace(ACCESS, clock=NOW - timedelta(minutes=5))}
    return {"fails": {READS[part]: RetryLater(WHY) for part in parts if part in READS}}


def names(case: object) -> str:
    return case.name if isinstance(case, Runbook) else str(case)


@pytest.mark.parametrize(("book", "part"), NEEDED, ids=names)
def test_a_needed_part_that_is_unread_is_the_reason(book: Runbook, part: Part) -> None:
    facts, plan = planned(book, party(**failing(part)))
    why = facts.lacks(part)
    assert why
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert (part, why) in {(each.part, each.why) for each in plan.undecided}
    said = shown(plan, book)
    assert "Cannot tell." in said and why in said


@pytest.mark.parametrize("book", RUNBOOKS, ids=names)
def test_with_everything_unread_nothing_is_proposed_and_nothing_called_well(book: Runbook) -> None:
    dead = {*READS.values(), "routes", "access", "health", "look", "may"}
    hub = party(fails={read: RetryLater(WHY) for read in dead})
    _, plan = planned(book, hub)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    needed = READ if book.name in READS_ANYTHING else book.needs or book.wants
    assert {each.part for each in plan.undecided} == needed - {Part.CLOCK}
    assert {each.why for each in plan.undecided} == {WHY}
    assert "Cannot tell." in shown(plan, book)


@pytest.mark.parametrize(("book", "part"), OPTIONAL, ids=names)
def test_an_optional_part_that_is_unread_is_named_beside_the_plan(
    book: Runbook, part: Part
) -> None:
    _, whole = planned(book, party())
    _, plan = planned(book, party(**failing(part)))
    assert [step.verb for step in plan.steps] == [step.verb for step in whole.steps] != []
    assert (part, WHY) in {(each.part, each.why) for each in plan.unknown}
    assert WHY.rstrip(".") in shown(plan, book)
