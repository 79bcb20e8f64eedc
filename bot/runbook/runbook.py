"""A runbook: its name, its texts, the facts that it needs, and the function that makes the draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.evidence import Known, Unknown
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import Condition, Place, ServerKey
from bot.domain.rights import Permission, Right
from bot.domain.targets import resolve
from bot.runbook.losses import Loss
from bot.runbook.plan import ROWS_KEPT, Plan
from bot.runbook.steps.step import Step

NOT_ALLOWED_BY_HUB = (
    "The token of hub {hub} lacks the scope {right} without a filter: add it to the role of "
    "mayday's service in the hub's configuration."
)
NOT_ALLOWED_BY_CLUSTER = (
    "mayday isn't allowed to {right} in namespace {namespace} of cluster {cluster}: grant it in the Role "
    "of mayday's service account."
)
IDLE = "{users} {has} no running or pending server."


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What the person who runs it asked for. ``users`` are names of users, servers as ``user/server``, or
    pods; empty means everybody."""

    users: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a runbook would do: steps, or the reason why there are none.

    ``summary`` says in one sentence what will happen; ``cautions`` are what to consider before confirming.
    ``undecided`` lists what must be known before a decision; ``nothing_to_do`` is only for a decision that
    rests on known facts.
    """

    summary: str = ""
    steps: tuple[Step, ...] = ()
    losses: tuple[Loss, ...] = ()
    cautions: tuple[str, ...] = ()
    nothing_to_do: str = ""
    undecided: tuple[UnknownPart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """One remedy.

    ``needs`` are the parts of the facts without which it proposes nothing; ``takes_users`` says that it can
    be limited to some users.
    """

    name: str
    title: str
    help: str
    draft: Callable[[HubFacts, frozenset[ServerKey] | None], Draft]
    needs: frozenset[Part] = frozenset()
    takes_users: bool = False

    def plan(self, facts: HubFacts, parameters: Parameters | None = None) -> Plan:
        """The draft together with the facts that it rests on."""
        draft = _allowed(self._drafted(facts, parameters or Parameters()), facts)
        unwell = [row for row in facts.rows if row.condition is not Condition.OK]
        return Plan(
            runbook=self.name,
            place=facts.place,
            read_at=facts.read_at,
            summary=draft.summary,
            steps=draft.steps,
            losses=draft.losses,
            cautions=draft.cautions,
            nothing_to_do=draft.nothing_to_do,
            undecided=draft.undecided,
            diagnosis=facts.diagnosis,
            ready=facts.ready,
            routes=facts.routed,
            unrouted=facts.unrouted,
            conditions=facts.counts,
            rows=tuple(unwell[:ROWS_KEPT]),
            proxy_pods=facts.proxy_pods.items,
            unknown=facts.unknown,
        )

    def _drafted(self, facts: HubFacts, parameters: Parameters) -> Draft:
        unread = facts.unread(self.needs)
        if unread:
            return Draft(undecided=unread)
        if not (self.takes_users and parameters.users):
            return self.draft(facts, None)
        targets = resolve(parameters.users, facts.rows, facts.people)
        if targets.problems:
            return Draft(
                undecided=tuple(UnknownPart(part=Part.USERS, why=why) for why in targets.problems)
            )
        draft = self.draft(facts, targets.keys)
        if not targets.idle:
            return draft
        idle = IDLE.format(
            users=", ".join(targets.idle), has="has" if len(targets.idle) == 1 else "have"
        )
        if not targets.keys and facts.servers.unknown:
            doubt = UnknownPart(part=Part.SERVERS, why=facts.servers.unknown)
            return Draft(undecided=(doubt,))
        if not targets.keys:
            return Draft(nothing_to_do=idle)
        if draft.nothing_to_do:
            return replace(draft, nothing_to_do=f"{draft.nothing_to_do} {idle}")
        return replace(draft, cautions=(*draft.cautions, idle))


def _allowed(draft: Draft, facts: HubFacts) -> Draft:
    """The draft, or the rights that it lacks.

    A right that is unknown forbids a destructive step; a harmless step may be tried.
    """
    refused: dict[str, None] = {}
    for step in draft.steps:
        for right in step.needs(facts.place):
            fact = facts.rights.get(right, Known(value=True))
            if isinstance(fact, Unknown):
                refused |= {fact.why: None} if step.destructive else {}
            elif not fact.value:
                refused[_refusal(right, facts.place)] = None
    if not refused:
        return draft
    missing = tuple(UnknownPart(part=Part.RIGHTS, why=why) for why in refused)
    return Draft(undecided=missing, cautions=draft.cautions)


def _refusal(right: Right, place: Place) -> str:
    words = NOT_ALLOWED_BY_CLUSTER if isinstance(right, Permission) else NOT_ALLOWED_BY_HUB
    return words.format(
        hub=place.hub, right=right, namespace=place.namespace, cluster=place.cluster
    )
