"""No plan touches a server that shows life or for which a required view is unknown.

The test generates records, pods, routes, ages and gaps. It checks for life with the
vetoes, not with the classifier.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.domain.evidence import Fact, Known, Unknown, View
from bot.domain.facts import BlastRadius, HubFacts
from bot.domain.hubs import Condition, Pod, PodEvent, Route, Server
from bot.domain.ownership import Owner, users_pods
from bot.runbook import Step
from bot.runbook.steps.server import PodStep
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.hubs import NOW, PLACE, RELEASE, facts, pod, route, server
from tests.support.scripted import HUB_POD

START = timedelta(minutes=10)
USERS = ("ana", "ben", "cy")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1")
OWNER = Owner(namespace=PLACE.namespace)

ages = st.sampled_from((0, 5, 30, 60, 300, 590, 610, 3600, 90_000)).map(
    lambda seconds: NOW - timedelta(seconds=seconds)
)
users = st.sampled_from(USERS)
names = st.sampled_from(("",) * 7 + ("gpu",))
maybe_ages = st.sampled_from((False, True, True, True, True)).flatmap(
    lambda told: ages if told else st.none()
)
targets = st.sampled_from((*ADDRESSES, "jupyter-ana.datahub-prod.svc", "10.9.9.9"))


@st.composite
def records(draw: st.DrawFn, user: str) -> Server:
    pending = draw(st.sampled_from(("", "", "spawn", "stop", "stop", "check", "other")))
    return Server(
        user=user,
        name=draw(names),
        ready=not pending and draw(st.sampled_from((True, True, True, False))),
        pending=pending,
        started=draw(maybe_ages),
    )


@st.composite
def pods(draw: st.DrawFn, user: str, number: int) -> Pod:
    phase = draw(
        st.sampled_from(("Running", "Running", "Pending", "Failed", "Succeeded", "Unknown"))
    )
    reason = draw(st.sampled_from(("", "CrashLoopBackOff", "ImagePullBackOff", "Evicted", "Error")))
    deleting = draw(ages) if draw(st.booleans()) else None
    return Pod(
        name=f"jupyter-{user}-{number}",
        uid=f"uid-{user}-{number}",
        phase=phase,
        reason=reason,
        node=draw(st.sampled_from(("", "node-1"))),
        user=draw(st.sampled_from((user,) * 15 + ("",))),
        server=draw(names),
        component="singleuser-server",
        created_at=draw(maybe_ages),
        deleting_since=deleting,
        grace=draw(st.sampled_from((0, 1, 30))) if deleting else 0,
        finalizers=draw(st.sampled_from(((),) * 7 + (("example.org/hold",),))),
        owner_kind=draw(st.sampled_from(("",) * 7 + ("StatefulSet",))),
        restarts=draw(st.sampled_from((0, 0, 1, 12))),
        ready=phase == "Running" and draw(st.booleans()),
        ips=draw(st.sampled_from(((), *((address,) for address in ADDRESSES)))),
        release=draw(st.sampled_from((RELEASE,) * 10 + ("", "other"))),
        last_exit=draw(st.sampled_from(("", "OOMKilled"))),
        last_exit_at=draw(maybe_ages),
    )


@st.composite
def routes(draw: st.DrawFn) -> Route:
    user, name, to = draw(users), draw(names), draw(targets)
    host = f"[{to}]" if ":" in to else to
    path = f"/user/{user}/{name}/".replace("//", "/")
    return Route(user=user, server=name, path=path, target=f"http://{host}:8888")


@st.composite
def hubs(draw: st.DrawFn) -> HubFacts:
    """Generate a hub of servers with arbitrary views; often one server is healthy."""
    whole = st.sampled_from(("",) * 8 + ("It is filtered.",))
    well = draw(st.sampled_from((True, True, True, False)))
    some = draw(st.lists(users, min_size=1, max_size=3, unique=True))
    found = [draw(records(user)) for user in some if draw(st.sampled_from((True, True, False)))]
    seen = [
        draw(pods(user, number))
        for user in some
        for number in range(draw(st.sampled_from((0, 1, 1, 1, 2))))
    ]
    led = draw(st.lists(routes(), max_size=2)) if draw(st.booleans()) else []
    if well:
        found, seen, led = [*found, server("zoe")], [*seen, pod("zoe")], [*led, route("zoe")]
    servers = View(items=tuple(found), unknown=draw(whole))
    owner = replace(OWNER, complete=draw(st.sampled_from((True, False, False))))
    own = users_pods((*seen, HUB_POD), owner, servers, View(items=tuple(led)))
    happened = tuple(
        PodEvent(pod_uid=one.uid, reason="TriggeredScaleUp", message="", at=NOW)
        for one in seen
        if draw(st.sampled_from((True, False, False)))
    )
    events = View(items=happened, unknown=draw(whole))
    answers: st.SearchStrategy[Fact[bool]] = st.sampled_from(
        (Known(value=True),) * 5 + (Known(value=False), Unknown(why="No answer."))
    )
    keys = [(user, name) for user in USERS for name in ("", "gpu")]
    gone = draw(st.sampled_from((None,) * 9 + ("servers", "pods", "routes")))
    made = facts(
        servers=View.unread("Away.") if gone == "servers" else servers,
        pods=View.unread("Away.") if gone == "pods" else own,
        routes=View.unread("Away.")
        if gone == "routes"
        else View(items=tuple(led), unknown=draw(whole)),
        events=events,
        since={key: draw(ages) for key in keys if draw(st.booleans())},
        people={user: draw(answers) for user in USERS},
    )
    return replace(made, limit=BlastRadius(servers=draw(st.sampled_from((0, 1, 10, 10, 10)))))


def key_of(step: Step) -> tuple[str, str]:
    return step.user, step.server


def own_pods(step: Step, seen: HubFacts) -> list[Pod]:
    return [p for p in seen.pods.items if (p.user, p.server) == key_of(step)]


def overdue(pod: Pod) -> bool:
    since = pod.deleting_since
    return since is not None and since + timedelta(seconds=pod.grace) < NOW


def old(moment: datetime | None) -> bool:
    return moment is not None and NOW - moment >= START


def leads_to(route: Route, pod: Pod) -> bool | None:
    """Return whether a route leads to a pod; None if unknown."""
    try:
        target = ip_address(urlsplit(route.target).hostname or "")
    except ValueError:
        return None
    return any(ip_address(ip) == target for ip in pod.ips)


def finished(pod: Pod) -> bool:
    return pod.phase in ("Failed", "Succeeded")


def signs_of_life(step: Step, seen: HubFacts) -> list[str]:
    """Return the vetoes against ending a server, in the principle's order."""
    record = next((s for s in seen.servers.items if (s.user, s.name) == key_of(step)), None)
    if record is not None and not (record.ready or record.pending):
        record = None
    named = [r for r in seen.routes.items if (r.user, r.server) == key_of(step)]
    found = []
    for one in own_pods(step, seen):
        stopped_by_hub = record is not None and record.pending == "stop"
        leading = [leads_to(led, one) for led in seen.routes.items]
        orphan = (
            record is None
            and seen.servers.complete
            and seen.routes.complete
            and not named
            and not any(leading)
            and old(one.created_at)
        )
        if one.ready and not (orphan or stopped_by_hub):
            found.append("a ready pod")
        if not finished(one) and not overdue(one) and any(leading):
            found.append("a route to the pod's address")
        if record is not None and record.ready and not finished(one) and not overdue(one):
            found.append("a record that is ready while its pod runs")
        if not finished(one) and not overdue(one) and any(leads_to(r, one) is None for r in named):
            found.append("a route of the server that nobody can follow")
    if record is not None and record.pending == "spawn" and not old(record.started):
        since = record.started
        if since is not None:
            found.append("a start younger than the hub's own limit")
    return found


