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
from bot.errors import UserError
from bot.runbook import Held, HoldCorePool, NewBudget
from bot.runbook.plan import Plan
from bot.runbook.steps.release_core_pool import ReleaseCorePool
from runbooks.hold_core_pool import hold_core_pool
from tests.support.fleet import CORE, USER_1
from tests.support.hubs import NOW, RELEASE, facts, healthy
from tests.support.scripted import HUB_POD, PROXY_POD, Scripted, site

PODS = (replace(HUB_POD, node="core-1"), replace(PROXY_POD, node="core-1"))
WHY = "The list is incomplete."
HELD_PODS = tuple(replace(pod, safe_to_evict="false") for pod in PODS)
HELD_NODE = replace(CORE, annotations={SCALE_DOWN_DISABLED: "true"})


def budget(**selector: str) -> Budget:
    return Budget(name="b", allowed=0, healthy=1, desired=1, expected=1, selector=selector)


HUBS, PROXYS = "mayday-hold-datahub-hub", "mayday-hold-datahub-proxy"
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
    return replace(healthy("ana"), around=around, asked=MORE, release=RELEASE)


def planned(facts: HubFacts) -> Plan:
    return hold_core_pool.plan(facts, hold_core_pool.arguments({"duration": "3h"}))


def held_nodes(facts: HubFacts) -> tuple[Held, ...]:
    (step,) = planned(facts).steps
    assert isinstance(step, HoldCorePool)
    return step.nodes


def test_it_holds_pods_nodes_and_what_no_budget_protects_until_a_set_time() -> None:
    plan = planned(seen())
    (step,) = plan.steps
    assert isinstance(step, HoldCorePool)
    assert [each.name for each in step.pods] == ["hub-1", "proxy-1"]
    assert [each.uid for each in step.nodes] == ["uid-core-1"]
    assert step.budgets == (
        NewBudget(
            name="mayday-hold-datahub-hub", selector={"component": "hub", "release": "datahub"}
        ),
        NewBudget(
            name="mayday-hold-datahub-proxy", selector={"component": "proxy", "release": "datahub"}
        ),
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
        ((budget(app="another"),), [HUBS, PROXYS]),
        ((budget(component="hub"),), [PROXYS]),
        ((budget(component="user-scheduler"),), [HUBS, PROXYS]),
        ((budget(component="hub", release="another"),), [HUBS, PROXYS]),
        ((budget(component="hub", tier="unknown"),), [HUBS, PROXYS]),
        ((replace(budget(), by_labels=False),), [HUBS, PROXYS]),
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


def test_the_core_pool_by_configured_labels() -> None:
    labels = {"hub.example.edu/pool": "core-2024"}
    spare = replace(CORE, name="core-2", uid="uid-core-2", labels=labels)
    facts = seen(nodes=(replace(CORE, labels=labels), spare, USER_1))
    assert [each.name for each in held_nodes(facts)] == ["core-1"], "where hub and proxy run"
    configured = replace(facts, around=replace(facts.around, core=labels))
    assert [each.name for each in held_nodes(configured)] == ["core-1", "core-2"]


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


def test_pods_of_another_release_are_not_held() -> None:
    others = tuple(replace(pod, name="other", uid="other", release="other") for pod in PODS)
    (step,) = planned(seen((*PODS, *others))).steps
    assert isinstance(step, HoldCorePool)
    assert [each.name for each in step.pods] == ["hub-1", "proxy-1"]


def test_without_a_release_nobody_knows_which_pods_to_hold() -> None:
    plan = planned(replace(seen(), release=""))
    assert plan.steps == ()
    assert "hubs[].release" in plan.undecided[0].why


def test_a_hold_is_taken_back_to_what_was_found() -> None:
    pods = (replace(PODS[0], safe_to_evict="true"), PODS[1])
    nodes = (replace(CORE, annotations={SCALE_DOWN_DISABLED: "false", "own": "1"}),)
    start = seen(pods, nodes)
    party = Scripted(parts=list(pods), around=start.around)
    (step,) = planned(start).steps
    assert step.undo is not None
    step.perform(site(party))
    assert step.look(site(party), facts).holds
    step.undo.perform(site(party))
    assert tuple(party.parts) == pods
    assert (party.around.nodes.items, party.around.budgets.items) == (nodes, ())


def test_what_somebody_changed_during_the_hold_is_left_alone() -> None:
    start = seen()
    party = Scripted(parts=list(PODS), around=start.around)
    (step,) = planned(start).steps
    assert step.undo is not None
    step.perform(site(party))
    changed = replace(party.around.nodes.items[0], annotations={SCALE_DOWN_DISABLED: "false"})
    theirs = replace(party.around.budgets.items[0], selector={"component": "theirs"})
    party.around = replace(
        party.around, nodes=View(items=(changed,)), budgets=View(items=(theirs,))
    )
    step.undo.perform(site(party))
    assert step.undo.already_done(site(party))
    assert (party.around.nodes.items, party.around.budgets.items) == ((changed,), (theirs,))


def test_a_budget_of_the_same_name_holds_nothing() -> None:
    start = seen()
    (step,) = planned(start).steps
    theirs = replace(budget(component="theirs"), name=HUBS)
    party = Scripted(parts=list(PODS), around=replace(start.around, budgets=View(items=(theirs,))))
    step.perform(site(party))
    assert step.look(site(party), facts).holds is False


def test_a_refusal_half_way_leaves_what_has_to_be_taken_back() -> None:
    start = seen()
    no = UserError("forbidden", code="403")
    party = Scripted(parts=list(PODS), around=start.around, fails={"create budget": no})
    (step,) = planned(start).steps
    assert step.perform(site(party)) == {"refused": "forbidden"}
    look = step.look(site(party), facts)
    assert (look.holds, look.seen) == (False, {"held": 3})

    party = Scripted(parts=list(PODS), around=start.around, fails={"annotate Pod": no})
    with pytest.raises(UserError, match="forbidden"):
        step.perform(site(party))
