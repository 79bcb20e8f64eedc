"""Read what a runbook needs to know, and record what is unknown and why.

Pods are read twice, before and after the hub's records and the routes, and both readings count. A server
that starts in between has its pod in the second reading, and one that stops has its pod in the first, so
neither looks dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.domain.classifier import has_late_start, join_views, unmatched_users
from bot.domain.evidence import Fact, Known, Unknown, View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.hubs import Deployment, HubAccess, Pod, PodEvent, Route, Server, ServerKey
from bot.domain.ownership import foreign_pods, proxy_pods, release_of, users_pods
from bot.domain.rights import Right, Scope
from bot.domain.snapshot import HubSnapshot
from bot.domain.targets import matching, spellings
from bot.errors import RetryLater, UserError
from bot.runbook.site import Site
from bot.runbook.steps import KINDS

LOOKUPS = 20
"""How many users one reading asks the hub about."""

SCOPES = ("list:users", "read:servers")
NARROW = (
    "The token of hub {hub} lacks {scopes} without a filter, so mayday may not see every server: "
    "add it to the role of mayday's service in the hub."
)
TOO_MANY = f"mayday asks the hub about at most {LOOKUPS} users at once"

SKEW = timedelta(minutes=1)
SKEWED = (
    "The clocks of mayday and of hub {hub} differ by {minutes} min, so mayday can't tell how old a server "
    "or a pod is: correct the clock that is wrong."
)

Since = Callable[[View[Server]], Mapping[ServerKey, datetime]]
"""Returns when each pending server was first seen in its present state."""

T = TypeVar("T")


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
    access = _fact(site.hub.access)
    found, servers, routes = _views(site, access)
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
    events = _events(site, snapshot, now)
    people = _looked_up(site, unmatched_users(snapshot))
    rows = join_views(replace(snapshot, events=events, people=people), now)
    return HubFacts(
        place=site.place,
        read_at=now,
        health=_fact(site.hub.health),
        access=access,
        servers=servers,
        pods=pods,
        routes=routes,
        events=events,
        rows=rows,
        proxy=_fact(lambda: _deployment(site)),
        proxy_pods=replace(found, items=proxy_pods(found.items, site.owner)),
        rights=_rights(site, access) if rights else {},
        people=people
        | _looked_up(site, [user for n in named if not matching(n, rows) for user in spellings(n)]),
        limit=site.limit,
        clock=_skew(site, access, now),
        last_done=last_done or {},
        release=snapshot.release,
        asked=MORE & frozenset(more),
    )


def _views(site: Site, access: Fact[HubAccess]) -> tuple[View[Pod], View[Server], View[Route]]:
    """All pods of the namespace that are parts of a hub, the hub's records, and the routes."""
    before = _view(site.pods)
    servers: View[Server]
    routes: View[Route]
    if isinstance(access, Unknown):
        # Without its scopes nobody knows which servers the token can see.
        servers, routes = View.unread(access.why), View.unread(access.why)
    else:
        servers = _servers(site, access.value)
        routes = _view(site.hub.routes)
    if not before.read:
        return before, servers, routes
    after = _view(site.pods)
    later = {pod.uid: pod for pod in after.items}
    pods = {pod.uid: pod for pod in before.items} | later
    return replace(after, items=tuple(pods.values())), servers, routes


def _deployment(site: Site) -> Deployment:
    return site.reachable_cluster.deployment(site.place.namespace, site.place.proxy)


def _servers(site: Site, access: HubAccess) -> View[Server]:
    missing = [scope for scope in SCOPES if scope not in access.scopes]
    doubt = NARROW.format(hub=site.place.hub, scopes=" and ".join(missing)) if missing else ""
    try:
        return site.hub.servers().marked_incomplete(doubt)
    except (UserError, RetryLater) as error:
        return View.unread(str(error))


def _skew(site: Site, access: Fact[HubAccess], now: datetime) -> str:
    """Why the ages of servers and pods are unknown; empty where the clocks agree."""
    clock = None if isinstance(access, Unknown) else access.value.clock
    if clock is None or abs(clock - now) < SKEW:
        return ""
    minutes = round(abs(clock - now).total_seconds() / 60)
    return SKEWED.format(hub=site.place.hub, minutes=minutes)


def _events(site: Site, snapshot: HubSnapshot, now: datetime) -> View[PodEvent]:
    """The events of the pods; read only where a start is late enough to need them."""
    if not has_late_start(snapshot, now):
        return View()
    return _view(lambda: site.reachable_cluster.pod_events(site.place.namespace))


def _looked_up(site: Site, users: Sequence[str]) -> dict[str, Fact[bool]]:
    asked = dict.fromkeys(users[:LOOKUPS])
    return {
        **{user: Unknown(why=TOO_MANY) for user in users[LOOKUPS:]},
        **{user: _fact(partial(site.hub.knows, user)) for user in asked},
    }


def _rights(site: Site, access: Fact[HubAccess]) -> dict[Right, Fact[bool]]:
    """Of every right that some kind of step needs whether mayday has it, or why that is unknown."""
    found: dict[Right, Fact[bool]] = {}
    for right in dict.fromkeys(right for kind in KINDS for right in kind.needs(site.place)):
        if isinstance(right, Scope):
            found[right] = (
                access
                if isinstance(access, Unknown)
                else Known(value=right.is_in(access.value.scopes))
            )
        elif site.cluster is not None:
            found[right] = _fact(partial(site.cluster.may, site.place.namespace, right))
    return found


def _view(read: Callable[[], Sequence[T]]) -> View[T]:
    try:
        return View(items=tuple(read()))
    except (UserError, RetryLater) as error:
        return View.unread(str(error))


def _fact(read: Callable[[], T]) -> Fact[T]:
    try:
        return Known(value=read())
    except (UserError, RetryLater) as error:
        return Unknown(why=str(error))
