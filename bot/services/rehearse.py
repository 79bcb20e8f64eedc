"""Rehearse a plan: carry its steps out on a model of the hub that is made from the facts of the plan.

It shows whether the steps fit the facts and each other, by the same code that carries out and verifies a run.
It touches no real system and takes no time: where a step waits, the model's clock goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.domain.facts import HubFacts
from bot.domain.rehearsal import Rehearsal
from bot.domain.runs import Outcome, Result
from bot.runbook import Runbook
from bot.runbook.plan import SUCCEEDED, Plan
from bot.runbook.site import Site
from bot.runbook.steps.step import Step
from bot.services.hub_model import NOT_MODELLED, HubModel, site_of
from bot.services.steps import attempt, unchanged, verify

NOT_MADE = "an error in mayday ({error}), of which its log has the details"

log = structlog.get_logger()


def rehearse(
    runbook: Runbook, arguments: Mapping[str, Any], plan: Plan, facts: HubFacts, site: Site
) -> Rehearsal:
    """Return how the steps of the plan go on a model of these facts. ``arguments`` are stored ones.

    Of ``site`` only what is configured is used; none of its systems is asked.
    """
    try:
        return _rehearsed(runbook, arguments, plan, facts, site)
    except Exception as error:
        # A plan is needed in an outage. An error of the model must not cost it.
        log.exception("rehearsal.failed", runbook=runbook.name)
        return Rehearsal(error=NOT_MADE.format(error=type(error).__name__))


def _rehearsed(
    runbook: Runbook, arguments: Mapping[str, Any], plan: Plan, facts: HubFacts, site: Site
) -> Rehearsal:
    model = HubModel(facts)
    practice = site_of(model, site)
    results: list[Result] = []
    absent: list[int] = []
    for number, step in enumerate(plan.steps, start=1):
        fresh = plan if unchanged(step, practice) else runbook.plan(model.facts, arguments)
        result = _carried_out(step, practice, fresh, model)
        if result.error == NOT_MODELLED:
            absent.append(number)
            result = replace(result, outcome=Outcome.SKIPPED)
        results.append(result)
        if step.ends_run and result.outcome not in SUCCEEDED:
            break
    model.facts = replace(
        model.facts,
        last_done={**model.facts.last_done, runbook.name: model.facts.read_at},
        same_done=model.facts.read_at,
    )
    left = len(runbook.plan(model.facts, arguments).steps)
    return Rehearsal(results=tuple(results), absent=tuple(absent), left=left)


def _carried_out(step: Step, site: Site, fresh: Plan, model: HubModel) -> Result:
    """How one step goes and is verified, as in a run."""
    result = attempt(step, site, fresh, begin=lambda: None)
    if result.outcome is Outcome.DONE:
        verified = verify(step, site, lambda: model.facts, model.wait)
        result = replace(verified, seen={**result.seen, **verified.seen})
    # Nothing about the model is temporary, so what would be tried again has failed.
    return result if result.outcome in SUCCEEDED else replace(result, outcome=Outcome.FAILED)
