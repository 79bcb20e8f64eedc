"""Restart the proxy, write its routes back, and see that they stay.

It is the second thing to try: everybody's connection to the hub drops, though kernels survive. It
is right when the proxy cannot be reached or when a resync did not bring the routes back.
"""

from datetime import timedelta

from bot.runbook import (
    UNDER_WAY,
    Deployment,
    Diagnosis,
    Draft,
    ForceDeleteProxyPod,
    HubFacts,
    LossKind,
    Part,
    Pod,
    Purpose,
    RestartProxy,
    ResyncRoutes,
    Unknown,
    UnknownPart,
    cannot_restart,
    losing,
    restarted_lately,
    runbook,
)

RESYNC = "resync-routes"
"""The runbook to try before a restart."""
RESYNC_COUNTS = timedelta(minutes=30)
"""How long ago a resync of the same incident may be and still say something about the proxy of now."""

SUMMARY = (
    "Restart deployment {name}, wait for its rollout, have the hub write all routes, and check "
    "twice that they are there. Every connection drops meanwhile; kernels survive."
)
WAIT = (
    "Wait for the rollout of deployment {name}, have the hub write all routes, and check twice that they "
    "are there."
)
DOWN = (Diagnosis.PROXY_DOWN, Diagnosis.BOTH_DOWN)

TRY_RESYNC = (
    "Routes are missing, and no resync was tried here in the last 30 minutes. Run resync-routes first: it "
    "disturbs nobody."
)
LOOKS_WELL = (
    "The proxy answers and no route is missing: a restart would disconnect everyone for nothing."
)
HUB_DOWN = (
    "The hub doesn't answer, and without it no routes can be written: after a restart everyone "
    "stays cut off until the hub is back. Bring the hub back first."
)
SHUT_OUT = (
    "mayday can't have the routes written back after a restart, so everyone stays cut off until the hub "
    "next checks its routes: {why}"
)
NOT_SEEN = (
    "The public address doesn't answer mayday, but the hub can read the proxy's routes. Check the "
    "ingress, DNS and the network first: if the fault is there, a restart fixes nothing and "
    "disconnects everyone who still gets through."
)
LONG_GONE = timedelta(minutes=1)
"""How long after its grace period a pod on a dead node counts as one that never goes."""

FREE = "Force-delete {pods}, whose node is gone or not Ready, so that the rollout can go on"
STUCK_POD = (
    "Proxy pod {pod} is Terminating. With the strategy Recreate, its successor waits until it is "
    "gone, and that may never happen if node {node} is dead. Check the node first."
)
JUST_DONE = (
    "Deployment {name} was restarted at {at}, its rollout is complete and no route is missing: "
    "another restart would fix nothing."
)


@runbook(
    "Restart the proxy",
    purpose=Purpose.ACCESS,
    needs={Part.PROXY},
    wants={Part.NODES},
)
def restart_proxy(facts: HubFacts) -> Draft:
    """Restarts the proxy and writes its routes back. Drops every connection; kernels survive."""
    if isinstance(facts.proxy, Unknown):
        return Draft(undecided=(UnknownPart(part=Part.PROXY, why=facts.proxy.why),))
    proxy = facts.proxy.value
    dead = dead_pods(facts, proxy)
    hangs = bool(dead) and not proxy.rolled_out
    if not hangs and (why := cannot_help(facts, proxy)):
        return Draft(nothing_to_do=why)
    down = facts.diagnosis in DOWN and not facts.routes.read
    connected = [row for row in facts.rows if row.is_ready and not down]
    freed = f"{FREE.format(pods=', '.join(pod.name for pod in dead))}. " if dead else ""
    restart = () if hangs else (RestartProxy.of(facts, proxy),)
    return Draft(
        summary=freed + (WAIT if hangs else SUMMARY).format(name=proxy.name),
        steps=(
            *(
                ForceDeleteProxyPod(deployment=proxy.name, pod=pod.name, uid=pod.uid, node=pod.node)
                for pod in dead
            ),
            *restart,
            ResyncRoutes(looks=2),
        ),
        losses=losing(LossKind.CONNECTION, connected, facts.read_at),
        cautions=tuple(cautions(facts, proxy, dead)),
    )


def dead_pods(facts: HubFacts, proxy: Deployment) -> list[Pod]:
    """The pods of the proxy that hold up a rollout for good: deleted long ago, on a node known to be dead.

    A Ready node ends its pods. So may a node of which nothing is known.
    """
    nodes_known = facts.around.nodes.complete and bool(facts.around.nodes.items)
    if proxy.strategy != "Recreate" or not proxy.replicas or not nodes_known or not facts.release:
        return []
    found = []
    for pod in facts.proxy_pods.items:
        if pod.release != facts.release:  # another hub's
            continue
        if pod.deleting_since is None or pod.finalizers or not pod.node:
            continue
        node = facts.around.node(pod.node)
        late = facts.read_at - pod.deleting_since > timedelta(seconds=pod.grace) + LONG_GONE
        if late and (node is None or not node.ready):
            found.append(pod)
    return found


def cannot_help(facts: HubFacts, proxy: Deployment) -> str:
    """Why a restart would start or fix nothing; empty where it may help."""
    if why := cannot_restart(proxy, facts.proxy_pods.items, "proxy"):
        return why
    if at := restarted_lately(proxy, facts.read_at):
        if not proxy.rolled_out:
            return UNDER_WAY.format(name=proxy.name, at=at)
        if facts.diagnosis is Diagnosis.WELL:
            return JUST_DONE.format(name=proxy.name, at=at)
    return ""


def cautions(facts: HubFacts, proxy: Deployment, dead: list[Pod]) -> list[str]:
    """What speaks against a restart now."""
    found = []
    last = facts.last_done.get(RESYNC)
    resynced = last is not None and facts.read_at - last < RESYNC_COUNTS
    if facts.diagnosis is Diagnosis.ROUTES_MISSING and not resynced:
        found.append(TRY_RESYNC)
    if facts.diagnosis is Diagnosis.WELL:
        found.append(LOOKS_WELL)
    if facts.diagnosis in (Diagnosis.HUB_DOWN, Diagnosis.BOTH_DOWN):
        found.append(HUB_DOWN)
    if facts.diagnosis is Diagnosis.UNKNOWN and isinstance(facts.access, Unknown):
        found.append(SHUT_OUT.format(why=facts.access.why))
    if facts.diagnosis is Diagnosis.PROXY_DOWN and facts.routes.read:
        found.append(NOT_SEEN)
    if proxy.strategy == "Recreate":
        found += [
            STUCK_POD.format(pod=pod.name, node=pod.node or "?")
            for pod in facts.proxy_pods.items
            if pod.deleting_since is not None and pod not in dead
        ]
    return found
