"""What several rules look up in the facts: this hub's core pods, pods that are bad, and events of a pod."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from datetime import datetime, timedelta

from bot.domain.classifier import CRASHES, RESTARTS
from bot.domain.cluster import Event, Node
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod

HUB, PROXY, SCHEDULER, AUTOHTTPS = "hub", "proxy", "user-scheduler", "autohttps"
CORE = (PROXY, AUTOHTTPS, HUB, SCHEDULER)
"""The chart's components without which people are cut off or nobody can start."""
USER, PLACEHOLDER = "singleuser-server", "user-placeholder"

PULLS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
"""Reasons of a container whose image can't be had."""

SCALES_DOWN = ("ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupt")
"""Taints of a node that the autoscaler is removing on purpose."""
UNSCHEDULABLE = "Unschedulable"
SETTLES = timedelta(minutes=2)
"""How long a pod may be neither ready nor gone before that counts."""
CLIMBING = timedelta(hours=1)
"""How recent the last of several restarts is if they climb."""
STARTS = timedelta(minutes=10)
"""How long a pod of the same rollout takes at most to follow another."""


def namespace_pods(facts: HubFacts) -> tuple[Pod, ...]:
    """Return every pod that was read: those of the namespace, of this hub's proxy and users."""
    found = (*facts.around.pods.items, *facts.proxy_pods.items, *facts.pods.items)
    return tuple({pod.uid or pod.name: pod for pod in reversed(found)}.values())[::-1]


def own_pods(facts: HubFacts, *components: str) -> tuple[Pod, ...]:
    """Return this hub's pods of these components, the newest first.

    Two hubs may share a namespace, so pods of another release are left out.
    """
    release = release_of(facts)
    found = [
        pod
        for pod in namespace_pods(facts)
        if pod.component in components and (not release or pod.release in ("", release))
    ]
    return tuple(sorted(found, key=lambda pod: _age(pod, facts.read_at)))


def release_of(facts: HubFacts) -> str:
    """Return the hub's Helm release, if need be by the pods of its proxy and users; empty if unknown."""
    if facts.release:
        return facts.release
    ours = {pod.release for pod in (*facts.proxy_pods.items, *facts.pods.items)} - {""}
    return ours.pop() if len(ours) == 1 else ""


def is_overdue(pod: Pod, now: datetime) -> bool:
    """Return whether its deletion should have ended some time ago."""
    since = pod.deleting_since
    return since is not None and now - since > timedelta(seconds=pod.grace) + SETTLES


def is_bad(pod: Pod, now: datetime) -> bool:
    """Return whether a pod is known to be in trouble; one that starts or stops in time is not."""
    if pod.finished:
        return False
    if pod.deleting_since is not None:
        return is_overdue(pod, now)
    if pod.ready:
        return False
    if pod.reason in CRASHES or pod.reason in PULLS or pod.phase == "Unknown":
        return True
    since = pod.unready_since or pod.created_at
    return since is not None and now - since > SETTLES


def climbs(pod: Pod, now: datetime) -> bool:
    """Return whether its containers restarted several times, and lately; it may be ready in between."""
    at = pod.last_exit_at
    return pod.restarts >= RESTARTS and at is not None and now - at <= CLIMBING


def is_leaving(node: Node) -> bool:
    """Return whether the autoscaler removes this node on purpose."""
    return any(mark in taint for taint in node.taints for mark in SCALES_DOWN)


def told(facts: HubFacts, reasons: Container[str]) -> Callable[[Pod], list[Event]]:
    """Return a function that gives the events of a pod with one of these reasons, the newest first."""
    by_pod: dict[str, list[Event]] = {}
    for event in newest_first(facts.around.events.items):
        if event.kind == "Pod" and event.reason in reasons:
            by_pod.setdefault(event.uid or event.name, []).append(event)
    return lambda pod: by_pod.get(pod.uid) or by_pod.get(pod.name) or []


def events_of(facts: HubFacts, pod: Pod, reasons: Container[str]) -> list[Event]:
    """Return the events of one pod with one of these reasons, the newest first."""
    return told(facts, reasons)(pod)


def newest_first(events: Iterable[Event]) -> list[Event]:
    """Return events, the newest first, those without a time last."""
    return sorted(events, key=lambda event: -(event.at.timestamp() if event.at else 0.0))


def evicted_at(facts: HubFacts, pod: Pod) -> datetime | None:
    """Return when a pod was evicted, by the event of the kubelet or the end of its containers."""
    told = events_of(facts, pod, {"Evicted"})
    return next((event.at for event in told if event.at), pod.last_exit_at)


def proxy_start(facts: HubFacts) -> tuple[Pod, datetime] | None:
    """Return the proxy's running pod and when it began to run; its routes are not older."""
    for pod in own_pods(facts, PROXY):
        since = pod.running_since or (pod.last_exit_at if pod.restarts else None) or pod.started_at
        if pod.phase == "Running" and pod.deleting_since is None and since is not None:
            return pod, since
    return None


def users_on(facts: HubFacts, pods: Iterable[Pod]) -> int:
    """Return how many users these pods belong to."""
    return len({pod.user for pod in pods if pod.user})


def public_answers(facts: HubFacts) -> bool:
    """Return whether hub or proxy answer at the public address."""
    if isinstance(facts.health, Unknown):
        return False
    return facts.health.value.hub or bool(facts.health.value.proxy)


def hub_is_down(facts: HubFacts) -> bool:
    """Return whether the hub is known not to answer at the public address."""
    return not isinstance(facts.health, Unknown) and not facts.health.value.hub


def _age(pod: Pod, now: datetime) -> float:
    return (now - pod.created_at).total_seconds() if pod.created_at else float("inf")
