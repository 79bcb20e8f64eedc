"""Pre-warm nodes: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import SCALED_BY, SCALED_UNTIL, ClusterFacts, Workload
from bot.domain.evidence import View
from bot.domain.facts import HubFacts, Part
from bot.errors import UserError
from bot.runbook import Scale
from bot.runbook.plan import Plan
from runbooks.pre_warm import pre_warm
from tests.support.fleet import PLACEHOLDER
from tests.support.hubs import NOW, healthy


def seen(*sets: Workload, unknown: str = "") -> HubFacts:
    view = View(items=sets).marked_incomplete(unknown)
    return replace(
        healthy("ana"),
        around=ClusterFacts(workloads=view),
        asked=frozenset({Part.WORKLOADS}),
        asked_by="U0BEN",
    )


def planned(facts: HubFacts, **asked: str | int) -> Plan:
    return pre_warm.plan(facts, pre_warm.arguments({"count": 20, **asked}))


def test_it_scales_up_and_back_at_a_set_time() -> None:
    (step,) = planned(seen(replace(PLACEHOLDER, replicas=3)), duration="90m").steps
    assert isinstance(step, Scale)
    assert (step.found, step.replicas, step.by) == (3, 20, "U0BEN")
    assert step.undo_at == NOW + timedelta(minutes=90)
    undo = step.undo
    assert isinstance(undo, Scale)
    assert (undo.found, undo.replicas, undo.planned_by) == (20, 3, None)
    assert undo.undo is None


@pytest.mark.parametrize(
    ("workloads", "said"),
    [
        ((), "no StatefulSet user-placeholder in namespace datahub-prod"),
        ((replace(PLACEHOLDER, kind="DaemonSet"),), "no StatefulSet user-placeholder"),
        ((replace(PLACEHOLDER, replicas=20),), "already has 20 placeholders."),
        ((replace(PLACEHOLDER, replicas=30),), "already has 30 placeholders."),
    ],
)
def test_nothing_to_scale(workloads: tuple[Workload, ...], said: str) -> None:
    plan = planned(seen(*workloads))
    assert (plan.steps, plan.undecided) == ((), ())
    assert said in plan.nothing_to_do


def test_what_an_incomplete_list_lacks_is_unknown() -> None:
    plan = planned(seen(unknown="The list is incomplete."))
    assert (plan.steps, plan.nothing_to_do) == ((), "")


def test_a_second_plan_says_who_scaled_it_until_when() -> None:
    until = "2026-11-22T14:00:00+00:00"
    after = replace(PLACEHOLDER, replicas=20, annotations={SCALED_BY: "U0BEN", SCALED_UNTIL: until})
    plan = planned(seen(after))
    assert plan.steps == ()
    assert "by <@U0BEN> with mayday until 2026-11-22 14:00 UTC" in plan.nothing_to_do


def test_the_count_is_bounded() -> None:
    for count in (0, 501):
        with pytest.raises(UserError) as told:
            pre_warm.arguments({"count": count})
        assert told.value.field == "count"
