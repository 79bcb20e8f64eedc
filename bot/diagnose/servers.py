"""Users' servers: those without a route, those that are stuck or crash, and those nobody can judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.diagnose.around import proxy_start
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.remedies import restart_hub, resync_routes
from bot.diagnose.words import SHOWN, count, earliest, plain, some, users
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition, RouteState, Row
from bot.domain.snapshot import shown_name

LOST = (
    "{lost} of {ready} users cannot reach their server: the proxy has no route to it, or one that leads "
    "elsewhere"
)
SAFE = "{count} of these servers run and their work is safe: nothing must be deleted."
MISSING = "Routes missing: {missing}; leading to another address: {elsewhere}."
PROXY_BEGAN = "The proxy's pod {pod} began to run later than these servers."

KINDS = {
    Condition.LOST_NODE: "{servers} cut off: the node of {their} pod is gone",
    Condition.STALE_RECORD: "{servers} marked ready by the hub without a pod",
    Condition.STUCK_SPAWN: "{servers} stuck while starting",
    Condition.STUCK_STOP: "{servers} stuck while stopping",
    Condition.UNSENT_STOP: "{servers} stopping in the hub, but the stop never reached the cluster",
    Condition.LOST_EVENTS: "{servers} stopping in the hub, although the pod no longer exists",
    Condition.HUNG_CHECK: "{servers} checked by the hub without end",
    Condition.ORPHAN: "{servers} running without a record in the hub",
    Condition.STUCK_ORPHAN: "{servers} without a record in the hub, and with a pod whose deletion never ends",
}
ENDS_BY_HUB = frozenset({Condition.LOST_EVENTS, Condition.HUNG_CHECK})
"""Conditions that only a restart of the hub ends."""
BLOCKING = frozenset(KINDS) - {Condition.ORPHAN, Condition.STUCK_ORPHAN}
"""Conditions that keep a user from working. An orphan's user may have another server."""

CRASHING = "{servers} crashing again and again"
UNJUDGED = "mayday can't judge {servers}: {why}"
SINCE_HUB = "The hub waits up to its start_timeout; a restart of the hub ends it at once."


def unrouted(facts: HubFacts) -> Iterable[Finding]:
    """Servers that are ready and run, but have no route in the proxy: the commonest outage.

    When the proxy restarts it forgets all routes, while hub and proxy both look healthy. Each ready server
    is compared with the proxy's routes. Its time is when the proxy's pod began to run, if these servers are
    older than that.
    """
    rows = lost_rows(facts)
    if not rows:
        return
    missing = sum(row.route is RouteState.MISSING for row in rows)
    at = routes_lost_at(facts)
    start = proxy_start(facts)
    evidence = [MISSING.format(missing=missing, elsewhere=len(rows) - missing)]
    if safe := sum(row.condition in (Condition.UNROUTED, Condition.STALE_ROUTE) for row in rows):
        evidence.append(SAFE.format(count=safe))
    if at is not None and start is not None:
        evidence.append(PROXY_BEGAN.format(pod=start[0].name))
    yield Finding(
        rule="unrouted",
        key="lost-routes",
        severity=Severity.CRITICAL,
        text=LOST.format(lost=users(rows), ready=ready_users(facts)) + ".",
        at=at,
        evidence=(*evidence, f"For example {some(map(_name, rows))}."),
        remedy=resync_routes(facts),
        affects=users(rows),
    )


def stuck(facts: HubFacts) -> Iterable[Finding]:
    """Servers that neither start nor stop: hub, cluster and proxy disagree until somebody intervenes.

    Each class has its own cause and its own remedy, so each is a finding, with its count and a few names.
    """
    for condition, words in KINDS.items():
        rows = facts.having(condition)
        if not rows:
            continue
        by_hub = condition in ENDS_BY_HUB
        yield Finding(
            rule="stuck",
            key=condition.value,
            severity=Severity.WARNING,
            text=_sentence(words, rows),
            at=_since(rows, condition),
            evidence=(*_examples(rows), *((SINCE_HUB,) if by_hub else ())),
            remedy=restart_hub(facts) if by_hub else _clear(facts, rows),
            affects=users(rows) if condition in BLOCKING else 0,
        )


