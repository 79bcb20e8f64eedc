"""The pods of hub, proxy, autohttps and user-scheduler: why one is not running, and restarts that climb."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.diagnose.around import (
    AUTOHTTPS,
    CORE,
    HUB,
    PROXY,
    PULLS,
    SCHEDULER,
    UNSCHEDULABLE,
    climbs,
    events_of,
    evicted_at,
    hub_is_down,
    is_bad,
    is_leaving,
    is_overdue,
    own_pods,
    public_answers,
)
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.remedies import deployment_of, restart_hub, restart_proxy, roll_back
from bot.diagnose.words import connected, count, megabytes, plain, within
from bot.domain.classifier import CRASHES
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Deployment, Pod

REPORTED = timedelta(hours=6)
"""How long an eviction or a container's end that was repaired is worth a finding."""

EVICTED = "Pod {pod} of {part} was evicted{why}"
NO_NODE = "Pod {pod} of {part} waits for a node: {why}"
CRASHES_ON = "Pod {pod} of {part} crashes again and again{why}"
KILLED = (
    "The container of pod {pod} of {part} was killed because it used more memory than its limit"
)
CLIMBS = "Pod {pod} of {part} restarted {times}, the last time {why}"
OVERDUE = "Pod {pod} of {part} does not end: its deletion is overdue"
UNREADY = "Pod {pod} of {part} is {state}, but not ready"
WAITS = "Pod {pod} of {part} does not start ({why})"
FAILED = "Pod {pod} of {part} ended{why}"
ABSENT = "No pod of {part} exists"
NO_LABEL = (
    "mayday can't tell whether {part} runs: namespace {namespace} has no pod with the label "
    "component={label} and no Deployment of its name"
)
SCALED_TO_ZERO = "Deployment {name} is scaled to zero, so {part} doesn't run"
REPLACED = "Another pod of {part} is ready: {pod}."
SUCCESSOR = "With the strategy Recreate its successor waits until it is gone."
LIMIT = "Memory limit: {limit}."
NO_LIMIT = "Its memory limit is unknown or not set."
RESTARTED = "Restarts: {count}."
ON = "Node: {node}."
LAST = "Last exit: {reason}."


@dataclass(frozen=True, kw_only=True)
class _Trouble:
    """What is wrong with one pod, since when, and whether it is over."""

    text: str
    at: datetime | None
    kind: str
    over: bool = False


def core_pods(facts: HubFacts) -> Iterable[Finding]:
    """Pods of hub, proxy, autohttps and user-scheduler that wait, crash, were killed or evicted, or are not
    ready, each with the reason that the scheduler or the kubelet gives.

    A pod has one finding, with the reason that explains most. It is a warning if another pod of the same
    part is ready. A failing image pull is in the finding of its image, and a pod that is only not ready
    because its node isn't is in that of the node.
    """
    for part in CORE:
        pods = own_pods(facts, part)
        ready = next((pod for pod in pods if pod.ready and pod.deleting_since is None), None)
        for pod in pods:
            trouble = _trouble(facts, pod, part)
            if trouble is not None and not _is_its_nodes(facts, pod, trouble):
                yield _finding(facts, pod, part, trouble, ready)


def absent(facts: HubFacts) -> Iterable[Finding]:
    """No pod of the hub or of its proxy, although its public address doesn't answer.

    A Deployment that is scaled to zero, or a ReplicaSet whose pods a quota refuses, has no pod that could
    show a reason. Only a complete list of pods proves that there is none, and only a Deployment proves that
    the pods would have the chart's labels.
    """
    if not facts.around.pods.complete or not facts.around.pods.read or not hub_is_down(facts):
        return
    for part in (PROXY, HUB):
        found = _deployment(facts, deployment_of(facts, part))
        pods = [pod for pod in own_pods(facts, part) if not pod.finished]
        stopping = found and not found.replicas and all(pod.deleting_since for pod in pods)
        if (pods and not stopping) or (part == PROXY and public_answers(facts)):
            continue
        where = {"part": _named(part), "label": part, "namespace": facts.place.namespace}
        if found is None:
            yield Finding(
                rule="absent",
                key=part,
                severity=Severity.UNKNOWN,
                text=NO_LABEL.format(**where) + ".",
                affects=None,
            )
            continue
        yield Finding(
            rule="absent",
            key=part,
            severity=Severity.CRITICAL,
            text=(ABSENT if found.replicas else SCALED_TO_ZERO).format(name=found.name, **where)
            + ".",
            affects=connected(facts) if part == PROXY else 0,
        )


def _is_its_nodes(facts: HubFacts, pod: Pod, trouble: _Trouble) -> bool:
    node = facts.around.node(pod.node)
    unready = node is not None and node.ready is not True and not is_leaving(node)
    return trouble.kind == "unready" and unready


