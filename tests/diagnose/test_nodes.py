"""Nodes as facts and findings: unready, under pressure, cordoned, with bad pods, and the core pool."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.diagnose import Remedy, Severity
from bot.diagnose.nodes import (
    bad_pods_by_node,
    cordons,
    core_pool,
    core_scale_down,
    node_pressure,
    unready_nodes,
)
from bot.domain.cluster import CORDONED_AT, CORDONED_BY, CORDONED_UNTIL, CORDONED_WHY, POOLS, Event
from bot.domain.evidence import View
from tests.support.around import ago, around, core_pod, event, found, node, one, waiting
from tests.support.hubs import NOW, healthy, pod

CORE = node("core-1", purpose="core")
OTHER = node("user-node-2")
BAD: dict[str, Any] = {"ready": False, "unready_since": ago(minutes=12)}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"ready": False, "why": "KubeletNotReady: PLEG is not healthy"},
            "Node user-node-1 is not Ready: KubeletNotReady: PLEG is not healthy.",
        ),
        ({"ready": None, "why": "NodeStatusUnknown"}, "Node user-node-1 stopped reporting."),
    ],
)
def test_a_node_that_is_not_ready(changes: dict[str, Any], text: str) -> None:
    sick = node(since=ago(minutes=4), **changes)
    finding = one(unready_nodes, around(nodes=(CORE, sick, OTHER)))
    assert (finding.text, finding.at) == (text, ago(minutes=4))
    assert (finding.severity, finding.affects) == (Severity.CRITICAL, 3)
    assert "On it: pods of 3 users." in finding.evidence
    assert finding.remedy is None, "the scheduler keeps pods away already"


def test_an_empty_node_that_is_not_ready_is_a_warning() -> None:
    finding = one(unready_nodes, around(nodes=(CORE, node("spare", ready=False))))
    assert (finding.severity, finding.affects) == (Severity.WARNING, 0)


def test_a_node_that_the_autoscaler_removes_is_no_finding() -> None:
    leaving = node(
        ready=False, is_cordoned=True, taints=("ToBeDeletedByClusterAutoscaler=1:NoSchedule",)
    )
    seen = around(nodes=(CORE, leaving))
    assert found(unready_nodes, seen) == [] and found(cordons, seen) == []


def test_pressure() -> None:
    sick = node(pressures=("DiskPressure", "PIDPressure"))
    finding = one(node_pressure, around(nodes=(CORE, sick, OTHER)))
    assert finding.text == "Node user-node-1 is under pressure: DiskPressure, PIDPressure."
    assert finding.remedy == Remedy(
        runbook="cordon-node",
        label="Cordon user-node-1",
        arguments={"node": "user-node-1", "reason": "Under pressure: DiskPressure, PIDPressure"},
    )
    alone = one(node_pressure, around(nodes=(CORE, sick)))
    assert alone.remedy is None, "no other node can take its pods"


def cordoned(*, until: object = None, **changes: Any) -> Any:
    notes = {
        CORDONED_BY: "U0RESPONDER",
        CORDONED_AT: ago(hours=3).isoformat(),
        CORDONED_WHY: "disk full",
        **({CORDONED_UNTIL: until.isoformat()} if until else {}),  # type: ignore[attr-defined]
    }
    return node(is_cordoned=True, annotations=notes, **changes)


def test_a_cordon_of_mayday_says_who_and_when() -> None:
    end = NOW.replace(hour=14)
    finding = one(cordons, around(nodes=(CORE, cordoned(until=end))))
    assert finding.text == ("Node user-node-1 is cordoned through mayday: no new pod starts there.")
    assert (finding.severity, finding.at, finding.by) == (
        Severity.NOTE,
        ago(hours=3),
        "U0RESPONDER",
    )
    assert finding.evidence == (
        "Cordoned through mayday by Slack user U0RESPONDER.",
        "Reason given: disk full.",
        "Cordoned for three hours.",
        "It is to end in two hours.",
    )
    assert finding.remedy is None


def test_a_cordon_past_its_end() -> None:
    finding = one(cordons, around(nodes=(CORE, cordoned(until=ago(minutes=30)))))
    assert finding.severity is Severity.WARNING
    assert finding.text == (
        "The cordon of node user-node-1 through mayday has passed its end: still no new pod starts there."
    )
    assert finding.evidence[-1] == "It was to end 30 minutes ago."
    assert finding.remedy == Remedy(
        runbook="uncordon-node", label="Uncordon user-node-1", arguments={"node": "user-node-1"}
    )
    sick = cordoned(until=ago(minutes=30), ready=False)
    assert one(cordons, around(nodes=(CORE, sick))).remedy is None


@pytest.mark.parametrize(
    ("at", "severity"),
    [
        (ago(hours=2), Severity.NOTE),
        (ago(days=3), Severity.WARNING),
        (None, Severity.NOTE),
    ],
)
def test_somebody_elses_cordon(at: Any, severity: Severity) -> None:
    finding = one(cordons, around(nodes=(CORE, node(is_cordoned=True, cordoned_at=at))))
    assert (finding.severity, finding.at, finding.by) == (severity, at, "")
    assert finding.evidence[0] == "mayday did not cordon it, so who did is unknown."


@pytest.mark.parametrize("time", ["nonsense", "2026-11-22T11:00:00", ""])
def test_an_annotation_that_is_no_time_is_ignored(time: str) -> None:
    odd = node(is_cordoned=True, annotations={CORDONED_UNTIL: time, CORDONED_AT: time})
    assert one(cordons, around(nodes=(odd,))).at is None


def test_several_bad_pods_of_a_node_are_one_finding() -> None:
    hub = healthy("ana", "ben", "cy")
    sick = tuple(
        replace(pod(user), **BAD, node="user-node-1", reason="ContainerCreating")
        for user in ("ana", "ben")
    )
    fine = replace(pod("cy"), node="user-node-2")
    seen = around(replace(hub, pods=View(items=(*sick, fine))))
    finding = one(bad_pods_by_node, seen)
    assert finding.text == "2 of 2 pods on node user-node-1 are not well."
    assert (finding.at, finding.affects) == (ago(minutes=12), 2)
    assert finding.evidence == (
        "jupyter-ana: ContainerCreating",
        "jupyter-ben: ContainerCreating",
    )
    assert finding.remedy is not None and finding.remedy.arguments["node"] == "user-node-1"


def test_one_bad_pod_is_not_the_nodes_fault() -> None:
    sick = replace(pod("ana"), **BAD)
    assert found(bad_pods_by_node, around(replace(healthy("ana"), pods=View(items=(sick,))))) == []


def test_failing_pulls_are_not_the_nodes_fault() -> None:
    sick = tuple(replace(pod(u), **BAD, reason="ImagePullBackOff") for u in ("ana", "ben"))
    assert found(bad_pods_by_node, around(replace(healthy("ana"), pods=View(items=sick)))) == []


def test_where_every_node_has_bad_pods_no_cordon_is_offered() -> None:
    sick = tuple(
        replace(pod(f"u{number}"), **BAD, node=f"user-node-{number % 2 + 1}") for number in range(4)
    )
    findings = found(bad_pods_by_node, around(replace(healthy("ana"), pods=View(items=sick))))
    assert len(findings) == 2 and not any(each.remedy for each in findings)


def test_a_node_that_is_not_ready_is_not_grouped_again() -> None:
    sick = tuple(replace(pod(u), **BAD) for u in ("ana", "ben"))
    seen = around(
        replace(healthy("ana"), pods=View(items=sick)), nodes=(CORE, node(ready=None), OTHER)
    )
    assert found(bad_pods_by_node, seen) == []
    assert "jupyter-ana: Running" in one(unready_nodes, seen).evidence


WAITING = (waiting("hub"), waiting("proxy"))


def test_core_pool_whose_only_node_is_not_ready() -> None:
    lost = node("core-1", purpose="core", ready=None, since=ago(minutes=6))
    broken = tuple(core_pod(part, ready=False) for part in ("hub", "proxy"))
    finding = one(core_pool, around(core=broken, nodes=(lost, OTHER)))
    assert (finding.severity, finding.at, finding.affects) == (
        Severity.CRITICAL,
        ago(minutes=6),
        3,
    )
    assert finding.evidence[0] == "Nodes of the core pool that are known: core-1."


def test_core_pool_without_a_node_since_its_pods_wait() -> None:
    finding = one(core_pool, around(core=WAITING, nodes=(OTHER,)))
    assert finding.at == ago(minutes=5)
    assert "Waiting for a node: hub-1, proxy-1." in finding.evidence


def test_the_removal_of_a_node_is_shown_but_may_be_anothers() -> None:
    gone = Event(
        kind="Node",
        name="core-1",
        reason="RemovingNode",
        message="Node core-1 event: Removing Node core-1 from Controller",
        at=ago(minutes=9),
    )
    finding = one(core_pool, around(core=WAITING, nodes=(OTHER,), events=(gone,)))
    assert finding.at == ago(minutes=5), "since its pods wait"
    assert (
        "RemovingNode: Node core-1 event: Removing Node core-1 from Controller" in finding.evidence
    )


def test_core_pool_by_configured_labels() -> None:
    labels = {"hub.example.edu/pool": "core-2024"}
    seen = around(core=WAITING, nodes=(OTHER,), labels=labels)
    assert one(core_pool, seen).evidence[0] == (
        "No node has the labels of the core pool (hub.example.edu/pool=core-2024)."
    )
    ready = node("core-9", purpose="", labels=labels)
    assert found(core_pool, around(core=WAITING, nodes=(OTHER, ready), labels=labels)) == []


def test_core_pool_by_the_node_pool_of_hub_and_proxy() -> None:
    pool = {POOLS[0]: "core-pool"}
    nodes = (node("core-1", purpose="", labels=pool, ready=False), node("u", purpose=""))
    broken = tuple(core_pod(part, ready=False) for part in ("hub", "proxy"))
    assert one(core_pool, around(core=broken, nodes=nodes)).key == "core"


@pytest.mark.parametrize(
    "lists",
    [
        {"core": WAITING, "nodes": View.unread("Away.")},
        {"core": WAITING, "nodes": View(items=(OTHER,), unknown="Cut.")},
        {"core": WAITING, "nodes": (CORE, OTHER)},
        {"core": (waiting("hub"), core_pod("proxy")), "nodes": (OTHER,)},
        {"core": WAITING, "nodes": (node("u", purpose=""),)},
        {"core": (), "nodes": (OTHER,)},
    ],
    ids=["unread", "incomplete", "a Ready one", "the proxy runs", "no labels", "no core pods"],
)
def test_a_core_pool_that_is_not_known_to_be_at_zero(lists: dict[str, Any]) -> None:
    assert found(core_pool, around(**lists)) == []


def test_the_autoscaler_took_a_core_node() -> None:
    gone = core_pod("proxy", name="proxy-0")
    seen = around(events=(event(gone, "ScaleDown", "deleting pod for node scale down"),))
    finding = one(core_scale_down, seen)
    assert finding.text == "The autoscaler removed the node of core pod proxy-0."
    assert finding.at == ago(minutes=1)
    assert finding.remedy == Remedy(runbook="hold-core-pool", label="Hold the core pool")
    at_zero = around(core=WAITING, events=seen.around.events.items)
    assert one(core_scale_down, at_zero).remedy is None, "there is no pod to hold"
    user = event(pod("ana"), "ScaleDown")
    assert found(core_scale_down, around(events=(user,))) == []
