"""The table of conditions: each line of the README, with facts that match it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition, Pod, PodEvent, Server
from bot.domain.ownership import Owner, users_pods
from bot.render.plan_words import CONDITIONS
from tests.support.hubs import (
    NOW,
    PLACE,
    facts,
    late_spawn,
    pod,
    route,
    server,
    terminating,
)
from tests.support.scripted import HUB_POD

LATELY = {("ana", ""): NOW - timedelta(seconds=30)}
FOR_LONG = {("ana", ""): NOW - timedelta(minutes=3)}
PENDING = pod("ana", phase="Pending")
EVICTED = pod("ana", phase="Failed", reason="Evicted")
YOUNG = replace(pod("ana"), created_at=NOW - timedelta(minutes=9))
CRASHING = replace(pod("ana", reason="CrashLoopBackOff"), ready=False, restarts=12)
OOMKILLED = replace(
    pod("ana"), restarts=4, last_exit="OOMKilled", last_exit_at=NOW - timedelta(minutes=1)
)
UNREADY = replace(pod("ana"), ready=False)
SCALE_UP = PodEvent(
    pod_uid="uid-ana", reason="TriggeredScaleUp", message="pod triggered scale-up", at=NOW
)


def seen(
    record: Server | None,
    its_pod: Pod | None,
    *,
    routed: bool = False,
    to: str = "",
    others: bool = True,
    since: dict[tuple[str, str], object] | None = None,
    events: tuple[PodEvent, ...] = (),
) -> HubFacts:
    """Facts about Ana's server and, with ``others``, Zoe's healthy one."""
    records = (*((record,) if record else ()), *((server("zoe"),) if others else ()))
    pods = (*((its_pod,) if its_pod else ()), *((pod("zoe"),) if others else ()))
    routes = (
        *((route("ana", to=to),) if routed or to else ()),
        *((route("zoe"),) if others else ()),
    )
    owner = Owner(namespace=PLACE.namespace)
    return facts(
        servers=records,
        pods=users_pods((*pods, HUB_POD), owner, View(items=records), View(items=routes)),
        routes=routes,
        since=since,  # type: ignore[arg-type]
        events=View(items=events),
    )


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the table. ``verb`` is the step of force-delete-stuck-servers, if any."""

    hub: str
    pod: str
    route: str
    condition: Condition
    verb: str | None = None
    examples: tuple[Callable[[], HubFacts], ...]


