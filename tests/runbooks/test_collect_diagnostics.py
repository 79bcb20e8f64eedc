"""Collect diagnostics: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import ClusterFacts
from bot.domain.evidence import View
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Pod, Route, Server
from bot.render.plans import plan_lines
from bot.runbook import ShareDiagnostics
from bot.runbook.plan import Plan
from runbooks.collect_diagnostics import READ, collect_diagnostics
from tests.support.fleet import CORE, USER_1
from tests.support.hubs import NOW, evicted, facts, healthy

WHY = "The cluster does not answer."
NODES = ClusterFacts(nodes=View(items=(CORE, USER_1)))


def asked(seen: HubFacts, incident: str = "abc123", around: ClusterFacts = NODES) -> HubFacts:
    """The facts for a request of Ana's, in an incident unless it is empty."""
    return replace(
        seen,
        asked_by="U0ANA",
        asked_in=incident,
        run="run1",
        around=around,
        asked=collect_diagnostics.wants,
    )


def planned(seen: HubFacts, **typed: object) -> Plan:
    return collect_diagnostics.plan(seen, collect_diagnostics.arguments(typed))


def the_step(plan: Plan) -> ShareDiagnostics:
    (step,) = plan.steps
    assert isinstance(step, ShareDiagnostics)
    return step


@pytest.mark.parametrize(
    ("typed", "reads", "servers", "node", "lines"),
    [
        ({}, "pods of hub and proxy, of servers that are not well, and of nodes", (), "", 200),
        ({"users": ["ana"]}, "and proxy, of 1 named server, and", (("ana", ""),), "", 200),
        ({"users": ["ben", "ana"]}, "2 named servers", (("ana", ""), ("ben", "")), "", 200),
        ({"node": "user-1"}, "of node user-1 and all pods on it, and of nodes", (), "user-1", 200),
        ({"log_lines": "50"}, "the last 50 lines of logs", (), "", 50),
    ],
)
def test_the_plan_says_what_is_read_and_that_nothing_is_changed(
    typed: dict[str, object], reads: str, servers: tuple[object, ...], node: str, lines: int
) -> None:
    plan = planned(asked(evicted("ana", "ben")), **typed)
    step = the_step(plan)
    assert (step.servers, step.node, step.lines) == (servers, node, lines)
    assert (step.key, step.by, step.incident) == ("run1", "U0ANA", "abc123")
    assert reads in plan.summary and "Nothing is changed." in plan.summary
    assert "in the incident's channel" in plan.summary
    assert (plan.losses, plan.cautions, plan.destructive) == ((), (), False)
    shown = "\n".join(plan_lines(plan, collect_diagnostics.title))
    assert "Nobody loses anything." in shown


def test_outside_of_incidents_the_file_is_for_the_one_who_asked() -> None:
    plan = planned(asked(healthy("ana"), incident=""))
    assert the_step(plan).incident == ""
    assert "a direct message to the person who asked" in plan.summary


def test_what_cannot_be_read_is_named_and_the_rest_is_collected() -> None:
    seen = asked(healthy("ana"), around=ClusterFacts(nodes=View(unknown=WHY, read=False)))
    plan = planned(seen)
    assert plan.steps
    assert WHY in [gap.why for gap in plan.unknown]


def test_nothing_is_collected_where_nothing_can_be_read() -> None:
    silent = View[Pod](unknown=WHY, read=False)
    seen = replace(
        facts(servers=View[Server](unknown=WHY, read=False), routes=View[Route](unknown=WHY)),
        pods=silent,
    )
    nothing = ClusterFacts(
        nodes=View(unknown=WHY, read=False),
        pods=silent,
        events=View(unknown=WHY, read=False),
    )
    plan = planned(asked(seen, around=nothing))
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert {gap.part for gap in plan.undecided} == READ
    assert {gap.why for gap in plan.undecided} == {WHY}


def test_the_same_file_right_after_is_a_reasoned_no_op() -> None:
    seen = asked(healthy("ana"))
    again = planned(replace(seen, same_done=NOW - timedelta(minutes=1)))
    assert again.steps == ()
    assert "shared this file at 11:59:00 UTC" in again.nothing_to_do
    assert planned(replace(seen, same_done=NOW - timedelta(minutes=3))).steps


def test_a_node_that_does_not_exist_is_told() -> None:
    plan = planned(asked(healthy("ana")), node="user-9")
    assert "There is no node user-9" in plan.nothing_to_do
    assert Part.NODES in collect_diagnostics.parts


def test_the_step_is_the_same_at_a_later_reading() -> None:
    seen = asked(healthy("ana"))
    first, later = planned(seen), planned(replace(seen, read_at=NOW + timedelta(minutes=5)))
    assert the_step(first).id == the_step(later).id
