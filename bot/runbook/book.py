"""A runbook: its name, its words, what it needs to know, and the function that drafts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.hubs import Condition, HubFacts, Part
from bot.domain.plans import ROWS_KEPT, Loss, Plan, Step


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What the person who runs it asked for. No ``users`` means everybody."""

    users: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a runbook would do: steps, or the reason why there is nothing to do.

    ``summary`` says in one sentence what will happen; ``cautions`` what to think of first.
    """

    summary: str = ""
    steps: tuple[Step, ...] = ()
    losses: tuple[Loss, ...] = ()
    cautions: tuple[str, ...] = ()
    nothing_to_do: str = ""


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """One fix.

    ``needs`` are the parts without which it drafts nothing; ``takes_users`` says that it can be kept
    to some users.
    """

    name: str
    title: str
    help: str
    draft: Callable[[HubFacts, Ask], Draft]
    needs: frozenset[Part] = frozenset()
    takes_users: bool = False

    def plan(self, facts: HubFacts, ask: Ask | None = None) -> Plan:
        """The draft together with the facts it rests on."""
        missing = dict.fromkeys(gap.why for gap in facts.gaps if gap.part in self.needs)
        draft = (
            Draft(nothing_to_do=" ".join(missing))
            if missing
            else self.draft(facts, ask if ask is not None else Ask())
        )
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
            diagnosis=facts.diagnosis,
            ready=facts.ready,
            routes=facts.routes,
            unrouted=facts.unrouted,
            conditions=facts.counts,
            rows=tuple(unwell[:ROWS_KEPT]),
            proxy_pods=facts.proxy_pods,
            gaps=facts.gaps,
        )
