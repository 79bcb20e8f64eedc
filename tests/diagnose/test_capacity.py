"""Quotas, nodes that can't be added, images, the scheduler and disruption budgets as facts and findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.diagnose import Severity
from bot.diagnose.budgets import budgets
from bot.diagnose.failed_pods import failed_pods
from bot.diagnose.images import images
from bot.diagnose.quota import quotas, refused, scale_up
from bot.diagnose.scheduler import unscheduled, user_scheduler
from bot.domain.cluster import Budget, Quota
from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod
from tests.support.around import (
    CORE,
    SCHEDULER,
    ago,
    around,
    core_pod,
    event,
    found,
    one,
    revision,
    waiting,
)
from tests.support.hubs import healthy, pod


def users(*pods: Pod) -> HubFacts:
    return replace(healthy("zoe"), pods=View(items=pods))


def quota(used: str, hard: str) -> Quota:
    return Quota(name="compute", hard={"limits.memory": hard}, used={"limits.memory": used})


@pytest.mark.parametrize(
    ("used", "hard", "text"),
    [
        (
            "10Gi",
            "10Gi",
            "Quota compute is used up: limits.memory 10Gi of 10Gi, so new pods are refused.",
        ),
        ("9500Mi", "10Gi", "Quota compute is nearly used up: limits.memory 9500Mi of 10Gi."),
        ("950m", "1", "Quota compute is nearly used up: limits.memory 950m of 1."),
        ("5Gi", "10Gi", ""),
        ("many", "10Gi", ""),
        ("1", "0", ""),
        ("", "10Gi", ""),
    ],
)
def test_quotas(used: str, hard: str, text: str) -> None:
    findings = found(quotas, around(quotas=(quota(used, hard),)))
    assert [each.text for each in findings] == ([text] if text else [])


def test_what_a_quota_refused() -> None:
    said = event(core_pod("hub"), "FailedCreate", "pods is forbidden: exceeded quota: compute")
    finding = one(refused, around(events=(said,)))
    assert finding.at == ago(minutes=4)
    assert finding.evidence == ("FailedCreate: pods is forbidden: exceeded quota: compute",)


ANA = replace(
    pod("ana", phase="Pending", reason="Unschedulable"),
    node="",
    message="0/3 nodes are available: 3 Insufficient memory.",
    created_at=ago(minutes=6),
)
SOLD_OUT = "Node scale up failed: ZONE_RESOURCE_POOL_EXHAUSTED in us-central1-b"


@pytest.mark.parametrize(
    ("reason", "message", "text"),
    [
        (
            "FailedScaleUp",
            SOLD_OUT,
            "The autoscaler can't add a node: the zone has no machines of this type left.",
        ),
        (
            "FailedScaleUp",
            "GCE quota: QUOTA_EXCEEDED",
            "The autoscaler can't add a node: the cloud project's quota is used up.",
        ),
        (
            "FailedScaleUp",
            "?",
            "The autoscaler can't add a node: the reason is in the event.",
        ),
        (
            "NotTriggerScaleUp",
            "pod didn't trigger scale-up: 1 max node group size reached",
            "The autoscaler adds no node for 1 pod: the node pool has its greatest size.",
        ),
    ],
)
def test_nodes_that_cannot_be_added(reason: str, message: str, text: str) -> None:
    finding = one(scale_up, around(users(ANA), events=(event(ANA, reason, message),)))
    assert (finding.text, finding.severity, finding.affects) == (text, Severity.WARNING, 1)
    assert finding.at == ago(minutes=4)


def test_a_scale_up_that_succeeded_later() -> None:
    ana = pod("ana")
    finding = one(scale_up, around(users(ana), events=(event(ana, "FailedScaleUp", SOLD_OUT),)))
    assert finding.severity is Severity.NOTE
    assert found(scale_up, around(users(ana), events=(event(ana, "NotTriggerScaleUp"),))) == []


def test_pods_that_no_node_can_take() -> None:
    ben = replace(ANA, name="jupyter-ben", uid="uid-ben", user="ben", created_at=ago(minutes=2))
    finding = one(unscheduled, around(users(ANA, ben)))
    assert finding.text == (
        "2 pods wait for a node: 0/3 nodes are available: 3 Insufficient memory."
    )
    assert (finding.severity, finding.at, finding.affects) == (Severity.WARNING, ago(minutes=6), 2)


def test_pods_for_which_a_node_is_added() -> None:
    said = event(ANA, "TriggeredScaleUp", "pool: 3->4")
    finding = one(unscheduled, around(users(ANA), events=(said,)))
    assert finding.text == "1 pod waits for a node, and one is being added."
    assert finding.severity is Severity.NOTE


def test_what_may_wait_for_a_node() -> None:
    idle = waiting("user-placeholder", name="user-placeholder-0")
    seen = around(core=(*CORE, idle, waiting("hub", name="hub-9")))
    assert found(unscheduled, seen) == [], "placeholders on purpose; core pods have their own rule"


def test_the_user_scheduler() -> None:
    gone = replace(SCHEDULER, ready=0)
    finding = one(user_scheduler, around(deployments=(gone,)))
    assert finding.severity is Severity.CRITICAL
    assert finding.evidence == ("Ready: 0 of 2.",)
    assert found(user_scheduler, around(deployments=())) == [], "a hub may do without one"
    half = replace(SCHEDULER, ready=1)
    assert found(user_scheduler, around(deployments=(half,))) == []


def pulling(user: str, **changes: Any) -> Pod:
    made = replace(
        pod(user, phase="Pending", reason="ImagePullBackOff"),
        images=("registry.example.edu/notebook:bad",),
        created_at=ago(minutes=7),
        message='Back-off pulling image "registry.example.edu/notebook:bad"',
    )
    return replace(made, **changes)


def test_an_image_that_cannot_be_pulled() -> None:
    ana, ben = pulling("ana"), pulling("ben", reason="ErrImagePull")
    said = event(ana, "Failed", "not found", first_at=ago(minutes=9))
    finding = one(images, around(users(ana, ben), events=(said,)))
    assert finding.text == (
        "The image registry.example.edu/notebook:bad can't be pulled: 2 pods do not start "
        "(ImagePullBackOff)."
    )
    assert (finding.severity, finding.at, finding.affects) == (Severity.WARNING, ago(minutes=9), 2)
    assert finding.remedy is None
    deployed = (revision("hub", 1), revision("hub", 2, created_at=ago(minutes=20)))
    rolled = one(images, around(users(ana), revisions=deployed))
    assert rolled.remedy is not None and rolled.remedy.arguments == {"deployment": "hub"}
    assert rolled.at == ago(minutes=7), "without an event: when the pod was created"


def test_the_image_is_named_by_the_message_or_not_at_all() -> None:
    ana = pulling("ana", images=())
    assert one(images, around(users(ana))).key == "registry.example.edu/notebook:bad"
    mute = pulling("ana", images=(), message="")
    assert one(images, around(users(mute))).text.startswith("An image can't be pulled: 1 pod does")


def test_a_core_image_is_critical_unless_another_pod_runs() -> None:
    bad = core_pod("hub", name="hub-2", phase="Pending", reason="ErrImagePull", ready=False)
    assert one(images, around(core=(bad, core_pod("proxy")))).severity is Severity.CRITICAL
    beside = around(core=(bad, core_pod("hub"), core_pod("proxy")))
    assert one(images, beside).severity is Severity.WARNING


@pytest.mark.parametrize(
    ("healthy_pods", "allowed", "severity"),
    [(1, 0, Severity.NOTE), (0, 0, Severity.WARNING), (2, 1, None)],
)
def test_budgets(healthy_pods: int, allowed: int, severity: Severity | None) -> None:
    budget = Budget(
        name="proxy",
        allowed=allowed,
        healthy=healthy_pods,
        desired=1,
        expected=1,
        selector={"component": "proxy"},
    )
    findings = found(budgets, around(budgets=(budget,)))
    assert [each.severity for each in findings] == ([severity] if severity else [])
    assert all(each.evidence == ("It selects component=proxy.",) for each in findings)
    assert found(budgets, around(budgets=(replace(budget, expected=0, allowed=0),))) == []


def test_failed_pods_that_are_left() -> None:
    left = tuple(
        core_pod("other", name=f"x{n}", phase="Failed", reason="Evicted", node=f"n{n % 2}")
        for n in range(3)
    )
    job = core_pod("other", name="job", phase="Failed", owner_kind="Job")
    finding = one(failed_pods, around(core=(*CORE, *left, job)))
    assert finding.text == "3 pods failed or were evicted and are still listed."
    assert finding.evidence == ("By node: n0 2, n1 1.", "By reason: Evicted 3.")
    assert finding.remedy is not None and finding.remedy.runbook == "clear-failed-pods"
