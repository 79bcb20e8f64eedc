"""Nodes: not Ready, under pressure, cordoned, with several bad pods, and a core pool without any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.diagnose.around import (
    AUTOHTTPS,
    HUB,
    PROXY,
    PULLS,
    is_bad,
    is_leaving,
    namespace_pods,
    newest_first,
    own_pods,
    users_on,
)
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.remedies import cordon, uncordon
from bot.diagnose.words import connected, count, earliest, plain, some, span
from bot.domain.cluster import (
    CORDONED_AT,
    CORDONED_BY,
    CORDONED_UNTIL,
    CORDONED_WHY,
    PURPOSE,
    Node,
)
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod

SEVERAL = 2
"""From this many bad pods on, the node is the likelier cause."""
FORGOTTEN = timedelta(hours=24)
"""How old a cordon without an expiry is before somebody should look at it."""

REMOVED = frozenset({"RemovingNode", "DeletingNode", "ScaleDown"})
"""Events of a node that is taken out of the cluster."""

SILENT = "Node {node} stopped reporting"
NOT_READY = "Node {node} is not Ready{why}"
PRESSURE = "Node {node} is under pressure: {pressures}"
CORDONED = "Node {node} is cordoned{by}: no new pod starts there"
EXPIRED = "The cordon of node {node}{by} has passed its end: still no new pod starts there"
THROUGH = "Cordoned through mayday by Slack user {by}."
BY_HAND = "mayday did not cordon it, so who did is unknown."
REASON = "Reason given: {why}."
UNTIL = "It was to end {ago} ago."
REMAINS = "It is to end in {rest}."
FOR = "Cordoned for {ago}."
GROUP = "{bad} of {pods} on node {node} are not well"
SERVERS = "pods of {users}"
CORE_ZERO = "No node of the core pool is Ready, so hub and proxy have nowhere to run"
CORE_NODES = "Nodes of the core pool that are known: {nodes}."
NONE_KNOWN = "No node has the labels of the core pool ({labels})."
WAITING = "Waiting for a node: {pods}."
TAKES = "A new node takes 10 to 15 minutes."
ENDED_BY = "{reason}: {message}"


def unready_nodes(facts: HubFacts) -> Iterable[Finding]:
    """Nodes that are not Ready or stopped reporting, with the pods there that this takes along.

    The kubelet's condition says since when. Pods on such a node keep the phase Running although nobody
    reaches them, and their deletion never completes.
    """
    for node in facts.around.nodes.items:
        if node.ready is True or is_leaving(node):
            continue
        here = _pods_on(facts, node.name)
        core = [pod for pod in here if pod.component in (HUB, PROXY, AUTOHTTPS)]
        affected = users_on(facts, here)
        why = f": {plain(node.why)}" if node.why else ""
        text = SILENT.format(node=node.name) if node.ready is None else ""
        bad = any(not pod.ready for pod in core)
        yield Finding(
            rule="node-not-ready",
            key=node.name,
            severity=Severity.CRITICAL if affected or bad else Severity.WARNING,
            text=(text or NOT_READY.format(node=node.name, why=why)) + ".",
            at=node.since,
            evidence=(
                *((f"{plain(node.why)}.",) if node.why and node.ready is None else ()),
                *_here(core, affected),
                *(_line(pod) for pod in here if is_bad(pod, facts.read_at)),
            )[:8],
            affects=affected,
        )


def node_pressure(facts: HubFacts) -> Iterable[Finding]:
    """Nodes that run out of memory, disk or process ids: the kubelet evicts pods there next."""
    for node in facts.around.nodes.items:
        if not node.pressures or node.ready is not True:
            continue
        here = _pods_on(facts, node.name)
        core = [pod for pod in here if pod.component in (HUB, PROXY, AUTOHTTPS)]
        yield Finding(
            rule="node-pressure",
            key=node.name,
            severity=Severity.WARNING,
            text=PRESSURE.format(node=node.name, pressures=some(node.pressures)) + ".",
            evidence=_here(core, users_on(facts, here)),
            remedy=cordon(facts, node, f"Under pressure: {', '.join(node.pressures)}"[:200]),
        )


def cordons(facts: HubFacts) -> Iterable[Finding]:
    """Cordoned nodes: since when, by whom and why, and whether the cordon has passed its end.

    People forget cordons, and the pool then has too few nodes at the next class. mayday writes to the node
    who cordoned it and until when. Somebody else's cordon has only the time of its taint.
    """
    for node in facts.around.nodes.items:
        if not node.is_cordoned or is_leaving(node):
            continue
        notes = node.annotations
        by, until = notes.get(CORDONED_BY, ""), _time(notes, CORDONED_UNTIL)
        at = _time(notes, CORDONED_AT) or node.cordoned_at
        expired = until is not None and until <= facts.read_at
        old = until is None and at is not None and facts.read_at - at > FORGOTTEN
        words = EXPIRED if expired else CORDONED
        through = " through mayday" if by else ""
        yield Finding(
            rule="cordon",
            key=node.name,
            severity=Severity.WARNING if expired or old else Severity.NOTE,
            text=words.format(node=node.name, by=through) + ".",
            at=at,
            evidence=tuple(_cordon_lines(facts, notes, at, until)),
            remedy=uncordon(node) if expired or old else None,
            by=by,
        )


def bad_pods_by_node(facts: HubFacts) -> Iterable[Finding]:
    """Nodes with several bad pods: one finding for the node and not one for each pod.

    Hung nodes show by pods that stay Pending or Terminating there. Pods whose image can't be pulled don't
    count, for that is seldom the node's fault. A node that isn't Ready has its own finding.
    """
    known = {node.name: node for node in facts.around.nodes.items}
    on: dict[str, list[Pod]] = {}
    for pod in namespace_pods(facts):
        if pod.node and not pod.finished:
            on.setdefault(pod.node, []).append(pod)
    groups = {
        name: [p for p in pods if is_bad(p, facts.read_at) and p.reason not in PULLS]
        for name, pods in on.items()
    }
    total = sum(map(len, groups.values()))
    for name, bad in groups.items():
        node = known.get(name)
        if len(bad) < SEVERAL or (node is not None and node.ready is not True):
            continue
        # Where other nodes have as many, the cause is elsewhere and a cordon would not help.
        likely = 2 * len(bad) > total and 2 * len(bad) >= len(on[name])
        yield Finding(
            rule="node-bad-pods",
            key=name,
            severity=Severity.WARNING,
            text=GROUP.format(bad=len(bad), pods=count(len(on[name]), "pod"), node=name) + ".",
            at=earliest(pod.deleting_since or pod.unready_since or pod.created_at for pod in bad),
            evidence=tuple(_line(pod) for pod in bad[:8]),
            remedy=_cordon_bad(facts, node, len(bad)) if likely else None,
            affects=users_on(facts, bad),
        )


def core_pool(facts: HubFacts) -> Iterable[Finding]:
    """No Ready node in the core pool, where hub and proxy run.

    In 2024 the autoscaler took the core pool to zero again and again; a new node takes 10 to 15 minutes.
    The pool is known by its labels, or by the node pool where hub and proxy run or ran. A pool that nothing
    waits for may be at zero on purpose.
    """
    nodes = facts.around.nodes
    if not nodes.read or not nodes.complete:
        return
    core = _core_nodes(facts)
    if any(node.ready for node in core):
        return
    pods = [pod for pod in own_pods(facts, HUB, PROXY) if not pod.finished]
    if any(pod.ready for pod in pods):
        return
    waiting = [pod for pod in pods if pod.phase == "Pending" and not pod.node]
    labelled = facts.around.core or any(PURPOSE in node.labels for node in nodes.items)
    if not core and not (labelled and {pod.component for pod in waiting} >= {HUB, PROXY}):
        return
    ends = _ends(facts, pods)
    yield Finding(
        rule="core-pool",
        key="core",
        severity=Severity.CRITICAL,
        text=f"{CORE_ZERO}.",
        at=next((at for at, _ in ends if at), None) or _zero_since(core, waiting),
        evidence=(
            CORE_NODES.format(nodes=some(node.name for node in core))
            if core
            else NONE_KNOWN.format(labels=_labels(facts)),
            *((WAITING.format(pods=some(pod.name for pod in waiting)),) if waiting else ()),
            *(line for _, line in ends[:2]),
            TAKES,
        ),
        affects=connected(facts),
    )


def core_scale_down(facts: HubFacts) -> Iterable[Finding]:
    """The autoscaler removed a node from under hub or proxy, and may do so again.

    Its event on their pods says when. Holding the core pool forbids it to evict them.
    """
    events = facts.around.events.items
    names = {pod.name for pod in own_pods(facts, HUB, PROXY, AUTOHTTPS)}
    running = any(pod.ready for pod in own_pods(facts, HUB, PROXY))
    ours = [e for e in events if e.reason == "ScaleDown" and (e.name in names or _is_core(e.name))]
    for event in newest_first(ours)[:1]:
        yield Finding(
            rule="core-scale-down",
            key="core",
            severity=Severity.WARNING,
            text=f"The autoscaler removed the node of core pod {event.name}.",
            at=event.at,
            evidence=(plain(event.message),),
            remedy=Remedy(runbook="hold-core-pool", label="Hold the core pool")
            if running
            else None,
        )


def _core_nodes(facts: HubFacts) -> list[Node]:
    """Return the nodes with the core pool's labels, else those of the pool where hub and proxy run or ran."""
    nodes = facts.around.nodes.items
    if labelled := [node for node in nodes if facts.around.is_core(node)]:
        return labelled
    if facts.around.core or any(PURPOSE in node.labels for node in nodes):
        return []
    used = {pod.node for pod in own_pods(facts, HUB, PROXY) if pod.node}
    pools = {node.pool for node in nodes if node.name in used} - {""}
    return [node for node in nodes if node.name in used or node.pool in pools]


