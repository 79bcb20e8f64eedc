"""Clear servers that neither start nor stop, each by the remedy that works for its kind.

A server is cleared only where hub, cluster and proxy all show that it is dead. Servers that run and only
lack their route are never touched: people's work is safe in them.
"""

from typing import Annotated, Literal

from bot.runbook import (
    ACTIVE,
    Condition,
    DeletePod,
    Draft,
    Field,
    ForceDeletePod,
    HubFacts,
    LossKind,
    Part,
    Purpose,
    Row,
    ServerKey,
    Servers,
    ServerStep,
    StartServer,
    Step,
    StopServer,
    Unknown,
    UnknownPart,
    losing,
    runbook,
    server_name,
)

REMEDIES: dict[Condition, type[ServerStep]] = {
    Condition.STUCK_STOP: ForceDeletePod,
    Condition.LOST_NODE: ForceDeletePod,
    Condition.STUCK_ORPHAN: ForceDeletePod,
    Condition.UNSENT_STOP: DeletePod,
    Condition.ORPHAN: DeletePod,
    Condition.STALE_RECORD: StopServer,
    Condition.STUCK_SPAWN: StopServer,
}

CLASSES: dict[str, tuple[Condition, ...]] = {
    "every kind": tuple(REMEDIES),
    "stuck while starting": (Condition.STUCK_SPAWN,),
    "stuck while stopping": (Condition.STUCK_STOP, Condition.UNSENT_STOP, Condition.STUCK_ORPHAN),
    "on a node that is gone": (Condition.LOST_NODE,),
    "record without a pod": (Condition.STALE_RECORD,),
    "pod without a record": (Condition.ORPHAN, Condition.STUCK_ORPHAN),
}
Kind = Literal[
    "every kind",
    "stuck while starting",
    "stuck while stopping",
    "on a node that is gone",
    "record without a pod",
    "pod without a record",
]

SUMMARY = "Clear {count} stuck {servers}: {kinds}."
KINDS = {
    Condition.STUCK_STOP: "{} stuck while stopping (force-delete the pod)",
    Condition.LOST_NODE: "{} on a node that is gone (force-delete the pod)",
    Condition.STUCK_ORPHAN: "{} unknown to the hub and stuck while stopping (force-delete the pod)",
    Condition.UNSENT_STOP: "{} whose stop never reached the cluster (delete the pod)",
    Condition.ORPHAN: "{} unknown to the hub (delete the pod)",
    Condition.STALE_RECORD: "{} without a pod (have the hub drop the record)",
    Condition.STUCK_SPAWN: "{} stuck while starting (cancel the start)",
}
NONE_STUCK = "No server{whose} is stuck."
NONE_OF_KIND = "{none} in the way “{kind}”."
STARTED = " Then start {count} of them again."
UNROUTED = (
    "{count} ready {servers} only a route to {pods}: run resync-routes for that. Their work is safe, "
    "and nothing of theirs is deleted."
)
ADVICE = {
    Condition.CRASHING: (
        "Crashing repeatedly: {who}. Nothing is deleted. Ask the user to stop the server and start it "
        "again, or raise its memory limit."
    ),
    Condition.LOST_EVENTS: (
        "Pending stop without a pod: {who}. The hub missed the end of the pod. Wait for the hub's "
        "start_timeout, then restart the hub."
    ),
    Condition.HUNG_CHECK: "The hub's check doesn't finish: {who}. Restart the hub.",
}
WAITING = (
    "Still stopping or being checked: {who}. If this doesn't end, make a new plan in a few minutes."
)
UNJUDGED = "{count} cannot be judged: {which}."
GUARDED = (
    "Pod {pod} is protected by {what}, so mayday doesn't delete it. If you are sure, remove it by "
    "hand."
)
MAY_LIVE_ON = (
    "A force-deleted pod's container can keep running if its node is cut off: check the node."
)
HUB_FOLLOWS = (
    "The hub shows {who} as ready until its next poll. If that doesn't change, make a new plan."
)
USED = (
    "Used in the last 10 minutes although no pod is seen: {who}. Check that their pods are not in another "
    "namespace, for example because of a profile."
)
TOO_MANY = (
    "{count} servers look stuck at once ({ready} are ready), which is more than the limit of "
    "{limit} for one plan. This usually means that a view is wrong: the hub's database was lost "
    "or restored, hubs[].namespace is not the namespace of the pods, or a whole node pool went "
    "away."
)
SECOND = "Find the cause before you approve: a second person must approve this plan."
ONE_SIDED = (
    "{count} of them are missing in the hub or in the cluster, and only {seen} servers are seen in both, "
    "so mayday proposes nothing. Find the cause first, then name the users whose servers to clear."
)
MISSING = {Condition.STALE_RECORD, Condition.ORPHAN, Condition.STUCK_ORPHAN}
"""The conditions that rest on what one of two views does not show."""
TOO_OLD = (
    "JupyterHub {version} can't cancel a pending start; version 5.1 and later can. Restart the "
    "hub, or wait until it gives up the start."
)
NO_VERSION = (
    "The hub doesn't tell its version, and before 5.1 JupyterHub can't cancel a pending start. Restart "
    "the hub, or wait until it gives up the start."
)
CANCELS_STARTS = (5, 1)
SHOWN = 5
RAN = ("ready", "pending spawn")
"""What the hub says of a server that somebody wanted to run."""


