"""Restart the hub, one at a time on a cluster.

It is right when the hub doesn't answer, or waits for the end of a pod that is gone. Users keep working
meanwhile: their servers and the proxy don't need the hub.
"""

from bot.runbook import (
    UNDER_WAY,
    Condition,
    Deployment,
    Diagnosis,
    Draft,
    HubFacts,
    Lock,
    Part,
    Pod,
    Purpose,
    RestartHub,
    RunPolicy,
    UnknownPart,
    cannot_restart,
    restarted_lately,
    runbook,
)

SUMMARY = (
    "Restart deployment {name}, wait for its rollout, and check that the hub answers. Users keep working in "
    "their servers; logins, starts and stops don't work until the hub is back, which takes about a minute."
)
NO_DEPLOYMENT = (
    "There is no Deployment {name} in namespace {namespace}: set hubs[].hub_deployment to the name of the "
    "hub's."
)
VOLUME_HELD = (
    "A restart can't help: hub pod {pod} waits for a volume that another node still holds ({message}). "
    "Find the node that holds it: if it is gone, detach the volume in the cloud's console."
)
OLD_POD = (
    "A restart can't help: hub pod {pod} on node {node} is Terminating, and its successor waits until it is "
    "gone. Check the node first."
)
JUST_DONE = (
    "Deployment {name} was restarted at {at}, its rollout is complete and the hub answers: another restart "
    "would fix nothing."
)
LOOKS_WELL = "The hub answers and nothing waits for it: a restart may fix nothing."
STARTS_LOST = (
    "{count} {servers} starting. The restart may end {them}, and the users have to try again."
)
HELD = ("FailedAttachVolume", "FailedMount")
DOWN = (Diagnosis.HUB_DOWN, Diagnosis.BOTH_DOWN)
WAITS = (Condition.LOST_EVENTS, Condition.HUNG_CHECK)
"""The conditions that a restart of the hub ends."""


@runbook(
    "Restart the hub",
    purpose=Purpose.HUB,
    needs={Part.DEPLOYMENTS, Part.CLUSTER_PODS},
    wants={Part.CLUSTER_EVENTS},
    policy=RunPolicy(lock=Lock.CLUSTER),
)
def restart_hub(facts: HubFacts) -> Draft:
    """Restarts the hub. Users keep working; logins and starts stop for about a minute."""
    name = facts.place.hub_deployment
    hub = next((each for each in facts.around.deployments.items if each.name == name), None)
    if hub is None:
        why = facts.lacks(Part.DEPLOYMENTS) or NO_DEPLOYMENT.format(
            name=name, namespace=facts.place.namespace
        )
        return Draft(undecided=(UnknownPart(part=Part.DEPLOYMENTS, why=why),))
    if why := cannot_help(facts, hub):
        return Draft(nothing_to_do=why)
    return Draft(
        summary=SUMMARY.format(name=name),
        steps=(RestartHub.of(facts, hub),),
        cautions=tuple(cautions(facts)),
    )


def cannot_help(facts: HubFacts, hub: Deployment) -> str:
    """Why a restart would start or fix nothing; empty where it may help."""
    pods = own_pods(facts)
    if why := cannot_restart(hub, pods, "hub"):
        return why
    if at := restarted_lately(hub, facts.read_at):
        if not hub.rolled_out:
            return UNDER_WAY.format(name=hub.name, at=at)
        if facts.diagnosis not in DOWN and not facts.having(*WAITS):
            return JUST_DONE.format(name=hub.name, at=at)
    for pod in pods if hub.strategy == "Recreate" else ():
        if pod.deleting_since is not None:
            return OLD_POD.format(pod=pod.name, node=pod.node or "?")
    return held(facts, pods)


def held(facts: HubFacts, pods: tuple[Pod, ...]) -> str:
    """That the hub's pod waits for a volume that is held elsewhere; empty where it doesn't."""
    waiting = {pod.uid: pod for pod in pods if pod.phase == "Pending"}
    for event in facts.around.events.items:
        pod = waiting.get(event.uid)
        if pod is not None and event.reason in HELD and "Multi-Attach" in event.message:
            return VOLUME_HELD.format(pod=pod.name, message=event.message.rstrip("."))
    return ""


def own_pods(facts: HubFacts) -> tuple[Pod, ...]:
    """The pods of this hub's own Deployment that have not ended."""
    return tuple(
        pod
        for pod in facts.around.pods.items
        if pod.component == "hub"
        and not pod.finished
        and (pod.release == facts.release or not facts.release)
    )


def cautions(facts: HubFacts) -> list[str]:
    """What speaks against a restart now."""
    found = []
    starting = len(facts.having(Condition.STARTING))
    if facts.diagnosis is Diagnosis.WELL and not facts.having(*WAITS):
        found.append(LOOKS_WELL)
    if starting:
        one = starting == 1
        found.append(
            STARTS_LOST.format(
                count=starting,
                servers="server is" if one else "servers are",
                them="that start" if one else "these starts",
            )
        )
    return found