C = Condition
TABLE = (
    Line(
        hub="ready",
        pod="Running and ready",
        route="to the pod",
        condition=C.OK,
        examples=(
            lambda: seen(server("ana"), pod("ana"), routed=True),
            lambda: seen(server("ana"), pod("ana"), to="jupyter-ana.datahub-prod.svc"),
        ),
    ),
    Line(
        hub="ready",
        pod="Running and ready",
        route="missing",
        condition=C.UNROUTED,
        examples=(lambda: seen(server("ana"), pod("ana")),),
    ),
    Line(
        hub="ready",
        pod="Running and ready",
        route="to another address",
        condition=C.STALE_ROUTE,
        examples=(lambda: seen(server("ana"), pod("ana"), to="10.9.9.9"),),
    ),
    Line(
        hub="ready",
        pod="crashing or OOM-killed repeatedly",
        route="any",
        condition=C.CRASHING,
        examples=(
            lambda: seen(server("ana"), CRASHING, routed=True),
            lambda: seen(server("ana"), OOMKILLED, routed=True),
            lambda: seen(server("ana"), CRASHING),
        ),
    ),
    Line(
        hub="ready",
        pod="Pending, or Running and not ready",
        route="any",
        condition=C.UNKNOWN,
        examples=(
            lambda: seen(server("ana"), PENDING),
            lambda: seen(server("ana"), UNREADY, routed=True),
        ),
    ),
    Line(
        hub="ready",
        pod="Terminating beyond its grace period",
        route="any",
        condition=C.LOST_NODE,
        verb="force_delete_pod",
        examples=(
            lambda: seen(server("ana"), terminating("ana")),
            lambda: seen(server("ana"), terminating("ana"), routed=True),
        ),
    ),
    Line(
        hub="ready",
        pod="Terminating beyond its grace period, but still ready",
        route="any",
        condition=C.UNKNOWN,
        examples=(lambda: seen(server("ana"), replace(terminating("ana"), ready=True)),),
    ),
    Line(
        hub="ready",
        pod="none or finished; other servers have theirs",
        route="to no live pod",
        condition=C.STALE_RECORD,
        verb="stop_server",
        examples=(
            lambda: seen(server("ana"), None),
            lambda: seen(server("ana"), None, routed=True),
            lambda: seen(server("ana"), EVICTED, routed=True),
        ),
    ),
    Line(
        hub="ready",
        pod="none, and no other server has one",
        route="any",
        condition=C.UNKNOWN,
        examples=(
            lambda: seen(server("ana"), None, others=False),
            lambda: seen(server("ana"), None, routed=True, others=False),
        ),
    ),
    Line(
        hub="pending spawn, within `start_timeout`",
        pod="any",
        route="any",
        condition=C.STARTING,
        examples=(
            lambda: seen(late_spawn("ana", minutes=6), PENDING),
            lambda: seen(late_spawn("ana", minutes=6), None),
            lambda: seen(
                late_spawn("ana", minutes=6), pod("ana", phase="Pending", reason="ErrImagePull")
            ),
        ),
    ),
    Line(
        hub="pending spawn, beyond `start_timeout`",
        pod="none, Pending or crashing",
        route="missing",
        condition=C.STUCK_SPAWN,
        verb="stop_server",
        examples=(
            lambda: seen(late_spawn("ana"), None),
            lambda: seen(late_spawn("ana"), PENDING),
            lambda: seen(late_spawn("ana"), CRASHING),
            lambda: seen(late_spawn("ana"), EVICTED),
        ),
    ),
    Line(
        hub="pending spawn, beyond `start_timeout`",
        pod="Pending, and a node is being added for it",
        route="any",
        condition=C.STARTING,
        examples=(lambda: seen(late_spawn("ana"), PENDING, events=(SCALE_UP,)),),
    ),
    Line(
        hub="pending spawn, beyond `start_timeout`",
        pod="Running",
        route="any",
        condition=C.UNKNOWN,
        examples=(
            lambda: seen(late_spawn("ana"), pod("ana")),
            lambda: seen(late_spawn("ana"), UNREADY, routed=True),
        ),
    ),
    Line(
        hub="pending stop",
        pod="Terminating beyond its grace period, or finished",
        route="any",
        condition=C.STUCK_STOP,
        verb="force_delete_pod",
        examples=(
            lambda: seen(server("ana", pending="stop"), terminating("ana")),
            lambda: seen(server("ana", pending="stop"), EVICTED),
        ),
    ),
    Line(
        hub="pending stop, for less than 2 minutes",
        pod="any other",
        route="any",
        condition=C.STOPPING,
        examples=(
            lambda: seen(server("ana", pending="stop"), terminating("ana", seconds=35)),
            lambda: seen(server("ana", pending="stop"), pod("ana"), since=LATELY),
            lambda: seen(server("ana", pending="stop"), None, since=LATELY),
            lambda: seen(server("ana", pending="stop"), None),
        ),
    ),
    Line(
        hub="pending stop, for 2 minutes or more",
        pod="not Terminating",
        route="missing",
        condition=C.UNSENT_STOP,
        verb="delete_pod",
        examples=(lambda: seen(server("ana", pending="stop"), pod("ana"), since=FOR_LONG),),
    ),
    Line(
        hub="pending stop, for 2 minutes or more",
        pod="none; other servers have theirs",
        route="any",
        condition=C.LOST_EVENTS,
        examples=(lambda: seen(server("ana", pending="stop"), None, since=FOR_LONG),),
    ),
    Line(
        hub="pending check, for 2 minutes or more",
        pod="any",
        route="any",
        condition=C.HUNG_CHECK,
        examples=(
            lambda: seen(server("ana", pending="check"), pod("ana"), since=FOR_LONG),
            lambda: seen(server("ana", pending="check"), None, since=FOR_LONG),
        ),
    ),
    Line(
        hub="absent",
        pod="younger than `start_timeout`",
        route="any",
        condition=C.STARTING,
        examples=(
            lambda: seen(None, YOUNG),
            lambda: seen(None, YOUNG, routed=True),
        ),
    ),
    Line(
        hub="absent, and the hub knows the user",
        pod="older, of this hub's release",
        route="missing, and no other route to its address",
        condition=C.ORPHAN,
        verb="delete_pod",
        examples=(lambda: seen(None, pod("ana")),),
    ),
    Line(
        hub="absent",
        pod="Terminating beyond its grace period",
        route="missing",
        condition=C.STUCK_ORPHAN,
        verb="force_delete_pod",
        examples=(lambda: seen(None, terminating("ana")),),
    ),
    Line(
        hub="absent",
        pod="any",
        route="to it, by name or address",
        condition=C.UNKNOWN,
        examples=(
            lambda: seen(None, pod("ana"), routed=True),
            lambda: seen(None, pod("ana"), to="10.9.9.9"),
            lambda: seen(None, terminating("ana"), routed=True),
        ),
    ),
    Line(
        hub="any",
        pod="in phase Unknown, or several pods of one server",
        route="any",
        condition=C.UNKNOWN,
        examples=(
            lambda: seen(server("ana"), replace(pod("ana"), phase="Unknown"), routed=True),
            lambda: seen(None, replace(pod("ana"), phase="Unknown")),
        ),
    ),
)

REMEDIES = {
    "force_delete_pod": "force-delete the pod",
    "delete_pod": "delete the pod",
    "stop_server": "stop the server",
}
NOT_BY_DELETING = {
    C.UNROUTED: "nothing; `resync-routes` helps",
    C.STALE_ROUTE: "nothing; `resync-routes` helps",
    C.CRASHING: "nothing; its user can restart it",
    C.LOST_EVENTS: "nothing; restart the hub after `start_timeout`",
    C.HUNG_CHECK: "nothing; restart the hub",
}


def readme_rows() -> list[list[str]]:
    """The table as the README shows it."""
    return [
        [
            line.hub,
            line.pod,
            line.route,
            CONDITIONS[line.condition],
            REMEDIES[line.verb] if line.verb else NOT_BY_DELETING.get(line.condition, "nothing"),
        ]
        for line in TABLE
    ]
