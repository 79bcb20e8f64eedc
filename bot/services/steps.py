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

from bot.domain.hubs import Condition, HubFacts, Part, Place, Pod
from bot.domain.plans import (
    Measure,
    MeasureKind,
    Outcome,
    Result,
    Step,
    StepVerb,
    counted,
)
from bot.errors import Retry, Tell
from bot.ports import Cluster, Hub
from bot.services.facts import NO_CLUSTER, SERVERS

POLL = 1.0
"""Seconds between two looks while a measure does not hold yet."""

WELL = frozenset({Condition.OK, Condition.UNROUTED, Condition.STARTING})


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a plan is carried out: the place's name and the two systems behind it."""

    place: Place
    hub: Hub
    cluster: Cluster | None

    @property
    def reachable_cluster(self) -> Cluster:
        """The cluster.

        Raises:
            Tell: the hub is configured without one.
        """
        if self.cluster is None:
            raise Tell(NO_CLUSTER.format(hub=self.place.hub), code="no_cluster")
        return self.cluster

    def users_pods(self) -> tuple[Pod, ...]:
        """The pods of all users' servers, as they are now."""
        return self.reachable_cluster.pods(self.place.namespace, SERVERS)


def attempt(step: Step, site: Site) -> Result:
    """Act once. Never raises for what an outside system said.

    ``SKIPPED``: the target is no longer what was confirmed, nothing was touched. ``RETRY``: it did
    not happen, or may be repeated without harm. ``UNCLEAR``: it may have happened and must not be
    repeated.
    """
    try:
        if not _still_so(step, site):
            return Result(outcome=Outcome.SKIPPED)
    except Tell as error:
        return Result(outcome=Outcome.FAILED, error=str(error))
    except Retry as error:
        return Result(outcome=Outcome.RETRY, error=str(error), after=error.after)
    try:
        return Result(outcome=Outcome.DONE, seen=_act(step, site))
    except Tell as error:
        return Result(outcome=Outcome.FAILED, error=str(error))
    except Retry as error:
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
                return all((s.user, s.name) in routed for s in site.hub.servers() if s.ready)
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
    except (Tell, Retry):
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
    seen = counted(facts.ready, facts.routes, facts.unrouted, facts.counts)
    match measure.kind:
        case MeasureKind.ROUTED:
            why = facts.lacks(Part.SERVERS) or facts.lacks(Part.ROUTES)
            stamp = tuple((pod.uid, pod.restarts) for pod in facts.proxy_pods)
            holds = None if why else facts.unrouted == 0
            # A server that got stuck meanwhile would seem to be the doing of the resync.
            routed = {key: number for key, number in seen.items() if key != "stuck"}
            return _Look(holds=holds, seen=routed, stamp=stamp, why=why)
        case MeasureKind.ROLLED_OUT:
            proxy = facts.proxy
            if proxy is None:
                return _Look(holds=None, seen=seen, why=facts.lacks(Part.PROXY))
            fresh = _not_before(proxy.restarted_at, args["at"])
            rollout = {"replicas": proxy.replicas, "updated": proxy.updated}
            return _Look(holds=fresh and proxy.rolled_out, seen=rollout)
        case MeasureKind.POD_GONE:
            why = facts.lacks(Part.PODS)
            return _Look(holds=None if why else not _has(facts, args["uid"]), seen=seen, why=why)
        case MeasureKind.SETTLED:
            why = facts.lacks(Part.PODS) or facts.lacks(Part.SERVERS)
            row = facts.row(args["user"], args["server"])
            well = row is None or row.condition in WELL
            gone = not (args["uid"] and _has(facts, args["uid"]))
            return _Look(holds=None if why else well and gone, seen=seen, why=why)


def _has(facts: HubFacts, uid: str) -> bool:
    return any(row.pod is not None and row.pod.uid == uid for row in facts.rows)


def _still_so(step: Step, site: Site) -> bool:
    """Whether the target is still what somebody confirmed, seconds or minutes ago."""
    user, server = step.args.get("user", ""), step.args.get("server", "")
    match step.args.get("was"):
        case Condition.STALE_RECORD:
            return not any(
                (pod.user, pod.server) == (user, server) and pod.phase in ("Pending", "Running")
                for pod in site.users_pods()
            )
        case Condition.STUCK_SPAWN:
            record = site.hub.server(user, server)
            return record is not None and record.pending == "spawn"
        case Condition.STUCK_STOP:
            pod = _pod(step, site)
            return pod is not None and pod.deleting_since is not None
        case Condition.ORPHAN:
            return _pod(step, site) is not None and site.hub.server(user, server) is None
        case _:
            return True


def _pod(step: Step, site: Site) -> Pod | None:
    return next((pod for pod in site.users_pods() if pod.uid == step.args["uid"]), None)


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