def _ends(facts: HubFacts, pods: list[Pod]) -> list[tuple[datetime | None, str]]:
    """Return what the events say of how the nodes of the core pods ended, with their times."""
    events = [
        event
        for event in facts.around.events.items
        if event.reason in ("ScaleDown", "NodeNotReady") and _is_core(event.name)
    ]
    gone = [e for e in facts.around.events.items if e.kind == "Node" and e.reason in REMOVED]
    found = newest_first(events)
    lines = [(e.at, ENDED_BY.format(reason=e.reason, message=plain(e.message))) for e in found]
    first = earliest(pod.created_at for pod in pods)
    # The pool of a node that is gone is unknown, so its removal is shown but gives no time.
    lines += [(None, f"{e.reason}: {plain(e.message)}") for e in newest_first(gone)[:2]]
    # An event of an earlier scale-down, before these pods waited, is another one.
    return [
        each
        for each in lines
        if each[0] is None or first is None or each[0] >= first - timedelta(hours=1)
    ]


def _zero_since(core: list[Node], waiting: list[Pod]) -> datetime | None:
    """Return since when no node is Ready: when the last one failed, or the first core pod began to wait."""
    times = [node.since for node in core]
    if times:
        return max((at for at in times if at), default=None) if all(times) else None
    return earliest(pod.created_at for pod in waiting)