def unknowns(step: Step, seen: HubFacts) -> list[str]:
    """Return the step's required views that are not complete."""
    found = []
    record = any((s.user, s.name) == key_of(step) for s in seen.servers.items)
    if not record and not seen.servers.complete:
        found.append("whether there is a record")
    if not own_pods(step, seen) and not seen.pods.complete:
        found.append("whether there is a pod")
    if not (seen.servers.read and seen.pods.read):
        found.append("servers or pods")
    if step.verb == "stop_server" and not seen.routes.complete:
        found.append("whether a route leads there")
    if not record and not seen.routes.complete:
        found.append("whether a route leads there")
    return found


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(hubs(), st.sampled_from((frozenset(), frozenset({"ana"}), frozenset(USERS))))
def test_no_plan_touches_what_lives_or_is_unknown(seen: HubFacts, named: frozenset[str]) -> None:
    plan = CLEAR.plan(seen, {"users": sorted(named)})
    if not named:
        assert bool(plan.over_limit) is (len(plan.steps) > seen.limit.of(seen.ready or 0))
    for step in plan.steps:
        event(step.verb)
        assert signs_of_life(step, seen) == [], step
        assert unknowns(step, seen) == [], step
        if isinstance(step, PodStep):
            target = next(pod for pod in seen.pods.items if pod.uid == step.uid)
            assert target.release == RELEASE, "another hub's, or nobody knows whose"
            assert not target.finalizers and target.owner_kind != "StatefulSet"
            if step.verb == "force_delete_pod":
                assert overdue(target) or finished(target)
                ready = {(s.user, s.name) for s in seen.servers.items if s.ready}
                lost = step.condition is Condition.LOST_NODE
                assert lost == (key_of(step) in ready), "the measure goes by the condition"
    if plan.steps or plan.undecided:
        return
    assert plan.nothing_to_do
    judged = [row for row in seen.rows if not named or row.user in named]
    assert not [row for row in judged if row.condition is Condition.UNKNOWN]
    assert seen.servers.complete and seen.pods.read


