"""Restart the hub: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import ClusterFacts, Event
from bot.domain.evidence import View
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Deployment, Health, Pod
from bot.domain.run_policy import Lock
from runbooks.restart_hub import restart_hub
from tests.support.hubs import NOW, PROXY, facts, healthy, pod, route, server
from tests.support.scripted import HUB_POD

HUB = replace(PROXY, name="hub", generation=7, observed_generation=7)
PENDING = replace(
    HUB_POD,
    name="hub-2",
    uid="uid-hub-2",
    phase="Pending",
    ready=False,
    reason="Unschedulable",
    message="0/3 nodes are available: 3 Insufficient memory.",
)
CREATING = replace(PENDING, reason="ContainerCreating", message="")
MULTI_ATTACH = Event(
    kind="Pod",
    name="hub-2",
    uid="uid-hub-2",
    reason="FailedAttachVolume",
    message="Multi-Attach error for volume pvc-1: already exclusively attached to node core-1.",
)
DOWN = Health(hub=False, proxy=True)


def around(
    seen: HubFacts,
    *,
    hub: Deployment | None = HUB,
    pods: tuple[Pod, ...] = (HUB_POD,),
    events: tuple[Event, ...] = (),
) -> HubFacts:
    """The facts with what the cluster has beside."""
    return replace(
        seen,
        release="datahub",
        asked=restart_hub.needs,
        around=ClusterFacts(
            deployments=View(items=(hub,) if hub else ()),
            pods=View(items=pods),
            events=View(items=events),
        ),
    )


def down(*users: str) -> HubFacts:
    return replace(healthy(*users), health=facts(health=DOWN).health, servers=View.unread("No."))


def test_a_hub_that_does_not_answer_is_restarted_and_nobody_loses_anything() -> None:
    plan = restart_hub.plan(around(down("ana")))
    (step,) = plan.steps
    assert (step.verb, step.target, step.generation) == ("restart_hub", "hub", 7)
    assert (plan.losses, plan.cautions) == ((), ())
    assert "Users keep working" in plan.summary
    assert "logins, starts and stops don't work" in plan.summary


def test_only_one_hub_of_a_cluster_is_restarted_at_a_time() -> None:
    assert restart_hub.policy.lock is Lock.CLUSTER


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (around(down(), hub=replace(HUB, replicas=0)), "scaled to zero"),
        (around(down(), hub=replace(HUB, paused=True)), "is paused"),
        (around(down(), pods=(PENDING,)), "hub pod hub-2 doesn't start (Unschedulable: 0/3"),
        (
            around(down(), pods=(replace(PENDING, reason="ImagePullBackOff"),)),
            "Check the image name",
        ),
        (around(down(), pods=(CREATING,), events=(MULTI_ATTACH,)), "another node still holds"),
        (
            around(down(), pods=(replace(HUB_POD, deleting_since=NOW, node="core-1"), CREATING)),
            "hub pod hub-1 on node core-1 is Terminating",
        ),
        (
            around(
                down(),
                hub=replace(HUB, restarted_at=(NOW - timedelta(minutes=1)).isoformat(), ready=0),
            ),
            "still rolling out",
        ),
    ],
    ids=["zero", "paused", "unschedulable", "image", "volume", "old pod", "under way"],
)
def test_it_refuses_where_it_can_not_help(seen: HubFacts, says: str) -> None:
    plan = restart_hub.plan(seen)
    assert plan.steps == ()
    assert says in plan.nothing_to_do


def test_a_pod_of_another_release_says_nothing_of_this_hub() -> None:
    other = replace(PENDING, release="other")
    assert restart_hub.plan(around(down(), pods=(other, replace(HUB_POD, ready=False)))).steps


def test_a_second_run_has_nothing_to_do_and_says_why() -> None:
    just = replace(HUB, restarted_at=(NOW - timedelta(minutes=1)).isoformat())
    plan = restart_hub.plan(around(healthy("ana"), hub=just))
    assert plan.steps == ()
    assert "another restart would fix nothing" in plan.nothing_to_do


def test_a_hub_that_is_down_again_after_a_restart_may_be_restarted() -> None:
    just = replace(HUB, restarted_at=(NOW - timedelta(minutes=1)).isoformat())
    assert restart_hub.plan(around(down("ana"), hub=just)).steps


def test_with_everything_well_it_cautions_and_still_offers() -> None:
    plan = restart_hub.plan(around(healthy("ana")))
    assert len(plan.steps) == 1
    assert "may fix nothing" in plan.cautions[0]


def test_starts_under_way_are_told() -> None:
    starting = replace(pod("ana", phase="Pending"), created_at=NOW)
    seen = facts(
        servers=(server("ana", pending="spawn"), server("ben")),
        pods=(starting, pod("ben")),
        routes=(route("ben"),),
    )
    assert any("1 server is starting" in text for text in restart_hub.plan(around(seen)).cautions)


def test_without_the_deployment_nothing_is_proposed() -> None:
    plan = restart_hub.plan(around(down(), hub=None))
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert "set hubs[].hub_deployment" in plan.undecided[0].why
    unasked = restart_hub.plan(down())
    assert {part.part for part in unasked.undecided} == {Part.DEPLOYMENTS, Part.CLUSTER_PODS}
