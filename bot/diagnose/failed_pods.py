"""Pods that ended and were left behind, which hide the ones that matter in every list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.diagnose.around import release_of
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.words import count, latest, some
from bot.domain.facts import HubFacts

LEFT = "{pods} failed or {were} evicted and {are} still listed"
BY_NODE = "By node: {nodes}."
REASONS = "By reason: {reasons}."


def failed_pods(facts: HubFacts) -> Iterable[Finding]:
    """Failed and evicted pods that are left behind. Nothing runs in them; their nodes show a pattern.

    Kubernetes keeps thousands of them before it deletes any. Pods of Jobs are left to their owners.
    """
    release = release_of(facts)
    pods = [
        pod
        for pod in facts.around.pods.items
        if pod.phase == "Failed"
        and pod.deleting_since is None
        and pod.owner_kind != "Job"
        and pod.release in ("", release or pod.release)
    ]
    if not pods:
        return
    nodes = Counter(pod.node or "no node" for pod in pods).most_common()
    reasons = Counter(pod.reason or "no reason" for pod in pods).most_common()
    one = len(pods) == 1
    yield Finding(
        rule="failed-pods",
        key="failed",
        severity=Severity.NOTE,
        text=LEFT.format(
            pods=count(len(pods), "pod"), were="was" if one else "were", are="is" if one else "are"
        )
        + ".",
        at=latest(pod.last_exit_at for pod in pods),
        evidence=(
            BY_NODE.format(nodes=some(f"{name} {number}" for name, number in nodes)),
            REASONS.format(reasons=some(f"{reason} {number}" for reason, number in reasons)),
        ),
        remedy=_clear() if any(release and pod.release == release for pod in pods) else None,
    )


def _clear() -> Remedy:
    return Remedy(runbook="clear-failed-pods", label="Clear failed pods")
