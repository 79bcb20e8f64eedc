"""Scheduling: the chart's user-scheduler, and pods that wait for a node."""

from __future__ import annotations

from collections.abc import Iterable

from bot.diagnose.around import (
    CORE,
    PLACEHOLDER,
    SCHEDULER,
    UNSCHEDULABLE,
    namespace_pods,
    told,
    users_on,
)
from bot.diagnose.finding import Finding, Severity
from bot.diagnose.words import count, earliest, plain, some
from bot.domain.classifier import ADDS_A_NODE
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod

NOT_READY = "The user-scheduler has no ready pod: new servers stay Pending"
PAUSED = "Its Deployment is scaled to zero."
READY = "Ready: {ready} of {replicas}."
WAIT = "{pods} for a node: {why}"
ADDED = "{pods} for a node, and one is being added"
NO_REASON = "the scheduler gives no reason"


def user_scheduler(facts: HubFacts) -> Iterable[Finding]:
    """The user-scheduler without a ready pod. The chart gives every user's pod to it, so nobody can start.

    It is known by its Deployment; a hub without one uses the cluster's own scheduler.
    """
    for found in facts.around.deployments.items:
        if found.name != SCHEDULER or found.ready:
            continue
        yield Finding(
            rule="user-scheduler",
            key=found.name,
            severity=Severity.CRITICAL,
            text=f"{NOT_READY}.",
            evidence=(
                READY.format(ready=found.ready, replicas=found.replicas),
                *((PAUSED,) if not found.replicas else ()),
            ),
            affects=None,
        )


def unscheduled(facts: HubFacts) -> Iterable[Finding]:
    """Pods that no node can take, with the scheduler's own reason; users' pods are grouped by it.

    While the autoscaler adds a node, which takes 10 to 15 minutes, waiting is normal. Placeholder pods
    wait on purpose, and the core pods have their own findings.
    """
    groups: dict[str, list[Pod]] = {}
    added: list[Pod] = []
    failures, additions = told(facts, {"FailedScheduling"}), told(facts, ADDS_A_NODE)
    for pod in namespace_pods(facts):
        if pod.phase != "Pending" or pod.node or pod.deleting_since is not None:
            continue
        if pod.component in (*CORE, PLACEHOLDER):
            continue
        failed = failures(pod)
        if pod.reason != UNSCHEDULABLE and not failed:
            continue
        if additions(pod):
            added.append(pod)
            continue
        why = plain(pod.message or (failed[0].message if failed else "")) or NO_REASON
        groups.setdefault(why, []).append(pod)
    for why, pods in groups.items():
        yield _finding(facts, why, pods, WAIT.format(pods=_wait(pods), why=why), Severity.WARNING)
    if added:
        text = ADDED.format(pods=_wait(added))
        yield _finding(facts, "added", added, text, Severity.NOTE)


def _finding(facts: HubFacts, key: str, pods: list[Pod], text: str, severity: Severity) -> Finding:
    return Finding(
        rule="unscheduled",
        key=key,
        severity=severity,
        text=f"{text}.",
        at=earliest(pod.created_at for pod in pods),
        evidence=(f"Pods: {some(pod.name for pod in pods)}.",),
        affects=users_on(facts, pods),
    )


def _wait(pods: list[Pod]) -> str:
    return f"{count(len(pods), 'pod')} {'waits' if len(pods) == 1 else 'wait'}"
