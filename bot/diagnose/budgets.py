"""PodDisruptionBudgets that allow no disruption, so that a drain of their node never ends."""

from __future__ import annotations

from collections.abc import Iterable

from bot.diagnose.finding import Finding, Severity
from bot.domain.facts import HubFacts

BLOCKS = "PodDisruptionBudget {name} allows no disruption now: {healthy} of {desired} wanted pods are healthy"
HOLDS = "PodDisruptionBudget {name} never allows a disruption: a drain of its node waits for ever"
SELECTS = "It selects {labels}."


def budgets(facts: HubFacts) -> Iterable[Finding]:
    """Disruption budgets that block: no pod that they select may be evicted now.

    A node can't be drained or upgraded meanwhile. Where all pods are healthy the budget means it so, as one
    for the single pod of a hub does, and that is only worth knowing.
    """
    for budget in facts.around.budgets.items:
        if budget.allowed > 0 or budget.expected <= 0:
            continue
        short = budget.healthy < budget.desired
        labels = ", ".join(f"{key}={value}" for key, value in budget.selector.items())
        yield Finding(
            rule="budget",
            key=budget.name,
            severity=Severity.WARNING if short else Severity.NOTE,
            text=(BLOCKS if short else HOLDS).format(
                name=budget.name, healthy=budget.healthy, desired=budget.desired
            )
            + ".",
            evidence=(SELECTS.format(labels=labels),) if labels else (),
        )
