"""The runbooks that rules offer, each only where it can help."""

from __future__ import annotations

from datetime import timedelta

from bot.diagnose.around import (
    HUB,
    PROXY,
    PULLS,
    UNSCHEDULABLE,
    own_pods,
)
from bot.diagnose.finding import Remedy
from bot.diagnose.words import within
from bot.domain.classifier import CRASHES
from bot.domain.cluster import Node, Revision
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod

RECENTLY = timedelta(hours=3)
"""How long ago a rollout may be and still be a likely cause."""
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
RESYNC = "resync-routes"
RESYNC_COUNTS = timedelta(minutes=30)
"""How long ago a resync may be whose failure speaks for a restart."""
HOPELESS = PULLS | {UNSCHEDULABLE}
"""Reasons of a pod that its successor would have as well."""


def resync_routes(facts: HubFacts) -> Remedy | None:
    """Have the hub write the missing routes, or restart the proxy if that was tried without effect."""
    if isinstance(facts.access, Unknown) or not facts.routes.read:
        return None
    if within(facts.last_done.get(RESYNC), RESYNC_COUNTS, facts.read_at):
        return restart_proxy(facts) or Remedy(runbook=RESYNC, label="Resync routes")
    return Remedy(runbook=RESYNC, label="Resync routes")


def restart_proxy(facts: HubFacts) -> Remedy | None:
    """Restart the proxy, unless its Deployment is unknown, paused or scaled to zero, a new pod could not
    start either, or the hub is down and could not write the routes back."""
    if isinstance(facts.proxy, Unknown) or isinstance(facts.access, Unknown):
        return None
    proxy = facts.proxy.value
    if proxy.paused or not proxy.replicas or _hopeless(own_pods(facts, PROXY)):
        return None
    return Remedy(runbook="restart-proxy", label="Restart the proxy")


def restart_hub(facts: HubFacts) -> Remedy | None:
    """Restart the hub, if a pod of it runs: one that crashes or can't start would do the same again, and a
    new one can't start while the old one doesn't end."""
    pods = [pod for pod in own_pods(facts, HUB) if not pod.finished]
    if any(pod.deleting_since is not None for pod in pods):
        return None
    if not any(pod.phase == "Running" and pod.reason not in CRASHES for pod in pods):
        return None
    return Remedy(runbook="restart-hub", label="Restart the hub")


def deployment_of(facts: HubFacts, part: str) -> str:
    """Return the name of the Deployment of the hub or of its proxy."""
    return {HUB: facts.place.hub_deployment, PROXY: facts.place.proxy}.get(part, part)


def roll_back(facts: HubFacts, deployment: str) -> Remedy | None:
    """Roll a Deployment back, if its last rollout is recent and changed more than a restart does."""
    known = revisions(facts, deployment)
    if len(known) < 2 or not within(known[0].created_at, RECENTLY, facts.read_at):
        return None
    if known[0].images == known[1].images and _spec(known[0]) == _spec(known[1]):
        return None
    return Remedy(
        runbook="roll-back", label=f"Roll back {deployment}", arguments={"deployment": deployment}
    )


def revisions(facts: HubFacts, deployment: str) -> list[Revision]:
    """Return the revisions of a Deployment, the newest first."""
    found = [each for each in facts.around.revisions.items if each.deployment == deployment]
    return sorted(found, key=lambda each: -each.number)


def uncordon(node: Node) -> Remedy | None:
    """Uncordon a node, if it is Ready."""
    if node.ready is not True:
        return None
    return Remedy(
        runbook="uncordon-node", label=f"Uncordon {node.name}", arguments={"node": node.name}
    )


def cordon(facts: HubFacts, node: Node | None, why: str) -> Remedy | None:
    """Cordon a node, if it is Ready and another node can take the pods; an unready one gets none anyway."""
    if node is None or node.is_cordoned or node.ready is not True:
        return None
    others = [
        each
        for each in facts.around.nodes.items
        if each.name != node.name and each.ready and not each.is_cordoned
    ]
    if not any((each.pool, each.purpose) == (node.pool, node.purpose) for each in others):
        return None
    return Remedy(
        runbook="cordon-node",
        label=f"Cordon {node.name}",
        arguments={"node": node.name, "reason": why},
    )


def _spec(revision: Revision) -> tuple[object, dict[str, object]]:
    """Return what a revision says of its pods, without the marks of a restart and of its own ReplicaSet."""
    meta = revision.template.get("metadata")
    notes = meta.get("annotations") if isinstance(meta, dict) else {}
    kept = {
        key: value
        for key, value in (notes if isinstance(notes, dict) else {}).items()
        if key != RESTARTED_AT
    }
    return revision.template.get("spec"), kept


def _hopeless(pods: tuple[Pod, ...]) -> bool:
    """Whether none is ready and one waits for what its successor would wait for as well."""
    return not any(pod.ready for pod in pods) and any(pod.reason in HOPELESS for pod in pods)
