"""The hub's own metrics: starts that fail or wait, a slow event loop, and slow checks of routes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.diagnose.finding import Finding, Severity
from bot.diagnose.words import clock
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts
from bot.domain.signs import HubMetrics

FAILURES = 3
SHARE = 0.2
"""From this many failed starts on, and this part of all, starts fail."""
PENDING = 10
"""From this many pending starts on, they are a crowd."""
LIMIT = 64
"""The chart's ``concurrentSpawnLimit``."""
LAG = 0.5
"""Seconds of the event loop's mean delay from which users notice it."""
CHECK = 30.0
"""Seconds of a check of all routes from which the hub is late with missing routes."""

FAILED = "{failed} of {all} starts of servers failed"
WAITING = "{pending} servers are being started at once"
FULL = (
    f"The chart's limit is {LIMIT} at once: unless yours is higher, the hub refuses further starts."
)
LAGS = "The hub answers slowly: its event loop is late by {lag:.1f} s on average"
SLOW_CHECK = (
    "The hub takes {check:.0f} s on average to check its routes, so missing ones come back late"
)
SINCE = "Counted since the hub's start at {at}."
SINCE_START = "Counted since the hub's start, whose time is unknown."
STATUSES = "By status: {statuses}."
ERRORS = "Answers with 5xx: {errors}."


def spawn_failures(facts: HubFacts) -> Iterable[Finding]:
    """Starts that failed, as the hub counts them since its own start, and the part of all that is.

    A hub that has run for long hides a new fault in old successes, so few failures prove nothing.
    """
    metrics = _metrics(facts)
    if metrics is None:
        return
    total = sum(metrics.spawns.values())
    failed = metrics.spawns.get("failure", 0)
    if failed < FAILURES or failed < SHARE * total:
        return
    statuses = ", ".join(f"{status} {number}" for status, number in sorted(metrics.spawns.items()))
    errors = (ERRORS.format(errors=metrics.errors),) if metrics.errors else ()
    yield Finding(
        rule="spawn-failures",
        key="hub",
        severity=Severity.CRITICAL if failed == total else Severity.WARNING,
        text=FAILED.format(failed=failed, all=total) + ".",
        evidence=(_since(metrics, facts.read_at), STATUSES.format(statuses=statuses), *errors),
        affects=None,
    )


def pending_spawns(facts: HubFacts) -> Iterable[Finding]:
    """Many starts at once: a class that begins, or starts that don't get on. The hub refuses starts beyond
    its limit of concurrent ones.

    The hub's records tell, since its metrics have no number of them. Those that take too long are stuck, and
    have a finding of their own.
    """
    pending = sum(server.pending == "spawn" for server in facts.servers.items)
    if pending < PENDING:
        return
    full = pending >= LIMIT
    yield Finding(
        rule="pending-spawns",
        key="hub",
        severity=Severity.WARNING if full else Severity.NOTE,
        text=WAITING.format(pending=pending) + ".",
        evidence=(FULL,) if full else (),
    )


def slow_hub(facts: HubFacts) -> Iterable[Finding]:
    """An event loop that is late, and checks of routes that take long: the hub is overloaded.

    Both are means since the hub's start. In 2017 and later, a slow check kept users without a route for
    10 to 15 minutes.
    """
    metrics = _metrics(facts)
    if metrics is None:
        return
    since = (_since(metrics, facts.read_at),)
    if metrics.event_loop_lag is not None and metrics.event_loop_lag >= LAG:
        text = LAGS.format(lag=metrics.event_loop_lag)
        yield _slow("event-loop", text, since)
    if metrics.route_check is not None and metrics.route_check >= CHECK:
        text = SLOW_CHECK.format(check=metrics.route_check)
        yield _slow("route-check", text, since)


def _slow(key: str, text: str, evidence: tuple[str, ...]) -> Finding:
    return Finding(
        rule="slow-hub", key=key, severity=Severity.WARNING, text=f"{text}.", evidence=evidence
    )


def _metrics(facts: HubFacts) -> HubMetrics | None:
    fact = facts.signs.metrics
    return None if isinstance(fact, Unknown) else fact.value


def _since(metrics: HubMetrics, now: datetime) -> str:
    at = metrics.started_at
    return SINCE.format(at=clock(at, now)) if at else SINCE_START
