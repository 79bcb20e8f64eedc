"""Restart the proxy, write its routes back, and see that they stay.

It is the second thing to try: everybody's connection to the hub drops, though kernels survive. It
is right when the proxy cannot be reached or when a resync did not bring the routes back.
"""

from datetime import UTC, datetime, timedelta

from bot.runbook import (
    Ask,
    Deployment,
    Diagnosis,
    Draft,
    HubFacts,
    LossKind,
    Part,
    Runbook,
    losing,
    restart_proxy,
    resync_routes,
)

RECENT = timedelta(minutes=15)

SUMMARY = (
    "Restart the rollout of deployment {name}, wait until it is ready, have the hub write all "
    "routes, and see twice that they are there. Everybody's connection drops meanwhile; kernels survive."
)
TRY_RESYNC = (
    "Routes are missing and no resync was tried in this incident: resync-routes disturbs nobody, "
    "so run it first."
)
LOOKS_WELL = (
    "The proxy answers and no route is missing: a restart would disturb people for nothing."
)
HUB_DOWN = (
    "The hub does not answer through the proxy: while it is down nobody can write routes back."
)
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


def draft(facts: HubFacts, _ask: Ask) -> Draft:
    """Restart and resync, with every doubt about it as a caution; the commander decides."""
    proxy = facts.proxy
    if proxy is None:
        return Draft(nothing_to_do=facts.lacks(Part.PROXY))
    if not proxy.replicas:
        return Draft(nothing_to_do=NO_REPLICAS.format(name=proxy.name))
    if at := restarted_lately(facts, proxy):
        if not proxy.rolled_out:
            return Draft(nothing_to_do=UNDER_WAY.format(name=proxy.name, at=at))
        if facts.diagnosis is Diagnosis.WELL:
            return Draft(nothing_to_do=JUST_DONE.format(name=proxy.name, at=at))
    down = facts.diagnosis is Diagnosis.PROXY_DOWN and facts.routes is None
    connected = [row for row in facts.rows if row.hub == "ready" and not down]
    return Draft(
        summary=SUMMARY.format(name=proxy.name),
        steps=(restart_proxy(facts, proxy), resync_routes(looks=2)),
        losses=losing(LossKind.CONNECTION, connected, facts.read_at),
        cautions=tuple(cautions(facts, proxy)),
    )


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
    if facts.diagnosis is Diagnosis.ROUTES_MISSING and facts.resynced_at is None:
        found.append(TRY_RESYNC)
    if facts.diagnosis is Diagnosis.WELL:
        found.append(LOOKS_WELL)
    if facts.diagnosis is Diagnosis.HUB_DOWN:
        found.append(HUB_DOWN)
    if facts.diagnosis is Diagnosis.PROXY_DOWN and facts.routes is not None:
        found.append(NOT_SEEN)
    if proxy.strategy == "Recreate":
        found += [
            STUCK_POD.format(pod=pod.name, node=pod.node or "?")
            for pod in facts.proxy_pods
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
