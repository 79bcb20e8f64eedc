"""Plans: what a runbook would do, as data that can be shown, stored, confirmed and compared.

A plan is made from facts and carried out only after somebody confirmed it. By then the hub may have
changed, so before each destructive step a fresh plan is made, and the step is skipped unless that plan
has it as well (:meth:`Plan.left_out`). The confirmed plan itself never changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.domain.command import COMMAND
from bot.domain.facts import UnknownPart, totals
from bot.domain.hubs import Condition, Diagnosis, Place, Pod, Row
from bot.domain.rehearsal import Rehearsal
from bot.domain.runs import Outcome, Result
from bot.errors import NeedsHuman
from bot.runbook.losses import Loss
from bot.runbook.steps.step import Step, UnknownStep
from bot.runbook.steps.stored import StoredStep

ROWS_KEPT = 200
"""How many rows of the table a plan carries; ``Plan.conditions`` counts all of them."""

MISSED_KEPT = 20
"""How many of a stage's steps that did not succeed a timeline entry names."""

SUCCEEDED = (Outcome.DONE, Outcome.SKIPPED)
_GRAVITY = (Outcome.SKIPPED, Outcome.DONE, Outcome.RETRY, Outcome.FAILED, Outcome.UNCLEAR)

CHANGED = "The target has changed since the plan was confirmed."
UNREADABLE = (
    "This version of mayday can't read this plan. Check the hub, then ask for a new plan with "
    f"{COMMAND} run."
)


class UnreadablePlan(NeedsHuman):
    """A stored plan cannot be read by this version of mayday, so nothing of it may be carried out."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a runbook would do now.

    A plan without steps says why: ``undecided`` lists what must be known first; only where that is empty,
    ``nothing_to_do`` is the reason.

    ``over_limit`` says why it ends more than one person may decide; empty where it does not.

    ``rows`` are the servers that are not well, ``conditions`` counts every server by its condition.
    ``ready``, ``routes`` and ``unrouted`` are None when they could not be read. ``rehearsal`` says how the
    steps went on a model, where the policy asks for it.
    """

    runbook: str
    place: Place
    read_at: datetime
    summary: str = ""
    steps: tuple[StoredStep, ...] = ()
    losses: tuple[Loss, ...] = ()
    cautions: tuple[str, ...] = ()
    nothing_to_do: str = ""
    undecided: tuple[UnknownPart, ...] = ()
    over_limit: str = ""
    diagnosis: Diagnosis = Diagnosis.UNKNOWN
    ready: int | None = None
    routes: int | None = None
    unrouted: int | None = None
    conditions: Mapping[Condition, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    proxy_pods: tuple[Pod, ...] = ()
    unknown: tuple[UnknownPart, ...] = ()
    rehearsal: Rehearsal | None = None

    @property
    def destructive(self) -> bool:
        """Some step cannot be taken back."""
        return any(step.destructive for step in self.steps)

    @property
    def before(self) -> dict[str, int | None]:
        """The numbers before a step, which a timeline entry compares with those after it."""
        return totals(self.ready, self.routes, self.unrouted, self.conditions)

    @property
    def stages(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the steps, from 1, by stage: independent ones next to each other are one stage."""
        found: list[list[int]] = []
        for number, step in enumerate(self.steps, start=1):
            beside = bool(found) and step.is_independent and self.steps[number - 2].is_independent
            if beside:
                found[-1].append(number)
            else:
                found.append([number])
        return tuple(map(tuple, found))

    def record(self, step: Step, result: Result) -> dict[str, Any]:
        """What the timeline keeps of a step: data for ``EntryKind.RUNBOOK``, without the run's id."""
        return {
            **self._about(),
            "step": step.verb,
            "target": step.target,
            **({"details": dict(step.details)} if step.details else {}),
            "outcome": result.outcome.value,
            "seen": dict(result.seen),
            "error": result.error,
        }

    def record_stage(self, results: Sequence[tuple[Step, Result]]) -> dict[str, Any]:
        """The same of steps that ran side by side: how many of each kind ended how.

        Of those that did not succeed, it keeps the first ones.
        """
        if len(results) == 1:
            return self.record(*results[0])
        kinds: dict[str, Counter[str]] = {}
        for step, result in results:
            kinds.setdefault(step.verb, Counter())[result.outcome.value] += 1
        missed = [(step, result) for step, result in results if result.outcome not in SUCCEEDED]
        outcomes = [result.outcome for _, result in results]
        return {
            **self._about(),
            "kinds": [{"step": verb, "outcomes": dict(count)} for verb, count in kinds.items()],
            "outcome": max(outcomes, key=_GRAVITY.index).value,
            "seen": dict(results[0][1].seen),
            "missed": [
                {
                    "step": step.verb,
                    "target": step.target,
                    "outcome": result.outcome.value,
                    "error": result.error,
                }
                for step, result in missed[:MISSED_KEPT]
            ],
        }

    def _about(self) -> dict[str, str]:
        return {
            "runbook": self.runbook,
            "cluster": self.place.cluster,
            "namespace": self.place.namespace,
            "hub": self.place.hub,
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
        """The plan that ``to_json`` gave.

        Raises:
            UnreadablePlan: it has a step that this version does not know, or is no plan.
        """
        try:
            return _PLAN.validate_python(data)
        except UnknownStep as exc:
            raise UnreadablePlan(str(exc)) from exc
        except (ValidationError, LookupError, TypeError) as exc:
            raise UnreadablePlan(UNREADABLE) from exc


_PLAN = TypeAdapter(Plan)
