"""Restart the proxy: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import ClusterFacts, Node
from bot.domain.evidence import Fact, Known, Unknown, View
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Deployment, Health, Pod
from bot.runbook import LossKind
from bot.runbook.plan import Plan
from runbooks.restart_proxy import restart_proxy
from tests.support.hubs import (
    LONG_AGO,
    NOW,
    PROXY,
    RELEASE,
    evicted,
    facts,
    healthy,
    pod,
    server,
    terminating,
)
from tests.support.rights import PATCH_PROXY

PENDING = replace(
    pod("x", phase="Pending", reason="Unschedulable"),
    name="proxy-1",
    uid="uid-proxy",
    user="",
    component="proxy",
    message="0/3 nodes are available: 3 node(s) were unschedulable.",
)


def with_proxy(seen: HubFacts, proxy: Deployment) -> HubFacts:
    return replace(seen, proxy=Known(value=proxy))


def with_proxy_pods(*pods: Pod) -> HubFacts:
    return replace(evicted("ana", resynced_at=NOW), proxy_pods=View(items=pods))


def undecided(plan: Plan) -> str:
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    return " ".join(part.why for part in plan.undecided)


def test_it_restarts_then_resyncs_and_looks_twice() -> None:
    plan = restart_proxy.plan(evicted("ana", "ben", resynced_at=NOW))
    restart, resync = plan.steps
    assert restart.verb == "restart_proxy"
    assert restart.deployment == "proxy"
    assert restart.at == "2026-11-22T12:00:00+00:00"
    assert restart.destructive
    assert resync.verb == "resync_routes"
    assert (resync.measure.times, resync.measure.apart) == (2, 15.0)
    assert plan.cautions == ()


def test_it_says_whose_connections_drop() -> None:
    (loss,) = restart_proxy.plan(healthy("ana", "ben")).losses
    assert (loss.kind, loss.servers, loss.active) == (LossKind.CONNECTION, 2, 2)
    assert loss.latest == NOW - timedelta(minutes=2)
    assert loss.users == ("ana", "ben")


def test_without_a_resync_before_it_cautions_and_still_offers() -> None:
    plan = restart_proxy.plan(evicted("ana"))
    assert len(plan.steps) == 2
    (caution,) = plan.cautions
    assert "no resync was tried" in caution
    assert "Run resync-routes first" in caution


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(0), True),
        (timedelta(minutes=29), True),
        (timedelta(minutes=31), False),
        (timedelta(days=60), False),
    ],
)
def test_a_resync_of_long_ago_says_nothing_about_the_proxy_of_now(
    ago: timedelta, counts: bool
) -> None:
    plan = restart_proxy.plan(evicted("ana", resynced_at=NOW - ago))
    assert any("Run resync-routes first" in text for text in plan.cautions) is not counts
    assert len(plan.steps) == 2


def test_with_everything_well_it_cautions_and_still_offers() -> None:
    plan = restart_proxy.plan(healthy("ana"))
    assert len(plan.steps) == 2
    assert "no route is missing" in plan.cautions[0]


def test_where_only_the_public_address_is_silent_people_may_still_be_cut_off() -> None:
    away = Health(hub=False, proxy=False)
    plan = restart_proxy.plan(replace(healthy("ana", "ben"), health=Known(value=away)))
    (loss,) = plan.losses
    assert (loss.kind, loss.servers) == (LossKind.CONNECTION, 2)
    (caution,) = plan.cautions
    assert "a restart fixes nothing" in caution


def test_a_dead_proxy_is_restarted_without_caution_or_further_loss() -> None:
    seen = facts(
        servers=(server("ana"),),
        pods=(pod("ana"),),
        routes=None,
        health=Health(hub=False, proxy=False),
        proxy=replace(PROXY, ready=0),
    )
    plan = restart_proxy.plan(seen)
    assert (len(plan.steps), plan.cautions, plan.losses) == (2, (), ())


def test_a_second_run_has_nothing_to_do_and_says_why() -> None:
    just = (NOW - timedelta(minutes=1)).isoformat()
    plan = restart_proxy.plan(with_proxy(healthy("ana"), replace(PROXY, restarted_at=just)))
    assert plan.steps == ()
    assert "another restart would fix nothing" in plan.nothing_to_do


def test_two_plans_of_one_second_are_two_restarts() -> None:
    seen = evicted("ana")
    since = replace(seen, read_at=seen.read_at + timedelta(milliseconds=1))
    first, second = (restart_proxy.plan(one).steps[0].at for one in (seen, since))
    assert first != second


def test_a_rollout_under_way_is_waited_for() -> None:
    just = (NOW - timedelta(minutes=1)).isoformat()
    rolling = replace(PROXY, restarted_at=just, ready=0)
    plan = restart_proxy.plan(with_proxy(evicted("ana"), rolling))
    assert plan.steps == ()
    assert "still rolling out" in plan.nothing_to_do
    assert f"at {NOW - timedelta(minutes=1):%H:%M:%S} UTC" in plan.nothing_to_do


def test_a_proxy_that_crashes_long_after_a_restart_may_be_restarted() -> None:
    crashing = replace(PROXY, restarted_at=LONG_AGO.isoformat(), ready=0)
    assert len(restart_proxy.plan(with_proxy(evicted("ana"), crashing)).steps) == 2


def test_a_proxy_scaled_to_zero_is_not_restarted() -> None:
    plan = restart_proxy.plan(with_proxy(evicted("ana"), replace(PROXY, replicas=0)))
    assert plan.steps == ()
    assert "scaled to zero" in plan.nothing_to_do


def test_a_proxy_pod_stuck_terminating_is_pointed_out() -> None:
    gone = replace(terminating("x"), name="proxy-1", node="core-2", user="", component="proxy")
    (caution,) = restart_proxy.plan(with_proxy_pods(gone)).cautions
    assert "proxy-1" in caution
    assert "core-2" in caution


def test_an_unread_cluster_is_told_with_its_reason() -> None:
    assert undecided(restart_proxy.plan(facts(proxy=None))) == "No proxy today."


def test_pods_of_the_proxy_that_are_unread_may_be_unschedulable() -> None:
    seen = replace(evicted("ana"), proxy_pods=View.unread("mayday isn't allowed to list pods."))
    assert undecided(restart_proxy.plan(seen)) == "mayday isn't allowed to list pods."


def test_a_proxy_that_cannot_be_scheduled_is_not_restarted() -> None:
    """The core pool is drained: the hub is down too, and nothing counts as healthy."""
    drained = replace(
        facts(servers=None, routes=None, health=Health(hub=False, proxy=None)),
        proxy_pods=View(items=(PENDING,)),
        proxy=Known(value=replace(PROXY, ready=0)),
    )
    plan = restart_proxy.plan(drained)
    assert plan.steps == ()
    assert plan.nothing_to_do == (
        "A restart can't help: proxy pod proxy-1 doesn't start (Unschedulable: 0/3 nodes are "
        "available: 3 node(s) were unschedulable), and a new pod wouldn't either. Make room on a "
        "Ready node of the core pool, or add a node, which takes 10 to 15 minutes."
    )
    assert (plan.ready, plan.routes, plan.unrouted) == (None, None, None)
    assert Part.SERVERS in {part.part for part in plan.unknown}


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_a_proxy_whose_image_cannot_be_pulled_is_not_restarted(reason: str) -> None:
    waiting = replace(PENDING, reason=reason, message="")
    plan = restart_proxy.plan(with_proxy_pods(waiting))
    assert plan.steps == ()
    assert f"doesn't start ({reason}), and" in plan.nothing_to_do
    assert "Check the image name" in plan.nothing_to_do


def test_a_proxy_of_which_one_pod_is_ready_may_be_restarted() -> None:
    ready = replace(pod("y"), name="proxy-2", user="", component="proxy")
    assert len(restart_proxy.plan(with_proxy_pods(PENDING, ready)).steps) == 2


def test_a_proxy_that_crashes_may_be_restarted() -> None:
    crashing = replace(PENDING, phase="Running", reason="CrashLoopBackOff", restarts=9)
    assert len(restart_proxy.plan(with_proxy_pods(crashing)).steps) == 2


def test_a_paused_deployment_is_not_restarted() -> None:
    plan = restart_proxy.plan(with_proxy(evicted("ana"), replace(PROXY, paused=True)))
    assert plan.steps == ()
    assert plan.nothing_to_do == (
        "Deployment proxy is paused, so a restart would not start: run kubectl rollout resume "
        "deployment proxy first."
    )


def test_a_deployment_of_another_name_is_named_everywhere() -> None:
    plan = restart_proxy.plan(
        with_proxy(evicted("ana", resynced_at=NOW), replace(PROXY, name="chp"))
    )
    assert plan.steps[0].target == "chp"
    assert plan.steps[0].deployment == "chp"
    assert "deployment chp" in plan.summary


def test_a_hub_that_lets_mayday_not_in_is_a_reason_to_think_first() -> None:
    """The restart would work, but mayday could not restore the routes."""
    why = "The hub does not accept the token."
    seen = replace(facts(servers=None, routes=None), access=Unknown(why=why))
    (caution,) = restart_proxy.plan(seen).cautions
    assert "can't have the routes written back after a restart" in caution
    assert caution.endswith(why)


def test_with_the_hub_down_it_says_to_bring_that_back_first() -> None:
    down = facts(servers=None, routes=None, health=Health(hub=False, proxy=None))
    assert any("Bring the hub back first." in text for text in restart_proxy.plan(down).cautions)


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (
            Known(value=False),
            "mayday isn't allowed to patch deployments in namespace datahub-prod of cluster "
            "teaching: grant it in the Role of mayday's service account.",
        ),
        (Unknown(why="The cluster did not say."), "The cluster did not say."),
    ],
)
def test_a_right_that_is_missing_or_unknown_forbids_a_restart(right: Fact[bool], said: str) -> None:
    seen = replace(evicted("ana", resynced_at=NOW), rights={PATCH_PROXY: right})
    assert undecided(restart_proxy.plan(seen)) == said


def test_another_restart_makes_it_another_step() -> None:
    seen = evicted("ana")
    first = restart_proxy.plan(seen).steps[0]
    again = restart_proxy.plan(with_proxy(seen, replace(PROXY, generation=5))).steps[0]
    assert first.id != again.id


# --- a pod on a dead node -----------------------------------------------------------------------

STUCK = replace(
    PENDING,
    name="proxy-0",
    uid="uid-0",
    phase="Running",
    reason="",
    node="core-1",
    deleting_since=NOW - timedelta(minutes=3),
    grace=30,
)
DEAD = Node(name="core-1", uid="n1", ready=None)
OTHER = replace(DEAD, name="core-2", ready=True)
HANGS = replace(
    PROXY,
    ready=0,
    updated=0,
    generation=5,
    restarted_at=(NOW - timedelta(minutes=3)).isoformat(),
)


def on_node(*nodes: Node, stuck: Pod = STUCK, proxy: Deployment = HANGS) -> HubFacts:
    seen = with_proxy(with_proxy_pods(stuck), proxy)
    around = ClusterFacts(nodes=View(items=nodes))
    return replace(seen, asked=frozenset({Part.NODES}), around=around, release=RELEASE)


@pytest.mark.parametrize("nodes", [(DEAD,), (replace(DEAD, ready=False),), (OTHER,)])
def test_a_rollout_that_hangs_on_a_dead_node_is_freed_without_another_restart(
    nodes: tuple[Node, ...],
) -> None:
    plan = restart_proxy.plan(on_node(*nodes))
    assert [(step.verb, step.target) for step in plan.steps] == [
        ("force_delete_proxy_pod", "proxy-0"),
        ("resync_routes", "routes"),
    ]
    assert plan.steps[0].uid == "uid-0"
    assert plan.summary.startswith("Force-delete proxy-0, whose node is gone or not Ready")
    assert not any("Terminating" in caution for caution in plan.cautions)


def test_before_a_rollout_the_dead_pod_goes_first() -> None:
    plan = restart_proxy.plan(on_node(DEAD, proxy=PROXY))
    assert [step.verb for step in plan.steps] == [
        "force_delete_proxy_pod",
        "restart_proxy",
        "resync_routes",
    ]


@pytest.mark.parametrize(
    "seen",
    [
        on_node(replace(DEAD, ready=True)),
        replace(on_node(), around=ClusterFacts(nodes=View.unread("Not allowed."))),
        replace(on_node(), around=ClusterFacts(nodes=View(unknown="Half of them."))),
        on_node(DEAD, stuck=replace(STUCK, deleting_since=NOW - timedelta(seconds=45))),
        on_node(DEAD, stuck=replace(STUCK, deleting_since=None)),
        on_node(DEAD, stuck=replace(STUCK, finalizers=("example.org/keep",))),
        on_node(DEAD, stuck=replace(STUCK, node="")),
        on_node(DEAD, proxy=replace(HANGS, strategy="RollingUpdate")),
        on_node(DEAD, proxy=replace(HANGS, replicas=0)),
        on_node(),
        on_node(DEAD, stuck=replace(STUCK, release="another")),
        replace(on_node(DEAD), release=""),
    ],
    ids=[
        *("ready", "unread", "partly", "in its grace", "kept", "finalizer", "no node", "rolling"),
        *("scaled to zero", "no node is seen", "of another release", "release unknown"),
    ],
)
def test_no_pod_is_force_deleted_without_proof_that_its_node_is_dead(seen: HubFacts) -> None:
    assert "force_delete_proxy_pod" not in [step.verb for step in restart_proxy.plan(seen).steps]


def test_without_the_right_to_read_nodes_it_restarts_as_before() -> None:
    unread = replace(
        evicted("ana", resynced_at=NOW),
        asked=frozenset({Part.NODES}),
        around=ClusterFacts(nodes=View.unread("Not allowed.")),
    )
    assert [step.verb for step in restart_proxy.plan(unread).steps] == [
        "restart_proxy",
        "resync_routes",
    ]
