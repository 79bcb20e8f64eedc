"""Hold the core pool: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.cluster import SCALE_DOWN_DISABLED, Budget, ClusterFacts, Node
from bot.domain.evidence import View
from bot.domain.facts import MORE, HubFacts
from bot.domain.hubs import Pod
from bot.runbook import HoldCorePool, NewBudget
from bot.runbook.plan import Plan
from bot.runbook.steps.release_core_pool import ReleaseCorePool
from runbooks.hold_core_pool import hold_core_pool
from tests.support.fleet import CORE, USER_1
from tests.support.hubs import NOW, healthy
from tests.support.scripted import HUB_POD, PROXY_POD

PODS = (replace(HUB_POD, node="core-1"), replace(PROXY_POD, node="core-1"))
WHY = "The list is incomplete."
HELD_PODS = tuple(replace(pod, safe_to_evict="false") for pod in PODS)
HELD_NODE = replace(CORE, annotations={SCALE_DOWN_DISABLED: "true"})


def budget(**selector: str) -> Budget:
    return Budget(name="b", allowed=0, healthy=1, desired=1, expected=1, selector=selector)


BUDGETS = (budget(component="hub"), budget(component="proxy"))


def seen(
    pods: tuple[Pod, ...] = PODS,
    nodes: tuple[Node, ...] = (CORE, USER_1),
    budgets: tuple[Budget, ...] = (),
    incomplete: str = "",
) -> HubFacts:
    def view(name: str, items: tuple[Any, ...]) -> View[Any]:
        return View(items=items).marked_incomplete(WHY if name == incomplete else "")

    around = ClusterFacts(
        pods=view("pods", pods), nodes=view("nodes", nodes), budgets=view("budgets", budgets)
    )
    return replace(healthy("ana"), around=around, asked=MORE)


def planned(facts: HubFacts) -> Plan:
    return hold_core_pool.plan(facts, hold_core_pool.arguments({"duration": "3h"}))


def test_it_holds_pods_nodes_and_what_no_budget_protects_until_a_set_time() -> None:
    plan = planned(seen())
    (step,) = plan.steps
    assert isinstance(step, HoldCorePool)
    assert [each.name for each in step.pods] == ["hub-1", "proxy-1"]
    assert [each.uid for each in step.nodes] == ["uid-core-1"]
    assert step.budgets == (
        NewBudget(name="mayday-hold-hub", selector={"component": "hub", "release": "datahub"}),
        NewBudget(name="mayday-hold-proxy", selector={"component": "proxy", "release": "datahub"}),
    )
    assert step.undo_at == NOW + timedelta(hours=3)
    undo = step.undo
    assert isinstance(undo, ReleaseCorePool)
    assert (undo.pods, undo.nodes, undo.budgets) == (step.pods, step.nodes, step.budgets)
    assert len(plan.cautions) == 2


def test_only_what_is_not_held_is_held_and_released() -> None:
    (step,) = planned(seen((HELD_PODS[0], PODS[1]), (HELD_NODE,), BUDGETS)).steps
    assert isinstance(step, HoldCorePool)
    assert [each.name for each in step.pods] == ["proxy-1"]
    assert (step.nodes, step.budgets) == ((), ())


def test_a_second_plan_does_nothing() -> None:
    plan = planned(seen(HELD_PODS, (HELD_NODE, USER_1), BUDGETS))
    assert plan.steps == ()
    assert "nothing left to hold" in plan.nothing_to_do


@pytest.mark.parametrize(
    ("budgets", "missing"),
    [
        ((budget(app="jupyterhub"),), []),
        ((budget(),), []),
        ((budget(app="another"),), ["mayday-hold-hub", "mayday-hold-proxy"]),
        ((budget(component="hub"),), ["mayday-hold-proxy"]),
        ((budget(component="user-scheduler"),), ["mayday-hold-hub", "mayday-hold-proxy"]),
    ],
)
def test_which_budgets_are_missing(budgets: tuple[Budget, ...], missing: list[str]) -> None:
    (step,) = planned(seen(budgets=budgets)).steps
    assert isinstance(step, HoldCorePool)
    assert [each.name for each in step.budgets] == missing


def test_without_a_label_the_nodes_of_hub_and_proxy_are_the_core_pool() -> None:
    (step,) = planned(seen(nodes=(replace(CORE, labels={}), USER_1))).steps
    assert isinstance(step, HoldCorePool)
    assert [each.name for each in step.nodes] == ["core-1"]


@pytest.mark.parametrize("part", ["pods", "nodes", "budgets"])
def test_what_is_not_known_is_not_decided(part: str) -> None:
    plan = planned(seen(incomplete=part))
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert plan.undecided[0].why == WHY


def test_without_hub_and_proxy_there_is_nothing_to_hold() -> None:
    gone = tuple(replace(pod, phase="Failed") for pod in PODS)
    going = tuple(replace(pod, deleting_since=NOW) for pod in PODS)
    for pods in ((), gone, going):
        assert "nothing to hold" in planned(seen(pods)).nothing_to_do