def _trouble(facts: HubFacts, pod: Pod, part: str) -> _Trouble | None:
    now = facts.read_at
    words = {"pod": pod.name, "part": _named(part)}
    said = f": {plain(pod.message)}" if pod.message else ""
    if pod.phase == "Failed":
        evicted = pod.reason == "Evicted"
        at = evicted_at(facts, pod)
        if not within(at or pod.created_at, REPORTED, now):
            return None
        why = said or (f" ({plain(pod.reason)})" if pod.reason and not evicted else "")
        text = (EVICTED if evicted else FAILED).format(**words, why=why)
        return _Trouble(text=text, at=at, kind="evicted" if evicted else "failed", over=True)
    if pod.finished or pod.reason in PULLS:
        return None
    if is_overdue(pod, now):
        return _Trouble(text=OVERDUE.format(**words), at=pod.deleting_since, kind="overdue")
    if pod.deleting_since is not None:
        return None
    if pod.reason == UNSCHEDULABLE and not pod.node:
        why = plain(pod.message) or "the scheduler gives no reason"
        return _Trouble(text=NO_NODE.format(**words, why=why), at=pod.created_at, kind="no-node")
    if not pod.ready and pod.reason in CRASHES:
        why = f" ({plain(pod.last_exit)})" if pod.last_exit else said
        text = CRASHES_ON.format(**words, why=why)
        return _Trouble(text=text, at=pod.unready_since or pod.last_exit_at, kind="crash")
    if pod.last_exit == "OOMKilled" and within(pod.last_exit_at, REPORTED, now):
        text = KILLED.format(**words)
        return _Trouble(text=text, at=pod.last_exit_at, kind="oom", over=pod.ready)
    if climbs(pod, now):
        why = f"because of {plain(pod.last_exit)}" if pod.last_exit else "for an unknown reason"
        text = CLIMBS.format(**words, times=count(pod.restarts, "time"), why=why)
        return _Trouble(text=text, at=pod.last_exit_at, kind="restarts", over=pod.ready)
    if not is_bad(pod, now):
        return None
    since = pod.unready_since or pod.created_at
    if pod.phase == "Pending":
        why = plain(pod.reason) or "no reason is given"
        return _Trouble(text=WAITS.format(**words, why=why), at=since, kind="waits")
    return _Trouble(text=UNREADY.format(**words, state=pod.phase), at=since, kind="unready")


def _finding(facts: HubFacts, pod: Pod, part: str, trouble: _Trouble, ready: Pod | None) -> Finding:
    critical = ready is None and part != SCHEDULER and not (part == PROXY and public_answers(facts))
    return Finding(
        rule="core-pod",
        key=pod.uid or pod.name,
        severity=Severity.CRITICAL if critical else Severity.WARNING,
        text=f"{trouble.text}.",
        at=trouble.at,
        evidence=tuple(_evidence(facts, pod, part, trouble, ready)),
        remedy=_remedy(facts, pod, part, trouble, ready),
        affects=connected(facts) if critical and part in (PROXY, AUTOHTTPS) else 0,
    )


def _evidence(
    facts: HubFacts, pod: Pod, part: str, trouble: _Trouble, ready: Pod | None
) -> Iterable[str]:
    if ready is not None and ready is not pod:
        yield REPLACED.format(part=_named(part), pod=ready.name)
    if trouble.kind == "overdue" and part == PROXY and _strategy(facts) == "Recreate":
        yield SUCCESSOR
    if trouble.kind == "oom":
        yield LIMIT.format(limit=megabytes(pod.memory_limit)) if pod.memory_limit else NO_LIMIT
    if pod.last_exit and trouble.kind not in ("evicted", "oom", "restarts"):
        yield LAST.format(reason=plain(pod.last_exit))
    if pod.restarts:
        yield RESTARTED.format(count=pod.restarts)
    if pod.node:
        yield ON.format(node=pod.node)
    said = events_of(facts, pod, {"FailedScheduling", "BackOff", "Unhealthy", "Evicted", "Failed"})
    for event in said[:2]:
        yield f"{event.reason}: {plain(event.message)}"


def _remedy(
    facts: HubFacts, pod: Pod, part: str, trouble: _Trouble, ready: Pod | None
) -> Remedy | None:
    """Roll back what crashes since a rollout; restart what runs and doesn't answer."""
    if part not in (HUB, PROXY) or ready not in (None, pod):
        return None
    if trouble.kind in ("crash", "unready", "restarts", "oom") and (
        back := roll_back(facts, deployment_of(facts, part))
    ):
        return back
    if ready is not None:
        return None
    if trouble.kind == "unready":
        return restart_hub(facts) if part == HUB else restart_proxy(facts)
    if trouble.kind == "overdue" and part == PROXY:
        return restart_proxy(facts)
    return None


def _deployment(facts: HubFacts, name: str) -> Deployment | None:
    return next((each for each in facts.around.deployments.items if each.name == name), None)


def _strategy(facts: HubFacts) -> str:
    return "" if isinstance(facts.proxy, Unknown) else facts.proxy.value.strategy


def _named(part: str) -> str:
    return f"the {part}" if part in (HUB, PROXY) else part
