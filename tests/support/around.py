"""Fixed facts about a hub's surroundings: nodes, claims, events and core pods, all well unless changed."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from bot.diagnose import Finding, Rule
from bot.domain.cluster import PURPOSE, Claim, ClusterFacts, Event, Node, PodMemory, Revision
from bot.domain.evidence import Known, View
from bot.domain.facts import MORE, HubFacts
from bot.domain.hubs import Deployment, Pod
from bot.domain.signs import Certificate, HubMetrics, Signs
from tests.support.hubs import LONG_AGO, NOW, PROXY, RELEASE, healthy

MEMORY = 512 * 2**20
HUB = replace(PROXY, name="hub")
SCHEDULER = replace(PROXY, name="user-scheduler", replicas=2, ready=2, updated=2)
CERTIFICATE = Certificate(
    subject="hub.example.edu", issuer="Let's Encrypt", expires_at=NOW + timedelta(days=60)
)


def ago(**length: float) -> datetime:
    """A time before the facts were read."""
    return NOW - timedelta(**length)


def core_pod(component: str, *, name: str = "", **changes: Any) -> Pod:
    """A core pod that has run for two hours."""
    called = name or f"{component}-1"
    made = Pod(
        name=called,
        uid=f"uid-{called}",
        phase="Running",
        node="core-1",
        component=component,
        created_at=LONG_AGO,
        started_at=LONG_AGO,
        running_since=LONG_AGO,
        owner_kind="ReplicaSet",
        ready=True,
        release=RELEASE,
        images=(f"registry.example.edu/{component}:1",),
        memory_limit=MEMORY,
    )
    return replace(made, **changes)


def waiting(component: str, *, name: str = "", **changes: Any) -> Pod:
    """A core pod that no node can take."""
    lost = {
        "phase": "Pending",
        "reason": "Unschedulable",
        "message": "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity.",
        "node": "",
        "ready": False,
        "started_at": None,
        "running_since": None,
        "created_at": ago(minutes=5),
    }
    return core_pod(component, name=name, **{**lost, **changes})


def node(name: str = "user-node-1", *, purpose: str = "user", **changes: Any) -> Node:
    """A Ready node of the core or of the user pool."""
    labels = {PURPOSE: purpose} if purpose else {}
    made = Node(name=name, uid=f"uid-{name}", ready=True, since=LONG_AGO, labels=labels)
    return replace(made, **changes)


def claim(name: str = "hub-db-dir", **changes: Any) -> Claim:
    """A bound claim that may grow."""
    made = Claim(
        name=name,
        uid=f"uid-{name}",
        phase="Bound",
        storage_class="standard",
        capacity=2**30,
        requested=2**30,
        can_grow=True,
        volume=f"pvc-{name}",
        created_at=LONG_AGO,
    )
    return replace(made, **changes)


def event(pod: Pod, reason: str, message: str = "", **changes: Any) -> Event:
    """A warning about a pod, a minute old."""
    made = Event(
        kind="Pod",
        name=pod.name,
        uid=pod.uid,
        reason=reason,
        message=message,
        at=ago(minutes=1),
        first_at=ago(minutes=4),
    )
    return replace(made, **changes)


def revision(deployment: str, number: int, *, image: str = "", **changes: Any) -> Revision:
    """A revision of a Deployment, two days old."""
    made = Revision(
        deployment=deployment,
        number=number,
        name=f"{deployment}-{number}",
        created_at=ago(days=2),
        images=(image or f"registry.example.edu/{deployment}:{number}",),
    )
    return replace(made, **changes)


CORE = (core_pod("hub"), core_pod("proxy"), core_pod("user-scheduler"))
NODES = (node("core-1", purpose="core"), node("user-node-1"), node("user-node-2"))


def around(hub: HubFacts | None = None, **lists: Any) -> HubFacts:
    """A hub with all its surroundings read, and all of them well but for ``lists``.

    A list is given as its items or as a view. ``core`` are its core pods, ``labels`` those of the core pool.
    """
    facts = hub or healthy("ana", "ben", "cy")
    core: tuple[Pod, ...] = tuple(lists.pop("core", CORE))
    labels = lists.pop("labels", {})
    signs = {
        "metrics": Known(value=HubMetrics(running=3, spawns={"success": 40}, route_check=0.1)),
        "certificate": Known(value=CERTIFICATE),
        "proxy_log": (),
        "merges": (),
    }
    signs |= {name: lists.pop(name) for name in list(lists) if name in signs}
    views: dict[str, Any] = {
        "pods": (*core, *facts.pods.items),
        "nodes": NODES,
        "claims": (claim(),),
        "events": (),
        "budgets": (),
        "quotas": (),
        "deployments": (HUB, PROXY, SCHEDULER),
        "revisions": (revision("hub", 1), revision("proxy", 1)),
        "workloads": (),
        "memory": (memory(),),
    }
    unknown = set(lists) - set(views)
    assert not unknown, unknown
    views |= lists
    return replace(
        facts,
        proxy_pods=View(items=tuple(pod for pod in core if pod.component == "proxy")),
        asked=MORE,
        around=ClusterFacts(core=labels, **{name: _view(each) for name, each in views.items()}),
        signs=Signs(**{name: _view(each) for name, each in signs.items()}),
    )


def found(rule: Rule, facts: HubFacts) -> list[Finding]:
    """What one rule finds."""
    return list(rule(facts))


def one(rule: Rule, facts: HubFacts) -> Finding:
    """The only finding of a rule."""
    (finding,) = rule(facts)
    return finding


def lists_of(facts: HubFacts) -> tuple[str, ...]:
    """The names of the lists of the cluster."""
    return tuple(each.name for each in fields(facts.around) if each.name != "core")


def memory(pod: str = "proxy-1", **changes: Any) -> PodMemory:
    """The memory that a pod uses: a quarter of its limit, measured ten seconds ago."""
    return replace(PodMemory(pod=pod, used=MEMORY // 4, at=ago(seconds=10)), **changes)


def _view(given: Any) -> Any:
    return View(items=given) if isinstance(given, tuple) else given


def deployment(name: str, **changes: Any) -> Deployment:
    """A Deployment that is rolled out."""
    return replace(PROXY, name=name, **changes)
