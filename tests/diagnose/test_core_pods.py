"""Pods of hub, proxy, autohttps and user-scheduler as facts and findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.diagnose import Remedy, Severity
from bot.diagnose.address import address
from bot.diagnose.core_pods import absent, core_pods
from bot.domain.evidence import Known, View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Health, Pod
from tests.support.around import (
    HUB,
    PROXY,
    ago,
    around,
    core_pod,
    deployment,
    event,
    found,
    node,
    one,
    revision,
    waiting,
)
from tests.support.hubs import facts, healthy

CRITICAL, WARNING = Severity.CRITICAL, Severity.WARNING
DOWN = Health(hub=False, proxy=True)
OUT = Health(hub=False, proxy=False)
SINCE = ago(minutes=5)


def down(health: Health = OUT, **lists: Any) -> HubFacts:
    """A hub that nobody can reach."""
    return around(facts(servers=None, pods=(), routes=None, health=health), **lists)


def unready(component: str, **changes: Any) -> Pod:
    return core_pod(component, **{"ready": False, "unready_since": SINCE, **changes})


CASES: list[tuple[str, Pod, str, datetime | None]] = [
    (
        "unschedulable",
        waiting("hub"),
        "Pod hub-1 of the hub waits for a node: 0/2 nodes are available: 2 node(s) didn't match Pod's node "
        "affinity.",
        ago(minutes=5),
    ),
    (
        "crash loop",
        unready("hub", reason="CrashLoopBackOff", last_exit="Error", restarts=9),
        "Pod hub-1 of the hub crashes again and again (Error).",
        SINCE,
    ),
    (
        "killed for memory",
        core_pod("hub", last_exit="OOMKilled", last_exit_at=ago(minutes=2), restarts=1),
        "The container of pod hub-1 of the hub was killed because it used more memory than its limit.",
        ago(minutes=2),
    ),
    (
        "evicted",
        core_pod(
            "hub", phase="Failed", reason="Evicted", message="Low on memory.", last_exit_at=SINCE
        ),
        "Pod hub-1 of the hub was evicted: Low on memory.",
        SINCE,
    ),
    (
        "failed",
        core_pod("hub", phase="Failed", reason="NodeShutdown", ready=False, last_exit_at=SINCE),
        "Pod hub-1 of the hub ended (NodeShutdown).",
        SINCE,
    ),
    (
        "restarts climb",
        core_pod("hub", restarts=4, last_exit="Error", last_exit_at=ago(minutes=8)),
        "Pod hub-1 of the hub restarted 4 times, the last time because of Error.",
        ago(minutes=8),
    ),
    (
        "overdue",
        core_pod("hub", deleting_since=ago(minutes=9), grace=30, ready=False),
        "Pod hub-1 of the hub does not end: its deletion is overdue.",
        ago(minutes=9),
    ),
    (
        "not ready",
        unready("hub"),
        "Pod hub-1 of the hub is Running, but not ready.",
        SINCE,
    ),
    (
        "does not start",
        unready("hub", phase="Pending", reason="ContainerCreating"),
        "Pod hub-1 of the hub does not start (ContainerCreating).",
        SINCE,
    ),
]


@pytest.mark.parametrize(("pod", "text", "at"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_wrong_with_a_pod(pod: Pod, text: str, at: datetime | None) -> None:
    finding = one(core_pods, down(core=(pod, core_pod("proxy"))))
    assert (finding.text, finding.at) == (text, at)
    assert finding.severity in (CRITICAL, WARNING)


@pytest.mark.parametrize(
    "pod",
    [
        core_pod("hub"),
        core_pod("hub", ready=False, unready_since=ago(seconds=20)),
        core_pod("hub", deleting_since=ago(seconds=20), grace=30, ready=False),
        core_pod("hub", phase="Succeeded", ready=False),
        core_pod("hub", restarts=9, last_exit="Error", last_exit_at=ago(days=3)),
        core_pod("hub", phase="Failed", reason="Evicted", last_exit_at=ago(days=3)),
        unready("hub", phase="Pending", reason="ImagePullBackOff"),
        core_pod("hub", release="another"),
        unready("continuous-image-puller"),
    ],
)
def test_what_is_well_or_another_rules(pod: Pod) -> None:
    assert found(core_pods, around(core=(core_pod("proxy"), pod))) == []


def test_the_schedulers_and_the_kubelets_words_are_shown() -> None:
    hub = waiting("hub")
    said = event(hub, "FailedScheduling", "0/2 nodes are available.")
    seen = down(core=(hub, core_pod("proxy")), events=(said,))
    assert "FailedScheduling: 0/2 nodes are available" in one(core_pods, seen).evidence


def test_the_time_of_an_eviction_is_that_of_its_event() -> None:
    gone = core_pod("proxy", name="proxy-old", phase="Failed", reason="Evicted", ready=False)
    seen = around(
        core=(core_pod("hub"), core_pod("proxy"), gone),
        events=(event(gone, "Evicted", at=ago(minutes=7)),),
    )
    finding = one(core_pods, seen)
    assert finding.at == ago(minutes=7)
    assert finding.severity is WARNING, "another pod of the proxy is ready"
    assert finding.affects == 0


def test_without_another_pod_it_is_critical_and_cuts_off() -> None:
    broken = unready("proxy", reason="CrashLoopBackOff", restarts=4)
    seen = around(
        replace(healthy("ana", "ben"), health=down().health), core=(core_pod("hub"), broken)
    )
    finding = one(core_pods, seen)
    assert (finding.severity, finding.affects) == (CRITICAL, 2)
    unread = down(core=(core_pod("hub"), broken))
    assert one(core_pods, unread).affects is None


def test_a_proxy_that_answers_cuts_off_nobody() -> None:
    seen = around(core=(core_pod("hub"), unready("proxy")))
    finding = one(core_pods, seen)
    assert (finding.severity, finding.affects) == (WARNING, 0)


def test_the_user_scheduler_is_a_warning() -> None:
    broken = unready("user-scheduler", reason="CrashLoopBackOff")
    seen = around(core=(core_pod("hub"), core_pod("proxy"), broken))
    assert one(core_pods, seen).severity is WARNING


REMEDIES = [
    ("a hub that hangs", unready("hub"), (), "restart-hub"),
    ("a hub that crashes", unready("hub", reason="CrashLoopBackOff"), (), ""),
    (
        "a hub that crashes since a rollout",
        unready("hub", reason="CrashLoopBackOff"),
        (revision("hub", 1), revision("hub", 2, created_at=ago(minutes=30))),
        "roll-back",
    ),
    (
        "a rollout that only restarted it",
        unready("hub", reason="CrashLoopBackOff"),
        (
            revision("hub", 1),
            revision("hub", 2, image="registry.example.edu/hub:1", created_at=ago(minutes=30)),
        ),
        "",
    ),
    (
        "an old rollout",
        unready("hub", reason="CrashLoopBackOff"),
        (revision("hub", 1), revision("hub", 2, created_at=ago(hours=30))),
        "",
    ),
    ("a hub without a node", waiting("hub"), (), ""),
    (
        "a proxy on a dead node",
        core_pod("proxy", deleting_since=ago(minutes=9), grace=30, ready=False),
        (),
        "restart-proxy",
    ),
    ("a proxy that hangs", unready("proxy"), (), "restart-proxy"),
    ("a proxy without a node", waiting("proxy"), (), ""),
    ("autohttps", unready("autohttps"), (), ""),
]


@pytest.mark.parametrize(
    ("pod", "revisions", "runbook"), [c[1:] for c in REMEDIES], ids=[c[0] for c in REMEDIES]
)
def test_a_remedy_that_cannot_help_is_not_offered(
    pod: Pod, revisions: tuple[Any, ...], runbook: str
) -> None:
    others = tuple(core_pod(part) for part in ("hub", "proxy") if part != pod.component)
    finding = one(core_pods, down(core=(pod, *others), revisions=revisions))
    assert (finding.remedy.runbook if finding.remedy else "") == runbook


def test_no_pod_at_all() -> None:
    zero = deployment("hub", replicas=0, ready=0)
    seen = down(DOWN, core=(core_pod("proxy"),), deployments=(zero, PROXY))
    finding = one(absent, seen)
    assert finding.text == "Deployment hub is scaled to zero, so the hub doesn't run."
    stops = core_pod("hub", deleting_since=ago(seconds=3), grace=30)
    same = down(DOWN, core=(core_pod("proxy"), stops), deployments=(zero, PROXY))
    assert one(absent, same).text == finding.text
    both = found(absent, down(core=(), deployments=(HUB, PROXY)))
    assert [each.text for each in both] == [
        "No pod of the proxy exists.",
        "No pod of the hub exists.",
    ]


def test_pods_with_other_labels_are_unknown_and_not_absent() -> None:
    finding = one(absent, down(DOWN, core=(core_pod("proxy"),), deployments=(PROXY,)))
    assert finding.severity is Severity.UNKNOWN and finding.affects is None
    assert finding.text == (
        "mayday can't tell whether the hub runs: namespace datahub-prod has no pod with the label "
        "component=hub and no Deployment of its name."
    )


def test_a_pod_on_a_node_that_is_not_ready_is_in_the_nodes_finding() -> None:
    lost = node("core-1", purpose="core", ready=None)
    seen = down(core=(unready("hub"), core_pod("proxy")), nodes=(lost,))
    assert found(core_pods, seen) == []


@pytest.mark.parametrize("pods", [View.unread("Away."), View(unknown="Cut.")])
def test_a_list_that_was_not_read_proves_no_absence(pods: View[Pod]) -> None:
    assert found(absent, down(pods=pods, core=())) == []


def test_a_hub_that_answers_has_a_pod_somewhere() -> None:
    assert found(absent, around(core=())) == []


def test_the_address_tells_which_part_fails() -> None:
    hub = one(address, down(DOWN, core=(unready("hub"), core_pod("proxy"))))
    assert hub.text == (
        "The hub doesn't answer, but its proxy does: nobody can log in or start a server."
    )
    assert (hub.at, hub.affects) == (SINCE, 0)
    assert hub.remedy == Remedy(runbook="restart-hub", label="Restart the hub")
    well = replace(healthy("ana"), health=down().health)
    front = one(address, around(well))
    assert "check the ingress, DNS" in front.text and front.remedy is None
    assert front.affects == 1
    proxy = one(address, around(replace(well, routes=View.unread("The hub answered 500."))))
    assert (
        proxy.text
        == "The public address doesn't answer, and the proxy's routes could not be read through the hub."
    )
    assert proxy.remedy == Remedy(runbook="restart-proxy", label="Restart the proxy")
    both = one(address, down())
    assert both.remedy is None and both.affects is None


def test_the_proxy_is_not_restarted_where_that_starts_nothing() -> None:
    well = replace(healthy("ana"), health=down().health, routes=View.unread("500."))
    paused = replace(PROXY, paused=True)
    assert one(address, around(replace(well, proxy=Known(value=paused)))).remedy is None
    pulls = waiting("proxy", reason="ImagePullBackOff")
    assert one(address, around(well, core=(core_pod("hub"), pulls))).remedy is None