def _is_core(pod: str) -> bool:
    return pod.split("-")[0] in (HUB, PROXY, AUTOHTTPS)


def _labels(facts: HubFacts) -> str:
    wanted = facts.around.core or {PURPOSE: "core"}
    return ", ".join(f"{label}={value}" for label, value in wanted.items())


def _cordon_bad(facts: HubFacts, node: Node | None, bad: int) -> Remedy | None:
    return cordon(facts, node, f"{bad} pods there are not well")


def _cordon_lines(
    facts: HubFacts, notes: Mapping[str, str], at: datetime | None, until: datetime | None
) -> Iterable[str]:
    by, why = notes.get(CORDONED_BY, ""), notes.get(CORDONED_WHY, "")
    yield THROUGH.format(by=plain(by, 40)) if by else BY_HAND
    if why:
        yield REASON.format(why=plain(why))
    if at is not None:
        yield FOR.format(ago=span(facts.read_at - at))
    if until is not None and until <= facts.read_at:
        yield UNTIL.format(ago=span(facts.read_at - until))
    elif until is not None:
        yield REMAINS.format(rest=span(until - facts.read_at))


def _time(notes: Mapping[str, str], name: str) -> datetime | None:
    """Return the time in an annotation, which anybody may have written; None unless it has a zone."""
    try:
        at = datetime.fromisoformat(notes.get(name, ""))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _pods_on(facts: HubFacts, node: str) -> list[Pod]:
    return [pod for pod in namespace_pods(facts) if pod.node == node and not pod.finished]


def _here(core: list[Pod], affected: int) -> tuple[str, ...]:
    parts = [pod.name for pod in core]
    if affected:
        parts.append(SERVERS.format(users=count(affected, "user")))
    return (f"On it: {some(parts)}.",) if parts else ()


def _line(pod: Pod) -> str:
    state = "Terminating" if pod.deleting_since else pod.reason or pod.phase
    return f"{pod.name}: {plain(state)}"
