"""Give every ready server its route again: the safe fix for the commonest outage.

When the proxy restarts or is evicted, it forgets all routes while hub and proxy both look healthy.
The hub knows them all and writes the missing ones in well under a second when it is asked to.
"""

from bot.runbook import (
    Condition,
    Diagnosis,
    Draft,
    HubFacts,
    Part,
    Purpose,
    ResyncRoutes,
    RouteState,
    UnknownPart,
    runbook,
)

PROXY_DOWN = "The proxy doesn't answer, so it can't take routes: run restart-proxy instead."
ALL_THERE = "Every ready server has its route ({ready} of {ready}): a resync would change nothing."
NOT_COMPARED = (
    "Every ready server has a route, but mayday can't tell whether each leads to its pod: {why}"
)
NOBODY = "No server is ready, so no route can be missing."
NOT_SEEN = (
    "The public address doesn't answer mayday, but the hub can read the proxy's routes: check the "
    "ingress, DNS and the network too."
)
SUMMARY = (
    "Have the hub write its {ready} routes into the proxy: {what}. Nothing is deleted or restarted."
)
NOT_THESE = (
    "Servers without a route that have no running pod either: {count}. A route won't help them; "
    "run force-delete-stuck-servers."
)
DOWN = (Diagnosis.PROXY_DOWN, Diagnosis.BOTH_DOWN)


@runbook("Resync routes", purpose=Purpose.ACCESS, needs={Part.SERVERS}, is_safe=True)
def resync_routes(facts: HubFacts) -> Draft:
    """Has the hub write missing routes into the proxy. Safe at any time; deletes nothing."""
    unseen = facts.diagnosis in DOWN
    if facts.unrouted is None or not facts.routes.complete:
        why = PROXY_DOWN if unseen else facts.lacks(Part.ROUTES)
        return Draft(undecided=(UnknownPart(part=Part.ROUTES, why=why),))
    if not facts.unrouted:
        return _nothing(facts, unseen=unseen)
    missing = sum(row.is_ready and row.route is RouteState.MISSING for row in facts.rows)
    what = (
        *((f"{missing} missing",) if missing else ()),
        *((f"{facts.unrouted - missing} leading elsewhere",) if facts.unrouted > missing else ()),
    )
    hollow = sum(row.route is RouteState.MISSING for row in facts.having(Condition.STALE_RECORD))
    return Draft(
        summary=SUMMARY.format(ready=facts.ready, what=", ".join(what)),
        steps=(ResyncRoutes(),),
        cautions=(
            *((NOT_SEEN,) if unseen else ()),
            *((NOT_THESE.format(count=hollow),) if hollow else ()),
        ),
    )


def _nothing(facts: HubFacts, *, unseen: bool) -> Draft:
    """Why a resync would change nothing, or why that is unknown."""
    if facts.servers.unknown:
        return Draft(undecided=(UnknownPart(part=Part.SERVERS, why=facts.servers.unknown),))
    if not facts.ready:
        return Draft(nothing_to_do=NOBODY)
    blind = next((row for row in facts.rows if row.is_ready and row.pod is None), None)
    if blind is not None and facts.pods.unknown:
        why = NOT_COMPARED.format(why=facts.pods.unknown)
        return Draft(undecided=(UnknownPart(part=Part.PODS, why=why),))
    there = ALL_THERE.format(ready=facts.ready)
    return Draft(nothing_to_do=f"{there} {NOT_SEEN}" if unseen else there)
