"""Clear failed and evicted pods: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.cluster import ClusterFacts
from bot.domain.evidence import View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.hubs import Pod
from runbooks.clear_failed_pods import clear_failed_pods
from tests.support.hubs import NOW, RELEASE, facts, pod, route, server
from tests.support.scripted import HUB_POD, PROXY_POD

EVICTED = replace(
    PROXY_POD, name="proxy-0", uid="uid-0", phase="Failed", reason="Evicted", ready=False
)
FAILED = replace(pod("ben", phase="Failed"), release=RELEASE)
COMPLETED = replace(pod("chidi", phase="Succeeded"), release=RELEASE)


def around(*pods: Pod, servers: View[object] | None = None, release: str = RELEASE) -> HubFacts:
    """Ana works; these pods are there besides."""
    seen = facts(
        servers=(server("ana"),) if servers is None else servers,  # type: ignore[arg-type]
        pods=(pod("ana"),),
        routes=(route("ana"),),
    )
    return replace(
        seen,
        release=release,
        asked=MORE & clear_failed_pods.needs,
        around=ClusterFacts(pods=View(items=(pod("ana"), HUB_POD, PROXY_POD, *pods))),
    )


def test_what_ended_is_deleted_by_its_uid_and_nothing_else() -> None:
    plan = clear_failed_pods.plan(around(EVICTED, FAILED, COMPLETED))
    assert [(step.verb, step.target, step.uid) for step in plan.steps] == [
        ("delete_failed_pod", "proxy-0", "uid-0"),
        ("delete_failed_pod", "jupyter-ben", "uid-ben"),
        ("delete_failed_pod", "jupyter-chidi", "uid-chidi"),
    ]
    assert plan.summary == (
        "Delete 3 pods that ended: 1 failed, 1 evicted, 1 completed. No container of theirs runs."
    )
    assert plan.losses == ()
    assert all(step.is_independent and not step.loses for step in plan.steps)


@pytest.mark.parametrize(
    "one",
    [
        replace(EVICTED, release="other"),
        replace(EVICTED, release=""),
        replace(EVICTED, deleting_since=NOW),
        replace(EVICTED, owner_kind="Job"),
        replace(PROXY_POD, name="hook", uid="uid-hook", phase="Succeeded"),
        replace(EVICTED, phase="Running"),
        replace(EVICTED, phase="Pending"),
        replace(EVICTED, phase="Unknown"),
    ],
    ids=["other release", "no release", "deleted", "job", "hook", "running", "pending", "unknown"],
)
def test_what_is_left_alone(one: Pod) -> None:
    plan = clear_failed_pods.plan(around(one))
    assert plan.steps == ()
    assert "no pod that failed or was evicted" in plan.nothing_to_do


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
@pytest.mark.parametrize("pending", ["", "spawn", "stop"])
def test_a_pod_whose_server_the_hub_knows_is_left_alone(phase: str, pending: str) -> None:
    ended = replace(pod("ben", phase=phase), release=RELEASE)
    records = View(items=(server("ana"), server("ben", pending=pending)))
    plan = clear_failed_pods.plan(around(ended, servers=records))  # type: ignore[arg-type]
    assert plan.steps == ()
    assert "counts their servers as running or starting: jupyter-ben" in plan.nothing_to_do


def test_a_finalizer_is_respected() -> None:
    plan = clear_failed_pods.plan(around(replace(EVICTED, finalizers=("example.org/keep",))))
    assert plan.steps == ()
    assert "a finalizer protects them: proxy-0" in plan.nothing_to_do


def test_users_pods_are_left_alone_where_the_hub_may_hide_their_servers() -> None:
    filtered: View[object] = View(items=(server("ana"),), unknown="It is filtered.")
    plan = clear_failed_pods.plan(around(EVICTED, FAILED, servers=filtered))
    assert [step.target for step in plan.steps] == ["proxy-0"]
    assert "It is filtered." in plan.cautions[0]
    alone = clear_failed_pods.plan(around(FAILED, servers=filtered))
    assert (alone.steps, alone.nothing_to_do) == ((), "")
    assert alone.undecided[0].part is Part.SERVERS


@pytest.mark.parametrize(
    "seen",
    [
        around(EVICTED, release=""),
        replace(around(EVICTED), around=ClusterFacts(pods=View.unread("No pods today."))),
        facts(),
    ],
    ids=["no release", "unread", "unasked"],
)
def test_without_the_facts_nothing_is_proposed(seen: HubFacts) -> None:
    plan = clear_failed_pods.plan(seen)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert plan.undecided


def test_a_server_of_nobody_knows_whom_is_left_alone() -> None:
    """Without its annotation nobody can ask the hub whether it counts the server as running."""
    nameless = replace(FAILED, user="", component="singleuser-server")
    plan = clear_failed_pods.plan(around(nameless))
    assert plan.steps == ()
    assert "nobody knows whom: jupyter-ben" in plan.nothing_to_do
    more = clear_failed_pods.plan(around(nameless, EVICTED))
    assert [step.target for step in more.steps] == ["proxy-0"]
    assert any("nobody knows whom" in text for text in more.cautions)