def crashing(facts: HubFacts) -> Iterable[Finding]:
    """Servers whose container ends again and again, mostly because it needs more memory than its limit.

    Nothing is deleted for it: the user may still save work between two crashes.
    """
    rows = facts.having(Condition.CRASHING)
    if not rows:
        return
    pods = [row.pod for row in rows if row.pod]
    yield Finding(
        rule="crashing",
        key="servers",
        severity=Severity.WARNING,
        text=_sentence(CRASHING, rows),
        at=earliest(pod.last_exit_at for pod in pods),
        evidence=_examples(rows),
        remedy=_restart(rows[0]) if len(rows) == 1 else None,
        affects=users(rows),
    )


def unjudged(facts: HubFacts) -> Iterable[Finding]:
    """Servers whose records, pods and routes contradict each other or were not read: no step touches them."""
    reasons: dict[str, list[Row]] = {}
    for row in facts.having(Condition.UNKNOWN):
        reasons.setdefault(row.why, []).append(row)
    unread = {part.why for part in facts.unknown}
    for why, rows in reasons.items():
        if why in unread:
            continue  # said once for the part that was not read
        yield Finding(
            rule="unjudged",
            key=plain(why),
            severity=Severity.UNKNOWN,
            text=UNJUDGED.format(servers=count(len(rows), "server"), why=plain(why)) + ".",
            evidence=(f"For example {some(map(_name, rows))}.",),
            affects=None,
        )


def lost_rows(facts: HubFacts) -> list[Row]:
    """Return the ready servers without a route to their pod's address, as far as routes were read."""
    if not facts.unrouted:
        return []
    lost = (RouteState.MISSING, RouteState.ELSEWHERE)
    return [row for row in facts.rows if row.is_ready and row.route in lost]


def ready_users(facts: HubFacts) -> int:
    """Return how many users have a ready server."""
    return users(row for row in facts.rows if row.is_ready)


def routes_lost_at(facts: HubFacts) -> datetime | None:
    """Return when the proxy lost its routes: when its pod began to run, if most unrouted servers are older.

    A server that started later never had a route there, so the proxy's start does not explain it.
    """
    found = proxy_start(facts)
    rows = lost_rows(facts)
    if found is None or not rows:
        return None
    older = sum(row.started is not None and row.started < found[1] for row in rows)
    return found[1] if 2 * older >= len(rows) else None


def _since(rows: Sequence[Row], condition: Condition) -> datetime | None:
    """Return since when the first of them is stuck, as far as the cluster or the hub says."""
    if condition is Condition.STUCK_SPAWN:
        return earliest(row.started for row in rows)
    return earliest(row.pod.deleting_since for row in rows if row.pod)


def _clear(facts: HubFacts, rows: Sequence[Row]) -> Remedy | None:
    """Clear them, unless each is protected; a hub that can't cancel a start has to be restarted instead."""
    if rows[0].condition is Condition.STUCK_SPAWN and not _cancels_starts(facts):
        return restart_hub(facts)
    if all(row.pod and (row.pod.finalizers or row.pod.owner_kind) for row in rows):
        return None
    return Remedy(runbook="force-delete-stuck-servers", label="Clear stuck servers")


def _cancels_starts(facts: HubFacts) -> bool:
    """Whether the hub is known to be of a version that can cancel a start (5.1 and later)."""
    version = "" if isinstance(facts.access, Unknown) else facts.access.value.version
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    return major.isdecimal() and minor.isdecimal() and (int(major), int(minor)) >= (5, 1)


def _restart(row: Row) -> Remedy | None:
    if row.server or not row.is_ready:
        return None
    return Remedy(
        runbook="restart-server", label="Restart this server", arguments={"user": row.user}
    )


def _sentence(words: str, rows: Sequence[Row]) -> str:
    one = len(rows) == 1
    servers = "1 server is" if one else f"{len(rows)} servers are"
    return words.format(servers=servers, their="its" if one else "their") + "."


def _examples(rows: Sequence[Row]) -> tuple[str, ...]:
    """A line for each of the first servers, with its pod and the reason for its condition."""
    lines = []
    for row in rows[:SHOWN]:
        pod = f", pod {row.pod.name}" if row.pod else ", no pod"
        node = f" on {row.pod.node}" if row.pod and row.pod.node else ""
        why = f": {plain(row.why)}" if row.why else ""
        lines.append(f"{_name(row)}{pod}{node}{why}")
    rest = len(rows) - len(lines)
    return (*lines, *((f"and {rest} more",) if rest else ()))


def _name(row: Row) -> str:
    return shown_name(row.key)
