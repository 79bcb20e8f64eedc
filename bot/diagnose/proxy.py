"""The proxy beside its pods' states: that it restarted, how much memory it has left, and its log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.diagnose.around import PROXY, STARTS, evicted_at, own_pods, proxy_start
from bot.diagnose.finding import Finding, Severity
from bot.diagnose.remedies import restart_proxy, resync_routes, revisions
from bot.diagnose.servers import lost_rows, ready_users, routes_lost_at
from bot.diagnose.words import clock, earliest, megabytes, plain, span, users, within
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod
from bot.domain.signs import LogLine

SHORTLY = timedelta(hours=1)
"""How long a restart that did no harm is worth a finding."""
LATELY = timedelta(hours=6)
"""How old the last bad line of the log may be to be a sign of what happens now."""
FOLLOWS = timedelta(minutes=1)
"""How long after a rollout began its first pod is created, which waits for the end of the old one."""
NEARLY = 0.85
"""The part of its memory limit from which the proxy is near it."""

LOST = "The proxy restarted and lost its routes: {lost} of {ready} users have none"
WELL = "The proxy restarted {ago} ago"
AGO = "It has run for {ago}, in pod {pod}."
EVICTED = "{after} after its pod was evicted"
ENDED = "{after} after its container ended ({why})"
ROLLED_OUT = "{after} after Deployment {name} was rolled out"
EVICTED_WHY = "Evicted pod {pod}: {why}."
CAUSE_UNKNOWN = "Why it restarted is unknown."

NEAR = "The proxy uses {used} of its memory limit of {limit}"
USE_UNKNOWN = (
    "mayday can't tell how near the proxy is to its memory limit: metrics-server hasn't measured its "
    "pod yet."
)
ITS_LIMIT = "Its memory limit is {limit}."

LOGGED = "The proxy's log has {count} lines of errors that are known to precede an outage"
EXPLAINED = (
    (
        "EPIPE",
        "Clients or servers hung up while the proxy wrote to them; with a leak of sockets it crashes.",
    ),
    ("EMFILE", "It has no file descriptors left, so it can't open connections."),
    ("too many open files", "It has no file descriptors left, so it can't open connections."),
    ("heap out of memory", "Node.js reached its heap limit and ended."),
    ("503 ", "Requests failed because the hub or a server refused the connection."),
    ("504 ", "Requests failed because the hub or a server didn't answer in time."),
    ("uncaught exception", "The process ends at an uncaught exception, and its routes are lost."),
)


def proxy_restart(facts: HubFacts) -> Iterable[Finding]:
    """When the proxy restarted, and whether it lost routes by that.

    The proxy keeps its routes in memory: after a restart it has none until the hub writes them back. Its
    time is when its pod began to run; the pod before it tells by its eviction or its end what happened.
    """
    found = proxy_start(facts)
    if found is None:
        return
    pod, since = found
    ago = span(facts.read_at - since)
    lost = lost_rows(facts) if routes_lost_at(facts) else []
    before = predecessor(facts)
    if not lost and not (before and within(since, SHORTLY, facts.read_at)):
        return
    text = LOST.format(lost=users(lost), ready=ready_users(facts)) if lost else WELL.format(ago=ago)
    evidence = [
        AGO.format(ago=ago, pod=pod.name),
        f"It began {before}." if before else CAUSE_UNKNOWN,
    ]
    gone = _evicted(facts, pod, since)
    if gone is not None and gone[0].message:
        evidence.append(EVICTED_WHY.format(pod=gone[0].name, why=plain(gone[0].message)))
    yield Finding(
        rule="proxy-restart",
        key="proxy",
        severity=Severity.CRITICAL if lost else Severity.NOTE,
        text=f"{text}.",
        at=since,
        evidence=tuple(evidence),
        remedy=resync_routes(facts) if lost else None,
        affects=users(lost),
    )


def predecessor(facts: HubFacts) -> str:
    """Return what the proxy's start followed, such as "seven seconds after its pod was evicted".

    Empty if neither an eviction, an end of its container nor a rollout shortly before is known.
    """
    found = proxy_start(facts)
    if found is None:
        return ""
    pod, since = found
    gone = _evicted(facts, pod, since)
    if gone is not None:
        return EVICTED.format(after=_after(since - gone[1]))
    ended = pod.last_exit_at
    if pod.restarts and ended is not None and timedelta(0) <= since - ended <= STARTS:
        why = plain(pod.last_exit) or "no reason is given"
        return ENDED.format(after=_after(since - ended), why=why)
    # Without an earlier revision the last one is the installation, which later pods have as well.
    for rollout in revisions(facts, facts.place.proxy)[:-1][:1]:
        at, created = rollout.created_at, pod.created_at
        if at and created and at <= created <= at + FOLLOWS and at <= since <= at + STARTS:
            return ROLLED_OUT.format(after=_after(since - at), name=rollout.deployment)
    return ""


def proxy_memory(facts: HubFacts) -> Iterable[Finding]:
    """The proxy near its memory limit. Where its socket leak is present it grows until it is killed.

    Only metrics-server knows how much it uses now. It measures a new container after some seconds; until
    then this rule says that it can't tell, if the log or an earlier kill gives a reason to ask.
    """
    memory = facts.around.memory
    for pod in own_pods(facts, PROXY):
        limit, used = pod.memory_limit, facts.around.memory_of(pod)
        if pod.finished or not limit or not memory.read:
            continue
        if used is not None and used >= NEARLY * limit:
            yield Finding(
                rule="proxy-memory",
                key=pod.uid or pod.name,
                severity=Severity.WARNING,
                text=NEAR.format(used=megabytes(used), limit=megabytes(limit)) + ".",
                remedy=restart_proxy(facts),
            )
        elif used is None and (pod.last_exit == "OOMKilled" or _leaks(facts)):
            yield Finding(
                rule="proxy-memory",
                key=pod.uid or pod.name,
                severity=Severity.UNKNOWN,
                text=USE_UNKNOWN,
                evidence=(ITS_LIMIT.format(limit=megabytes(limit)),),
            )


def proxy_log(facts: HubFacts) -> Iterable[Finding]:
    """Lines of the proxy's log that are known to be bad, such as "uncaught exception: write EPIPE".

    In 2024 they came 53 minutes before users noticed anything. A quiet proxy's log reaches back for weeks:
    lines of an outage that is long over are only worth knowing.
    """
    lines = facts.signs.proxy_log.items
    if not lines:
        return
    lately = any(line.at is None or within(line.at, LATELY, facts.read_at) for line in lines)
    texts = [line.text.casefold() for line in lines]
    known = [why for word, why in EXPLAINED if any(word.casefold() in text for text in texts)]
    yield Finding(
        rule="proxy-log",
        key="proxy",
        severity=Severity.WARNING if lately else Severity.NOTE,
        text=LOGGED.format(count=sum(line.count for line in lines)) + ".",
        at=earliest(line.first_at or line.at for line in lines),
        evidence=(*dict.fromkeys(known), *(_line(line, facts.read_at) for line in lines[:5])),
    )


def _evicted(facts: HubFacts, pod: Pod, since: datetime) -> tuple[Pod, datetime] | None:
    """Return the proxy's pod that was evicted shortly before this one began, and when."""
    found = [
        (other, at)
        for other in own_pods(facts, PROXY)
        if other.uid != pod.uid and other.reason == "Evicted" and (at := evicted_at(facts, other))
    ]
    near = [each for each in found if timedelta(0) <= since - each[1] <= STARTS]
    return max(near, key=lambda each: each[1], default=None)


def _after(length: timedelta) -> str:
    return span(length) if length >= timedelta(seconds=1) else "less than a second"


def _leaks(facts: HubFacts) -> bool:
    """Whether the log has lines that a process with too little memory or a leak of sockets writes."""
    texts = [line.text.casefold() for line in facts.signs.proxy_log.items]
    return any(word in text for text in texts for word in ("epipe", "heap out of memory"))


def _line(line: LogLine, now: datetime) -> str:
    times = f"{line.count}×: " if line.count > 1 else ""
    last = f" (last at {clock(line.at, now)})" if line.at and line.count > 1 else ""
    return f"{times}{plain(line.text)}{last}"