def shows_two_servers(record: Server, other: Pod, seen: HubFacts) -> bool:
    """Return whether the pod can't be the record's, or is past saving whoever's it is."""
    past_saving = overdue(other) and not other.ready and record.pending in ("", "stop")
    began, made = record.started, other.created_at
    apart = began is not None and made is not None and abs(made - began) > timedelta(hours=1)
    led = [r for r in seen.routes.items if (r.user, r.server) == (record.user, record.name)]
    elsewhere = (
        record.ready
        and seen.routes.complete
        and bool(led)
        and all(leads_to(one, other) is False for one in led)
        and bool(other.ips)
        and other.restarts == 0
        and seen.people[other.user] == Known(value=True)
    )
    return past_saving or apart or elsewhere


@settings(max_examples=300, deadline=None, derandomize=True)
@given(hubs())
def test_a_record_without_a_pod_beside_a_pod_without_a_record_is_touched_only_on_evidence(
    seen: HubFacts,
) -> None:
    """Each alone looks dead, and they may be one server whose user was renamed."""
    living: dict[tuple[str, str], list[Pod]] = {}
    for one in seen.pods.items:
        if one.user and not finished(one):
            living.setdefault((one.user, one.server), []).append(one)
    shown = {(s.user, s.name): s for s in seen.servers.items if s.ready or s.pending}
    touched = {key_of(step) for step in CLEAR.plan(seen).steps}
    for key, record in shown.items():
        own = [p for p in seen.pods.items if (p.user, p.server) == key]
        if own or (record.pending == "spawn" and not old(record.started)):
            continue
        for its_key, pods_of in living.items():
            if its_key in shown or not {key, its_key} & touched:
                continue
            for other in pods_of:
                event("both" if {key, its_key} <= touched else "one")
                assert shows_two_servers(record, other, seen), (record, other)
