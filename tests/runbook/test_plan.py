"""Plans survive storage and identify outdated steps."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain.evidence import Known
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod
from bot.domain.runs import Outcome, Result
from bot.runbook import Runbook
from bot.runbook.plan import CHANGED, Plan
from tests.support.books import RUNBOOKS
from tests.support.hubs import PROXY, evicted, facts, healthy, server, stale, stuck, terminating

BOOKS = {book.name: book for book in RUNBOOKS}
CLEAR = BOOKS["force-delete-stuck-servers"]


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: str(book.name))
def test_a_plan_comes_back_from_json_as_it_was(book: Runbook) -> None:
    for seen in (stuck(), stale(), evicted("ana"), facts(servers=None, pods=None)):
        plan = book.plan(seen)
        assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_result_comes_back_from_json_as_it_was() -> None:
    result = Result(outcome=Outcome.RETRY, seen={"ready": 3, "routes": None}, error="x", after=2.5)
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result


def stopping(*pods: Pod) -> HubFacts:
    """Servers with a hung stop."""
    return facts(servers=tuple(server(p.user, pending="stop") for p in pods), pods=pods)


ANA, BEN = terminating("ana"), terminating("ben")


def test_a_step_that_is_still_so_is_in_the_plan_of_now() -> None:
    confirmed = CLEAR.plan(stopping(ANA, BEN))
    now = CLEAR.plan(stopping(BEN))
    assert [bool(now.left_out(step)) for step in confirmed.steps] == [True, False]


def test_to_look_again_changes_nothing_of_what_was_confirmed() -> None:
    confirmed = CLEAR.plan(stopping(ANA, BEN))
    stored = confirmed.to_json()
    now = CLEAR.plan(stopping(BEN))
    for step in confirmed.steps:
        now.left_out(step)
    assert confirmed.to_json() == stored
    assert len(confirmed.steps) == 2


def test_a_pod_that_was_replaced_is_another_target() -> None:
    (step,) = CLEAR.plan(stopping(ANA)).steps
    now = CLEAR.plan(stopping(replace(ANA, uid="new")))
    assert now.left_out(step) == CHANGED


def test_a_restart_by_somebody_else_ends_a_confirmed_restart() -> None:
    book = BOOKS["restart-proxy"]
    seen = evicted("ana")
    since = replace(seen, proxy=Known(value=replace(PROXY, generation=5, observed_generation=5)))
    restart, resync = book.plan(seen).steps
    now = book.plan(since)
    assert now.left_out(restart) == CHANGED
    assert now.left_out(resync) == ""


def test_when_all_is_well_by_now_the_fresh_reason_is_told() -> None:
    book = BOOKS["resync-routes"]
    (step,) = book.plan(evicted("ana")).steps
    now = book.plan(healthy("ana"))
    assert now.left_out(step) == now.nothing_to_do != ""


def test_what_cannot_be_read_by_now_is_told_as_the_reason() -> None:
    (step,) = CLEAR.plan(stopping(ANA)).steps
    assert CLEAR.plan(facts(servers=None, pods=None)).left_out(step) == (
        "No servers today. No pods today."
    )


def test_numbers_that_were_not_read_are_not_counted() -> None:
    plan = CLEAR.plan(facts(servers=None, routes=None))
    assert plan.before == {"ready": None, "routes": None, "unrouted": None, "stuck": None}
    assert CLEAR.plan(stuck()).before == {"ready": 4, "routes": 3, "unrouted": 1, "stuck": 6}


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
