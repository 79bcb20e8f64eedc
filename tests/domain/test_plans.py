"""Plans survive a database row, and shrink to what is still so."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain.plans import CHANGED, Outcome, Plan, Result
from bot.runbook import Runbook
from runbooks import RUNBOOKS
from tests.support.hubs import NOW, evicted, facts, pod, server, stuck, terminating

BOOKS = {book.name: book for book in RUNBOOKS}
CLEAR = BOOKS["force-delete-stuck-servers"]


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: str(book.name))
def test_a_plan_comes_back_from_json_as_it_was(book: Runbook) -> None:
    for seen in (stuck(), evicted("ana"), facts(servers=None, pods=None)):
        plan = book.plan(seen)
        assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_result_comes_back_from_json_as_it_was() -> None:
    result = Result(outcome=Outcome.RETRY, seen={"ready": 3, "routes": None}, error="x", after=2.5)
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_only_steps_that_are_still_so_are_kept() -> None:
    both = facts(
        servers=(server("ana", pending="stop"), server("ben", pending="stop")),
        pods=(terminating("ana"), terminating("ben")),
    )
    only_ben = facts(servers=(server("ben", pending="stop"),), pods=(terminating("ben"),))
    kept = CLEAR.plan(both).still_needed(CLEAR.plan(only_ben))
    assert [step.target for step in kept.steps] == ["jupyter-ben"]
    assert kept.nothing_to_do == ""


def test_what_is_still_done_is_counted_from_now() -> None:
    """Otherwise one deletion would seem to have cleared what mended itself meanwhile."""
    both = facts(
        servers=(server("ana", pending="stop"), server("ben", pending="stop")),
        pods=(terminating("ana"), terminating("ben")),
    )
    only_ben = facts(servers=(server("ben", pending="stop"),), pods=(terminating("ben"),))
    kept = CLEAR.plan(both).still_needed(CLEAR.plan(only_ben))
    assert kept.before["stuck"] == 1


def test_what_nobody_confirmed_is_not_added() -> None:
    only_ben = facts(servers=(server("ben", pending="stop"),), pods=(terminating("ben"),))
    both = facts(
        servers=(server("ana", pending="stop"), server("ben", pending="stop")),
        pods=(terminating("ana"), terminating("ben")),
    )
    kept = CLEAR.plan(only_ben).still_needed(CLEAR.plan(both))
    assert [step.target for step in kept.steps] == ["jupyter-ben"]


def test_a_pod_that_was_replaced_is_another_target() -> None:
    confirmed = facts(servers=(server("ana", pending="stop"),), pods=(terminating("ana"),))
    replaced = facts(
        servers=(server("ana", pending="stop"),), pods=(replace(terminating("ana"), uid="new"),)
    )
    kept = CLEAR.plan(confirmed).still_needed(CLEAR.plan(replaced))
    assert (kept.steps, kept.nothing_to_do) == ((), CHANGED)


def test_a_restart_by_somebody_else_ends_a_confirmed_restart() -> None:
    book = BOOKS["restart-proxy"]
    seen = evicted("ana")
    assert seen.proxy is not None
    since = replace(seen, proxy=replace(seen.proxy, generation=5, observed_generation=5))
    kept = book.plan(seen).still_needed(book.plan(since))
    assert [step.verb.value for step in kept.steps] == ["resync_routes"]
    assert not kept.destructive


def test_when_all_is_well_by_now_the_fresh_reason_is_told() -> None:
    book = BOOKS["resync-routes"]
    well = facts(servers=(), pods=(pod("ana"),), at=NOW)
    fresh = book.plan(well)
    assert book.plan(evicted("ana")).still_needed(fresh).nothing_to_do == fresh.nothing_to_do


def test_what_the_timeline_keeps_names_the_place_and_the_target() -> None:
    plan = CLEAR.plan(stuck())
    step = plan.steps[0]
    kept = plan.record(step, Result(outcome=Outcome.DONE, seen={"stuck_before": 5}))
    assert kept == {
        "runbook": "force-delete-stuck-servers",
        "cluster": "teaching",
        "namespace": "datahub-prod",
        "hub": "datahub",
        "step": "force_delete_pod",
        "target": "jupyter-stop",
        "outcome": "done",
        "seen": {"stuck_before": 5},
        "error": "",
    }
