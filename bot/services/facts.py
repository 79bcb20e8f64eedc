"""Read what a runbook needs to know, and record what is unknown and why.

Pods are read twice, before and after the hub's records and the routes, and both readings count. A server
that starts in between has its pod in the second reading, and one that stops has its pod in the first, so
neither looks dead.

Everything that doesn't wait for something else is read side by side. Within :func:`bot.deadline.patience`,
what has not answered by then is unknown, and a party that hangs holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.classifier import has_late_start, join_views, unmatched_users
from bot.domain.evidence import Fact, Known, Unknown, View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.hubs import Deployment, HubAccess, Pod, PodEvent, Route, Server, ServerKey
from bot.domain.ownership import foreign_pods, proxy_pods, release_of, users_pods
from bot.domain.rights import Right, Scope
from bot.domain.snapshot import HubSnapshot
from bot.domain.targets import matching, spellings
from bot.runbook.site import Site
from bot.runbook.steps import KINDS
from bot.services.side_by_side import Party, Pending, SideBySide, view
from bot.services.surroundings import Surroundings

LOOKUPS = 20
"""How many users one reading asks the hub about."""

BEFORE, RECORDS, AFTER = 0.4, 0.75, 0.9
"""The shares of the patience until which the first reading of pods, the hub's records and the second one are
waited for. They wait for each other, so one that hangs must leave time to the next."""

SCOPES = ("list:users", "read:servers")
NARROW = (
    "The token of hub {hub} lacks {scopes} without a filter, so mayday may not see every server: "
    "add it to the role of mayday's service in the hub."
)
TOO_MANY = f"mayday asks the hub about at most {LOOKUPS} users at once"

SKEW = timedelta(minutes=1)
SKEWED = (
    "The clocks of mayday and of {whose} differ by {minutes} min, so mayday can't tell how old a server "
    "or a pod is: correct the clock that is wrong."
)

Since = Callable[[View[Server]], Mapping[ServerKey, datetime]]
"""Returns when each pending server was first seen in its present state."""


def read_facts(
    site: Site,
    now: datetime,
    *,
    since: Since = lambda _servers: {},
    named: Iterable[str] = (),
    rights: bool = False,
    more: Iterable[Part] = (),
    last_done: Mapping[str, datetime] | None = None,
) -> HubFacts:
    """Return everything that can be read now, and for the rest why it is unknown.

    ``now`` is the real time, whatever clock an incident runs on: the ages of pods and servers are
    measured against it. ``named`` are users to look up where no server is theirs; ``rights`` asks the
    cluster what mayday may do. ``more`` are the parts of :data:`bot.domain.facts.MORE` to read.
    ``last_done`` is when each runbook was last carried out here.
    """
    with SideBySide() as threads:
        access = threads.start(Party.HUB, site.hub.access)
        before = threads.start(Party.CLUSTER, site.pods)
        health = threads.start(Party.HUB, site.hub.health)
        proxy = threads.start(Party.CLUSTER, lambda: _deployment(site))
        allowed = _asked_rights(site, threads) if rights else {}
        more_parts = Surroundings(site, now, threads, MORE & frozenset(more))
        found, servers, routes = _views(site, threads, access, before, more_parts)
        pods = users_pods(found.items, site.owner, servers, routes) if found.read else found
        snapshot = HubSnapshot(
            servers=servers,
            pods=pods,
            routes=routes,
            thresholds=site.thresholds,
            since=since(servers),
            release=release_of(found.items, site.owner)[0],
            foreign_pods=foreign_pods(found.items, pods),
        )
        late = _events(site, threads) if has_late_start(snapshot, now) else None
        people = _looked_up(site, threads, unmatched_users(snapshot, now))
        events = view(late) if late is not None else View[PodEvent]()
        rows = join_views(replace(snapshot, events=events, people=people), now)
        unknown = [user for n in named if not matching(n, rows) for user in spellings(n)]
        known = access.fact()
        return HubFacts(
            place=site.place,
            read_at=now,
            health=health.fact(),
            access=known,
            servers=servers,
            pods=pods,
            routes=routes,
            events=events,
            rows=rows,
            proxy=proxy.fact(),
            proxy_pods=replace(found, items=proxy_pods(found.items, site.owner)),
            rights=_rights(known, allowed) if rights else {},
            people=people | _looked_up(site, threads, unknown),
            limit=site.limit,
            clock=_skew(site, known, now),
            last_done=last_done or {},
            release=snapshot.release,
            asked=more_parts.asked,
            around=more_parts.around(),
            signs=more_parts.signs(),
        )


def _views(
    site: Site,
    threads: SideBySide,
    access: Pending[HubAccess],
    before: Pending[tuple[Pod, ...]],
    more_parts: Surroundings,
) -> tuple[View[Pod], View[Server], View[Route]]:
    """All pods of the namespace that are parts of a hub, the hub's records, and the routes."""
    earlier = view(before, BEFORE)
    # Without its scopes nobody knows which servers the token can see.
    if access.is_late(BEFORE) or isinstance(access.fact(), Known):
        listed = threads.start(Party.HUB, site.hub.servers)
        routed = threads.start(Party.HUB, site.hub.routes)
        more_parts.start_rest(earlier)
        records, routes = listed.fact(RECORDS), view(routed, RECORDS)
    else:
        more_parts.start_rest(earlier)
    after = threads.start(Party.CLUSTER, site.pods) if earlier.read else None
    scopes = access.fact(RECORDS)
    servers: View[Server]
    if isinstance(scopes, Unknown):
        servers, routes = View.unread(scopes.why), View.unread(scopes.why)
    elif isinstance(records, Unknown):
        servers = View.unread(records.why)
    else:
        servers = records.value.marked_incomplete(_doubt(site, scopes.value))
    if after is None:
        return earlier, servers, routes
    later = view(after, AFTER)
    pods = {pod.uid: pod for pod in (*earlier.items, *later.items)}
    return replace(later, items=tuple(pods.values())), servers, routes


