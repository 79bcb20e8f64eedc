"""Plans: what a runbook would do, as data that can be shown, stored, confirmed and compared.

A plan is made from facts and carried out only after somebody confirmed it. By then the hub may have
changed, so before each destructive step a fresh plan is made, and the step is left out unless that plan
has it as well (:meth:`Plan.left_out`). The confirmed plan itself is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from bot.domain.facts import UnknownPart
from bot.domain.hubs import STUCK, Condition, Diagnosis, Place, Pod, Right, Row

ROWS_KEPT = 200
"""How many rows of the table a plan carries; ``Plan.conditions`` counts all of them."""


class StepVerb(StrEnum):
    """What a step does, and which keys its args have."""

    RESYNC_ROUTES = "resync_routes"
    RESTART_PROXY = "restart_proxy"  # deployment, at
    STOP_SERVER = "stop_server"  # user, server
    DELETE_POD = "delete_pod"  # user, server, pod, uid
    FORCE_DELETE_POD = "force_delete_pod"  # user, server, pod, uid


class MeasureKind(StrEnum):
    """How it is seen that a step had its effect, and which keys its args have."""

    ROUTED = "routed"  # every ready server has its route
    ROLLED_OUT = "rolled_out"  # at
    SETTLED = "settled"  # user, server, uid, started: the stuck record and its pod are no more
    POD_GONE = "pod_gone"  # uid


class LossKind(StrEnum):
    """What people lose."""

    CONNECTION = "connection"  # for a moment; kernels survive
    SERVER = "server"  # what runs in it and is not saved


class Outcome(StrEnum):
    """How a step or its verification ended."""

    DONE = "done"
    SKIPPED = "skipped"  # the target is no longer what was planned for; nothing was touched
    RETRY = "retry"  # nothing harmful in doing it again, after ``Result.after`` seconds
    FAILED = "failed"
    UNCLEAR = "unclear"  # it may have happened: a human has to look


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What proves success: true ``times`` in a row, ``apart`` seconds between, ``within`` all."""

    kind: MeasureKind
    args: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    apart: float = 2.0
    within: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """One act. ``id`` names act and target, so that two plans can be compared.

    ``target`` is what people call the thing; a ``destructive`` step is never repeated without asking.
    ``needs`` is what mayday has to be allowed for it, ``loses`` whose work may end with it.
    """

    id: str
    verb: StepVerb
    target: str
    measure: Measure
    args: Mapping[str, str] = field(default_factory=dict)
    destructive: bool = False
    needs: tuple[Right, ...] = ()
    loses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Who loses what: ``active`` of ``servers`` did something in the ten minutes before.

    Of ``unknown`` ones nobody says when they were last used. ``latest`` is the last activity among the
    others; ``users`` are theirs in order, a named server as ``user/server``, at most twenty.
    """

    kind: LossKind
    servers: int
    active: int
    unknown: int = 0
    latest: datetime | None = None
    users: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a runbook would do now. Without steps it says why: ``undecided`` is what would have to be
    known first; only where that is empty, ``nothing_to_do`` is the reason.

    ``rows`` are the servers that are not well, ``conditions`` counts every server by its condition.
    ``ready``, ``routes`` and ``unrouted`` are None when they could not be read.
    """

    runbook: str
    place: Place
    read_at: datetime
    summary: str = ""
    steps: tuple[Step, ...] = ()
    losses: tuple[Loss, ...] = ()
    cautions: tuple[str, ...] = ()
    nothing_to_do: str = ""
    undecided: tuple[UnknownPart, ...] = ()
    diagnosis: Diagnosis = Diagnosis.UNKNOWN
    ready: int | None = None
    routes: int | None = None
    unrouted: int | None = None
    conditions: Mapping[Condition, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    proxy_pods: tuple[Pod, ...] = ()
    unknown: tuple[UnknownPart, ...] = ()

    @property
    def destructive(self) -> bool:
        """Some step cannot be taken back."""
        return any(step.destructive for step in self.steps)

    @property
    def before(self) -> dict[str, int | None]:
        """The numbers that a timeline entry compares with those of afterwards."""
        return counted(self.ready, self.routes, self.unrouted, self.conditions)

    def record(self, step: Step, result: Result) -> dict[str, Any]:
        """What the timeline keeps of a step: data for ``EntryKind.RUNBOOK``, without the run's id."""
        return {
            "runbook": self.runbook,
            "cluster": self.place.cluster,
            "namespace": self.place.namespace,
            "hub": self.place.hub,
            "step": step.verb.value,
            "target": step.target,
            "outcome": result.outcome.value,
            "seen": dict(result.seen),
            "error": result.error,
        }

    def left_out(self, step: Step) -> str:
        """Why this plan, made just before a step, does not have that step; empty when it has.

        Ids carry uids, start times and generations: what was replaced since is another target.
        """
        if any(step.id == own.id for own in self.steps):
            return ""
        if self.undecided:
            return " ".join(part.why for part in self.undecided)
        return self.nothing_to_do or CHANGED

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for a database row."""
        return dict(_PLAN.dump_python(self, mode="json"))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that ``to_json`` gave."""
        return _PLAN.validate_python(data)


def counted(
    ready: int | None,
    routes: int | None,
    unrouted: int | None,
    conditions: Mapping[Condition, int],
) -> dict[str, int | None]:
    """Ready servers, user routes, ready servers without one, and servers that are stuck.

    None for what was not read: without the hub's records nobody knows how many are stuck.
    """
    stuck = sum(number for kind, number in conditions.items() if kind in STUCK)
    return {
        "ready": ready,
        "routes": routes,
        "unrouted": unrouted,
        "stuck": None if ready is None else stuck,
    }


CHANGED = "It is no longer as it was when the plan was confirmed."


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a step or its verification. ``seen`` holds what was counted: where it changed
    as ``routes_before`` and ``routes_after``, else as ``routes``.

    ``error`` is the sentence of what went wrong, ``after`` the seconds to wait before a retry.
    """

    outcome: Outcome
    seen: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    after: float = 0.0

    @property
    def left(self) -> dict[str, Any]:
        """What the last look counted, which is what the next step begins with."""
        return {
            key.removesuffix("_after"): value
            for key, value in self.seen.items()
            if not key.endswith("_before")
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as durable steps have to return it."""
        return dict(_RESULT.dump_python(self, mode="json"))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The result that ``to_json`` gave."""
        return _RESULT.validate_python(data)


_PLAN = TypeAdapter(Plan)
_RESULT = TypeAdapter(Result)
