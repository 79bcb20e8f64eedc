"""Give every ready server its route again: the safe fix for the commonest outage.

When the proxy restarts or is evicted, it forgets all routes while hub and proxy both look healthy.
The hub knows them all and writes the missing ones in well under a second when it is asked to.
"""

from bot.runbook import Ask, Condition, Diagnosis, Draft, HubFacts, Part, Runbook, resync_routes

PROXY_DOWN = "The proxy does not answer, so it can take no routes: run restart-proxy instead."
ROUTES_UNREAD = "It is not known which routes are missing: {why}"
ALL_THERE = "Every ready server has its route ({routes} of {ready}): a resync would change nothing."
NOBODY = "No server is ready, so no route can be missing."
NOT_SEEN = (
    "The public address does not answer mayday, though the hub reads the proxy's routes: look at the "
    "ingress, DNS and the network as well."
)
SUMMARY = (
    "Have the hub write the {missing} missing of {ready} routes into the proxy. Nothing is deleted "
    "or restarted."
)
NOT_THESE = (
    "{count} of the servers without a route have no running pod: a route will not help them, "
    "force-delete-stuck-servers will."
)


def draft(facts: HubFacts, _ask: Ask) -> Draft:
    """Resync when at least one ready server is unrouted and the proxy can take routes."""
    unseen = facts.diagnosis is Diagnosis.PROXY_DOWN
    if facts.routes is None and unseen:
        return Draft(nothing_to_do=PROXY_DOWN)
    if facts.routes is None:
        return Draft(nothing_to_do=ROUTES_UNREAD.format(why=facts.lacks(Part.ROUTES)))
    if not facts.ready:
        return Draft(nothing_to_do=NOBODY)
    if not facts.unrouted:
        there = ALL_THERE.format(routes=facts.ready, ready=facts.ready)
        return Draft(nothing_to_do=f"{there} {NOT_SEEN}" if unseen else there)
    hollow = sum(row.routed is False for row in facts.having(Condition.STALE_RECORD))
    return Draft(
        summary=SUMMARY.format(missing=facts.unrouted, ready=facts.ready),
        steps=(resync_routes(),),
        cautions=(
            *((NOT_SEEN,) if unseen else ()),
            *((NOT_THESE.format(count=hollow),) if hollow else ()),
        ),
    )


RESYNC_ROUTES = Runbook(
    name="resync-routes",
    title="Resync routes",
    help="Has the hub write missing routes into the proxy; safe at any time, deletes nothing.",
    draft=draft,
    needs=frozenset({Part.SERVERS}),
)
