"""Carry out one step of a confirmed plan, and find out whether it worked.

Each function does one thing and keeps no state, so that whoever runs a plan can commit between them:
:func:`attempt` acts once, :func:`evidently_done` looks after a kill, :func:`verify` measures. Results
are data; ``render`` words them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Pod
from bot.domain.plans import (
    Measure,
    MeasureKind,
    Outcome,
    Plan,
    Result,
    Step,
    StepVerb,
    counted,
)
from bot.errors import RetryLater, UserError
from bot.services.facts import PARTS
from bot.services.site import Site

POLL = 1.0
"""Seconds between two looks while a measure does not hold yet."""

LOOK_AGAIN = 10.0
"""Seconds after which what could not be read just before a step is read again."""


def attempt(step: Step, site: Site, fresh: Plan) -> Result:
    """Act once. Never raises for what an outside system said.

    ``fresh`` is the same runbook's plan, made just now: a destructive step that is not in it touches
    nothing. ``SKIPPED``: the target is no longer what was confirmed. ``RETRY``: it did not happen, or may
    be repeated without harm. ``UNCLEAR``: it may have happened and must not be repeated.
    """
    if step.destructive and (why := fresh.left_out(step)):
        if fresh.undecided:
            return Result(outcome=Outcome.RETRY, error=why, after=LOOK_AGAIN)
        return Result(outcome=Outcome.SKIPPED, error=why)
    try:
        return Result(outcome=Outcome.DONE, seen=_act(step, site))
    except UserError as error:
        return Result(outcome=Outcome.FAILED, error=str(error))
    except RetryLater as error:
        if not (step.destructive and error.maybe_done):
            return Result(outcome=Outcome.RETRY, error=str(error), after=error.after)
        done = evidently_done(step, site)
        return Result(outcome=Outcome.DONE if done else Outcome.UNCLEAR, error=str(error))


def evidently_done(step: Step, site: Site) -> bool | None:
    """Whether the target shows that the step took effect; None when it cannot be told."""
    try:
        match step.verb:
            case StepVerb.RESYNC_ROUTES:
                routed = {(route.user, route.server) for route in site.hub.routes()}
                servers = site.hub.servers()
                there = all((s.user, s.name) in routed for s in servers.items if s.ready)
                return there if servers.complete else None
            case StepVerb.RESTART_PROXY:
                namespace = site.place.namespace
                proxy = site.reachable_cluster.deployment(namespace, step.args["deployment"])
                # Another's restart may be later by a clock that is ahead, and come before the plan.
                return proxy.restarted_at == step.args["at"]
            case StepVerb.STOP_SERVER:
                record = site.hub.server(step.args["user"], step.args["server"])
                return record is None or record.pending == "stop"
            case StepVerb.DELETE_POD:
                pod = _pod(step, site)
                return pod is None or pod.deleting_since is not None
            case StepVerb.FORCE_DELETE_POD:
                return _pod(step, site) is None
    except (UserError, RetryLater):
        return None


def verify(
    measure: Measure,
    read: Callable[[], HubFacts],
    wait: Callable[[float], None],
    before: Mapping[str, Any] | None = None,
) -> Result:
    """Look until the measure holds as often in a row as it asks for, or its time is over.

    ``read`` gives facts of now, ``wait`` lets seconds pass. ``before`` are the counts from before
    the step, kept beside those of the last look. ``UNCLEAR`` when at the end it could not be read.
    """
    began: datetime | None = None
    held, looks, waited = 0, 0, 0.0
    stamp: Any = None
    while True:
        facts = read()
        began = began or facts.read_at
        look = _look(measure, facts)
        looks += 1
        if look.holds:
            held = held + 1 if look.stamp == stamp else 1
            stamp = look.stamp
        else:
            held = 0
        passed = max(waited, (facts.read_at - began).total_seconds())
        seen = {**_paired(before or {}, look.seen), "looks": looks, "seconds": round(passed, 1)}
        if held >= measure.times:
            return Result(outcome=Outcome.DONE, seen=seen)
        if passed >= measure.within:
            ended = Outcome.UNCLEAR if look.holds is None else Outcome.FAILED
            return Result(outcome=ended, seen=seen, error=look.why)
        pause = measure.apart if held else POLL
        wait(pause)
        waited += pause


def _paired(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What was counted, side by side where it changed."""
    pairs: dict[str, Any] = {}
    for key, value in after.items():
        if key in before and before[key] != value:
            pairs |= {f"{key}_before": before[key], f"{key}_after": value}
        else:
            pairs[key] = value
    return pairs


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look at a measure; ``holds`` is None when it could not be read. A changed ``stamp`` means
    that looks in a row have to begin again."""

    holds: bool | None
    seen: Mapping[str, Any] = field(default_factory=dict)
    stamp: Any = None
    why: str = ""


def _look(measure: Measure, facts: HubFacts) -> _Look:
    args = measure.args
    seen = counted(facts.ready, facts.routed, facts.unrouted, facts.counts)
    match measure.kind:
        case MeasureKind.ROUTED:
            why = facts.lacks(Part.SERVERS) or facts.lacks(Part.ROUTES)
            stamp = tuple((pod.uid, pod.restarts) for pod in facts.proxy_pods.items)
            holds = None if why else facts.unrouted == 0
            # A server that got stuck meanwhile would seem to be the doing of the resync.
            routed = {key: number for key, number in seen.items() if key != "stuck"}
            return _Look(holds=holds, seen=routed, stamp=stamp, why=why)
        case MeasureKind.ROLLED_OUT:
            if isinstance(facts.proxy, Unknown):
                return _Look(holds=None, seen=seen, why=facts.proxy.why)
            proxy = facts.proxy.value
            fresh = _not_before(proxy.restarted_at, args["at"])
            rollout = {"replicas": proxy.replicas, "updated": proxy.updated}
            return _Look(holds=fresh and proxy.rolled_out, seen=rollout)
        case MeasureKind.POD_GONE:
            holds = not facts.has_pod(args["uid"]) if facts.pods.read else None
            return _Look(holds=holds, seen=seen, why=facts.pods.unknown if holds is None else "")
        case MeasureKind.SETTLED:
            return _settled(args, facts, seen)


def _settled(args: Mapping[str, str], facts: HubFacts, seen: Mapping[str, Any]) -> _Look:
    """Whether the pod is gone and the hub's record of that start with it."""
    if not facts.pods.read:
        return _Look(holds=None, seen=seen, why=facts.pods.unknown)
    record = next(
        (s for s in facts.servers.items if (s.user, s.name) == (args["user"], args["server"])), None
    )
    if record is None and facts.servers.unknown:
        return _Look(holds=None, seen=seen, why=facts.servers.unknown)
    started = record.started.isoformat() if record and record.started else ""
    # A stop that the hub still waits for belongs to the same start, as does one that failed.
    gone = record is None or started != args["started"]
    return _Look(holds=gone and not facts.has_pod(args["uid"]), seen=seen)


def _pod(step: Step, site: Site) -> Pod | None:
    pods = site.reachable_cluster.pods(site.place.namespace, PARTS)
    return next((pod for pod in pods if pod.uid == step.args["uid"]), None)


def _act(step: Step, site: Site) -> dict[str, Any]:
    args, namespace = step.args, site.place.namespace
    match step.verb:
        case StepVerb.RESYNC_ROUTES:
            site.hub.resync_routes()
        case StepVerb.RESTART_PROXY:
            site.reachable_cluster.restart_deployment(namespace, args["deployment"], args["at"])
        case StepVerb.STOP_SERVER:
            return {"answer": site.hub.stop_server(args["user"], args["server"]).value}
        case StepVerb.DELETE_POD:
            site.reachable_cluster.delete_pod(namespace, args["pod"], args["uid"])
        case StepVerb.FORCE_DELETE_POD:
            site.reachable_cluster.force_delete_pod(namespace, args["pod"], args["uid"])
    return {}


def _not_before(text: str, at: str) -> bool:
    """Whether one ISO 8601 time is the other or a later one; a text that is none is before all."""
    try:
        return datetime.fromisoformat(text) >= datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return False