@runbook(
    "Clear stuck servers",
    purpose=Purpose.SERVERS,
    needs={Part.SERVERS, Part.PODS, Part.CLOCK},
)
def force_delete_stuck_servers(
    facts: HubFacts,
    users: Servers = None,
    kind: Annotated[Kind, Field(description="Which of them.")] = "every kind",
    start_afterwards: Annotated[
        bool, Field(description="Start the servers again that were running or starting.")
    ] = False,
) -> Draft:
    """Clears servers that are stuck starting or stopping. Spares those that only lack a route."""
    rows = [row for row in facts.rows if users is None or row.key in users]
    stuck = [row for condition in CLASSES[kind] for row in rows if row.condition is condition]
    guarded = {row.key: why for row in stuck if (why := guard(row, facts))}
    clearable = [row for row in stuck if row.key not in guarded]
    helpless = (*dict.fromkeys(guarded.values()), *advice(rows))
    limit = facts.limit.of(facts.ready or 0)
    over_limit = ""
    if users is None and len(clearable) > limit:
        many = TOO_MANY.format(count=len(clearable), ready=facts.ready, limit=limit)
        if doubt := one_sided(clearable, facts):
            why = f"{many} {doubt}"
            return Draft(undecided=(UnknownPart(part=Part.SERVERS, why=why),), cautions=helpless)
        over_limit = f"{many} {SECOND}"
    if not clearable:
        return nothing(facts, rows, users, helpless, kind)
    forced = [row for row in clearable if REMEDIES[row.condition] is ForceDeletePod]
    again = [row for row in clearable if start_afterwards and row.hub in RAN]
    follows = [row for row in forced if row.is_ready]
    return Draft(
        summary=SUMMARY.format(
            count=len(clearable),
            servers="server" if len(clearable) == 1 else "servers",
            kinds=", ".join(words(clearable)),
        )
        + (STARTED.format(count=len(again)) if again else ""),
        steps=(
            *(step_for(row) for row in clearable),
            *(StartServer(user=row.user, server=row.server) for row in again),
        ),
        losses=losing(LossKind.SERVER, filter(runs, clearable), facts.read_at),
        over_limit=over_limit,
        cautions=(
            *((MAY_LIVE_ON,) if any(map(runs, forced)) else ()),
            *((HUB_FOLLOWS.format(who=some(follows)),) if follows else ()),
            *((USED.format(who=some(used)),) if (used := without_a_pod(clearable, facts)) else ()),
            *helpless,
            *unrouted(rows),
            *unjudged(rows),
        ),
    )


def one_sided(clearable: list[Row], facts: HubFacts) -> str:
    """Why one view may be wrong: more servers are missing in it than are seen in both, or it is not whole."""
    doubt = facts.servers.unknown or facts.pods.unknown
    missing = sum(row.condition in MISSING for row in clearable)
    seen = sum(row.pod is not None and (row.is_ready or row.is_pending) for row in facts.rows)
    return doubt or (ONE_SIDED.format(count=missing, seen=seen) if missing > seen else "")


