"""Clear servers that neither start nor stop, each by the remedy that works for its kind.

Servers that are ready and run, but have no route, are never touched: people's work is safe in them.
"""

from bot.runbook import (
    Ask,
    Condition,
    Draft,
    HubFacts,
    LossKind,
    Part,
    Row,
    Runbook,
    Step,
    delete_pod,
    force_delete_pod,
    losing,
    stop_server,
)

REMEDIES = {
    Condition.STUCK_STOP: force_delete_pod,
    Condition.STALE_RECORD: stop_server,
    Condition.STUCK_SPAWN: stop_server,
    Condition.ORPHAN: delete_pod,
}

SUMMARY = "Clear {count} stuck {servers}: {kinds}."
KINDS = {
    Condition.STUCK_STOP: "{} stuck while stopping (force-delete the pod)",
    Condition.STALE_RECORD: "{} without a pod (stop the hub's record)",
    Condition.STUCK_SPAWN: "{} stuck while starting (cancel the start)",
    Condition.ORPHAN: "{} unknown to the hub (delete the pod)",
}
NONE_STUCK = "No server{whose} is stuck."
UNROUTED = (
    "{count} ready {servers} only a route: resync-routes brings them back, and nothing of theirs is "
    "deleted."
)
LOST_EVENTS = (
    "{count} pending stop without a pod ({users}): the hub lost events; wait for its start "
    "timeout, then restart the hub."
)
GUARDED = "Pod {pod} is kept by {what}: remove that by hand if you are sure, mayday does not."
MAY_LIVE_ON = (
    "A force-deleted pod's container may live on where its node is cut off: check the node."
)


def draft(facts: HubFacts, ask: Ask) -> Draft:
    """One step per stuck server; a row that the table cannot judge gets none."""
    stuck = [row for kind in REMEDIES for row in facts.having(kind, ask.users)]
    clearable = [row for row in stuck if not guard(row)]
    advice = tuple(advise(facts, ask.users))
    guarded = tuple(
        GUARDED.format(pod=row.pod.name if row.pod else "?", what=guard(row))
        for row in stuck
        if guard(row)
    )
    if not clearable:
        whose = f" of {', '.join(sorted(ask.users))}" if ask.users else ""
        return Draft(nothing_to_do=" ".join((NONE_STUCK.format(whose=whose), *guarded, *advice)))
    forced = any(row.condition is Condition.STUCK_STOP for row in clearable)
    return Draft(
        summary=SUMMARY.format(
            count=len(clearable),
            servers="server" if len(clearable) == 1 else "servers",
            kinds=", ".join(words(clearable)),
        ),
        steps=tuple(step_for(row) for row in clearable),
        losses=losing(LossKind.SERVER, filter(runs, clearable), facts.read_at),
        cautions=(*((MAY_LIVE_ON,) if forced else ()), *guarded, *advice),
    )


def step_for(row: Row) -> Step:
    """The remedy for this row's condition."""
    return REMEDIES[row.condition](row)


def runs(row: Row) -> bool:
    """Something may be running there that is lost with the pod."""
    return row.pod is not None and row.pod.phase == "Running"


def guard(row: Row) -> str:
    """What forbids deleting the pod: finalizers, or a StatefulSet that relies on its identity."""
    if row.pod is None or row.condition not in (Condition.STUCK_STOP, Condition.ORPHAN):
        return ""
    if row.pod.finalizers:
        return f"finalizer {', '.join(row.pod.finalizers)}"
    return "a StatefulSet" if row.pod.owner_kind == "StatefulSet" else ""


def advise(facts: HubFacts, users: frozenset[str]) -> list[str]:
    """What is wrong besides, and is not mended by deleting."""
    advice = []
    if unrouted := facts.having(Condition.UNROUTED, users):
        servers = "server lacks" if len(unrouted) == 1 else "servers lack"
        advice.append(UNROUTED.format(count=len(unrouted), servers=servers))
    if lost := facts.having(Condition.LOST_EVENTS, users):
        names = sorted({row.user for row in lost})
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        advice.append(LOST_EVENTS.format(count=len(lost), users=shown))
    return advice


def words(rows: list[Row]) -> list[str]:
    """How many there are of each kind."""
    count = {kind: sum(row.condition is kind for row in rows) for kind in REMEDIES}
    return [KINDS[kind].format(number) for kind, number in count.items() if number]


FORCE_DELETE_STUCK_SERVERS = Runbook(
    name="force-delete-stuck-servers",
    title="Clear stuck servers",
    help="Clears servers that neither start nor stop; never one that runs and only lacks a route.",
    draft=draft,
    needs=frozenset({Part.SERVERS, Part.PODS}),
    takes_users=True,
)