def _deployment(site: Site) -> Deployment:
    return site.reachable_cluster.deployment(site.place.namespace, site.place.proxy)


def _doubt(site: Site, access: HubAccess) -> str:
    """Return why the token may not see every server; empty if it does."""
    missing = [scope for scope in SCOPES if scope not in access.scopes]
    return NARROW.format(hub=site.place.hub, scopes=" and ".join(missing)) if missing else ""


def _skew(site: Site, access: Fact[HubAccess], now: datetime) -> str:
    """Why the ages of servers and pods are unknown; empty where the clocks agree."""
    clock = None if isinstance(access, Unknown) else access.value.clock
    whose = {
        f"hub {site.place.hub}": now - clock if clock else None,
        f"cluster {site.place.cluster}": site.cluster.skew() if site.cluster else None,
    }
    return " ".join(
        SKEWED.format(whose=name, minutes=round(abs(behind).total_seconds() / 60))
        for name, behind in whose.items()
        if behind is not None and abs(behind) >= SKEW
    )


def _events(site: Site, threads: SideBySide) -> Pending[tuple[PodEvent, ...]]:
    """Begin to read the events of the pods, which only a late start needs."""
    return threads.start(
        Party.CLUSTER, lambda: site.reachable_cluster.pod_events(site.place.namespace)
    )


def _looked_up(site: Site, threads: SideBySide, users: Sequence[str]) -> dict[str, Fact[bool]]:
    asked = {
        user: threads.start(Party.HUB, partial(site.hub.knows, user))
        for user in dict.fromkeys(users[:LOOKUPS])
    }
    return {
        **{user: Unknown(why=TOO_MANY) for user in users[LOOKUPS:]},
        **{user: pending.fact() for user, pending in asked.items()},
    }


def _asked_rights(site: Site, threads: SideBySide) -> dict[Right, Pending[bool] | None]:
    """Begin to ask for every right that some kind of step needs; the token's scopes are known anyway."""
    asked: dict[Right, Pending[bool] | None] = {}
    for right in dict.fromkeys(right for kind in KINDS for right in kind.needs(site.place)):
        if isinstance(right, Scope):
            asked[right] = None
        elif site.cluster is not None:
            may = partial(site.cluster.may, site.place.namespace, right)
            asked[right] = threads.start(Party.CLUSTER, may)
    return asked


def _rights(
    access: Fact[HubAccess], asked: Mapping[Right, Pending[bool] | None]
) -> dict[Right, Fact[bool]]:
    """Return for each right whether mayday has it, or why that is unknown."""

    def of(right: Right, pending: Pending[bool] | None) -> Fact[bool]:
        if pending is not None:
            return pending.fact()
        if isinstance(access, Unknown):
            return access
        return Known(value=isinstance(right, Scope) and right.is_in(access.value.scopes))

    return {right: of(right, pending) for right, pending in asked.items()}