def nothing(
    facts: HubFacts,
    rows: list[Row],
    targets: frozenset[ServerKey] | None,
    helpless: tuple[str, ...],
    kind: str = "every kind",
) -> Draft:
    """Why there is no step: the state is unknown, or nothing is stuck that it could clear."""
    doubts = [(Part.SERVERS, why) for why in unjudged(rows)]
    if not any(row.why == facts.servers.unknown for row in rows):
        doubts.append((Part.SERVERS, facts.servers.unknown))
    if any(not pod.user and pod.may_run for pod in facts.pods.items):
        doubts.append((Part.PODS, facts.pods.unknown))
    unknown = tuple(UnknownPart(part=part, why=why) for part, why in dict.fromkeys(doubts) if why)
    if unknown:
        return Draft(undecided=unknown, cautions=(*helpless, *unrouted(rows)))
    whose = sorted({user for user, _ in targets or ()})
    none = NONE_STUCK.format(whose=f" of {', '.join(whose)}" if whose else "")
    if kind != "every kind":
        none = NONE_OF_KIND.format(none=none.rstrip("."), kind=kind)
    said = helpless or (none,)
    return Draft(nothing_to_do=" ".join((*said, *waiting(rows), *unrouted(rows))))


def step_for(row: Row) -> Step:
    """The remedy for this row's condition."""
    return REMEDIES[row.condition].of(row)


def runs(row: Row) -> bool:
    """Whether something may be running there that is lost with the pod."""
    return row.pod is not None and row.pod.may_run


def guard(row: Row, facts: HubFacts) -> str:
    """What forbids the remedy: finalizers, a StatefulSet, or a hub too old to cancel a start."""
    if row.condition is Condition.STUCK_SPAWN:
        version = "" if isinstance(facts.access, Unknown) else facts.access.value.version
        too_old = TOO_OLD.format(version=version) if version else NO_VERSION
        return too_old if old(version) else ""
    if row.pod is None or row.condition is Condition.STALE_RECORD:
        return ""
    if row.pod.finalizers:
        what = f"finalizer {', '.join(row.pod.finalizers)}"
        return GUARDED.format(pod=row.pod.name, what=what)
    if row.pod.owner_kind == "StatefulSet":
        return GUARDED.format(pod=row.pod.name, what="a StatefulSet")
    return ""


def old(version: str) -> bool:
    """Whether this hub refuses to stop a server whose start is pending; unless its version says otherwise."""
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    return not (major.isdigit() and minor.isdigit() and (int(major), int(minor)) >= CANCELS_STARTS)


def advice(rows: list[Row]) -> tuple[str, ...]:
    """What is wrong besides and needs another remedy than deleting."""
    found = []
    for condition, sentence in ADVICE.items():
        these = [row for row in rows if row.condition is condition]
        if these:
            found.append(sentence.format(who=some(these)))
    return tuple(found)


def unrouted(rows: list[Row]) -> tuple[str, ...]:
    """That some servers lack only their route."""
    count = sum(row.condition in (Condition.UNROUTED, Condition.STALE_ROUTE) for row in rows)
    servers, pods = ("server lacks", "its pod") if count == 1 else ("servers lack", "their pods")
    return (UNROUTED.format(count=count, servers=servers, pods=pods),) if count else ()


def without_a_pod(rows: list[Row], facts: HubFacts) -> list[Row]:
    """Those that somebody used lately by what the hub says, though the cluster shows no pod."""
    since = facts.read_at - ACTIVE
    return [row for row in rows if not row.pod and row.last_activity and row.last_activity > since]


def waiting(rows: list[Row]) -> tuple[str, ...]:
    """Which stops and checks go on, of which nobody but mayday says for how long."""
    these = [
        row
        for row in rows
        if row.is_pending and row.condition in (Condition.STOPPING, Condition.CHECKING)
    ]
    return (WAITING.format(who=some(these)),) if these else ()


def unjudged(rows: list[Row]) -> tuple[str, ...]:
    """Which servers the evidence does not settle, and why."""
    unknown = [row for row in rows if row.condition is Condition.UNKNOWN]
    reasons: dict[str, list[Row]] = {}
    for row in unknown:
        reasons.setdefault(row.why, []).append(row)
    which = "; ".join(f"{some(these)} ({why.rstrip('.')})" for why, these in reasons.items())
    return (UNJUDGED.format(count=len(unknown), which=which),) if unknown else ()


def some(rows: list[Row]) -> str:
    """The names of a few, and how many there are besides."""
    names = list(dict.fromkeys(server_name(row) for row in rows))
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def words(rows: list[Row]) -> list[str]:
    """How many there are of each kind."""
    count = {kind: sum(row.condition is kind for row in rows) for kind in REMEDIES}
    return [KINDS[kind].format(number) for kind, number in count.items() if number]
