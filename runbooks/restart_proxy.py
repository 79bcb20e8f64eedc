"""Restart the proxy, write its routes back, and see that they stay.

It is the second thing to try: everybody's connection to the hub drops, though kernels survive. It
is right when the proxy cannot be reached or when a resync did not bring the routes back.
"""

from datetime import UTC, datetime, timedelta

from bot.runbook import (
    Deployment,
    Diagnosis,
    Draft,
    HubFacts,
    LossKind,
    Part,
    Pod,
    Runbook,
    ServerKey,
    Unknown,
    losing,
    restart_proxy,
    resync_routes,
)

RECENT = timedelta(minutes=15)
RESYNC_COUNTS = timedelta(minutes=30)
"""How long ago a resync of the same incident may be and still say something about the proxy of now."""

UNSTARTED = ("Unschedulable", "ErrImagePull", "ImagePullBackOff", "InvalidImageName")
"""Why a pod does not start that a new pod of the same kind would meet as well."""

SUMMARY = (
    "Restart the rollout of deployment {name}, wait until it is ready, have the hub write all "
    "routes, and see twice that they are there. Everybody's connection drops meanwhile; kernels survive."
)
DOWN = (Diagnosis.PROXY_DOWN, Diagnosis.BOTH_DOWN)

TRY_RESYNC = (
    "Routes are missing and no resync was tried in this incident: resync-routes disturbs nobody, "
    "so run it first."
)
LOOKS_WELL = (
    "The proxy answers and no route is missing: a restart would disturb people for nothing."
)
HUB_DOWN = (
    "The hub does not answer: while it is down nobody can write routes back, so everybody stays cut off "
    "after a restart."
)
PAUSED = (
    "Deployment {name} is paused, so a restart would not begin: resume it with kubectl rollout resume "
    "deployment {name}."
)
CANNOT_START = (
    "A restart cannot help: pod {pod} of the proxy does not start ({reason}{message}), and neither would "
    "a new one. {help}"
)
HELP = {
    "Unschedulable": "Get a Ready node of the core pool that has room for it; a new node takes 10 to 15 "
    "minutes.",
}
PULL = "See to the image: its name, its registry and the secret to pull it with."
NOT_SEEN = (
    "The public address does not answer mayday, though the hub reads the proxy's routes: if it is the "
    "ingress, DNS or the network, a restart mends nothing and cuts off whoever still gets through."
)
STUCK_POD = (
    "Pod {pod} of the proxy is Terminating; with the strategy Recreate the new one waits until it "
    "is gone, for ever if its node {node} is dead."
)
NO_REPLICAS = "Deployment {name} is scaled to zero: scale it up, a restart starts nothing."
UNDER_WAY = "Deployment {name} was restarted at {at} and is still rolling out: wait for it."
JUST_DONE = (
    "Deployment {name} was restarted at {at}, is rolled out, and no route is missing: there is "
    "nothing left for a restart to mend."
)


def draft(facts: HubFacts, _targets: frozenset[ServerKey] | None) -> Draft:
    """Restart and resync, with every doubt about it as a caution; the commander decides."""
    if isinstance(facts.proxy, Unknown):
        return Draft(nothing_to_do=facts.proxy.why)
    proxy = facts.proxy.value
    if why := cannot_help(facts, proxy):
        return Draft(nothing_to_do=why)
    down = facts.diagnosis in DOWN and not facts.routes.read
    connected = [row for row in facts.rows if row.hub == "ready" and not down]
    return Draft(
        summary=SUMMARY.format(name=proxy.name),
        steps=(restart_proxy(facts, proxy), resync_routes(looks=2)),
        losses=losing(LossKind.CONNECTION, connected, facts.read_at),
        cautions=tuple(cautions(facts, proxy)),
    )


def cannot_help(facts: HubFacts, proxy: Deployment) -> str:
    """Why a restart would start nothing or mend nothing; empty where it may help."""
    if not proxy.replicas:
        return NO_REPLICAS.format(name=proxy.name)
    if proxy.paused:
        return PAUSED.format(name=proxy.name)
    if pod := unstarted(facts):
        return CANNOT_START.format(
            pod=pod.name,
            reason=pod.reason,
            message=f": {pod.message.rstrip('.')}" if pod.message else "",
            help=HELP.get(pod.reason, PULL),
        )
    if at := restarted_lately(facts, proxy):
        if not proxy.rolled_out:
            return UNDER_WAY.format(name=proxy.name, at=at)
        if facts.diagnosis is Diagnosis.WELL:
            return JUST_DONE.format(name=proxy.name, at=at)
    return ""


def unstarted(facts: HubFacts) -> Pod | None:
    """A pod of the proxy that waits for what a new one would wait for as well, where none is ready."""
    if any(pod.ready for pod in facts.proxy_pods.items):
        return None
    return next((pod for pod in facts.proxy_pods.items if pod.reason in UNSTARTED), None)


def restarted_lately(facts: HubFacts, proxy: Deployment) -> str:
    """When it was restarted, where that may be under way yet or would only be repeated; else empty."""
    try:
        at = datetime.fromisoformat(proxy.restarted_at)
    except ValueError:
        return ""
    if at.tzinfo is None or facts.read_at - at >= RECENT:
        return ""
    return at.astimezone(UTC).strftime("%H:%M:%S UTC")


def cautions(facts: HubFacts, proxy: Deployment) -> list[str]:
    """What speaks against a restart now."""
    found = []
    resynced = facts.resynced_at is not None and facts.read_at - facts.resynced_at < RESYNC_COUNTS
    if facts.diagnosis is Diagnosis.ROUTES_MISSING and not resynced:
        found.append(TRY_RESYNC)
    if facts.diagnosis is Diagnosis.WELL:
        found.append(LOOKS_WELL)
    if facts.diagnosis in (Diagnosis.HUB_DOWN, Diagnosis.BOTH_DOWN):
        found.append(HUB_DOWN)
    if facts.diagnosis is Diagnosis.PROXY_DOWN and facts.routes.read:
        found.append(NOT_SEEN)
    if proxy.strategy == "Recreate":
        found += [
            STUCK_POD.format(pod=pod.name, node=pod.node or "?")
            for pod in facts.proxy_pods.items
            if pod.deleting_since is not None
        ]
    return found


RESTART_PROXY = Runbook(
    name="restart-proxy",
    title="Restart the proxy",
    help="Restarts the proxy and writes its routes back; drops every connection, keeps kernels.",
    draft=draft,
    needs=frozenset({Part.PROXY}),
)
