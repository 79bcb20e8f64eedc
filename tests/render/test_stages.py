"""Steps that ran side by side: how many ended how, which did not succeed, and no names in reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.runs import Outcome, Result, RunState
from bot.domain.timeline import Entry, EntryKind, Line
from bot.render.lines import entry_words, words
from bot.render.markdown import Names
from bot.render.run_progress import RunStepView, balance, own_lines, reply
from bot.render.runs import ACTION_STOP, RunView, run_posts
from bot.render.steps import WORDS
from bot.runbook import ServerStep
from bot.runbook.steps import KINDS
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.hubs import stuck

PLAN = CLEAR.plan(stuck())
DONE = Result(outcome=Outcome.DONE, seen={"stuck_before": 5, "stuck_after": 1})
FAILED = Result(outcome=Outcome.FAILED, error="Pod jupyter-orphan is protected.")
RESULTS = [DONE, DONE, DONE, FAILED, DONE]
ENDED = [RunStepView(number=n, result=r, stage=1) for n, r in enumerate(RESULTS, start=1)]
USERS = ("stop", "gone", "unsent", "orphan", "spawn")


def line(data: dict[str, object]) -> Line:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    entry = Entry(
        id=1,
        incident_id="i",
        at=at,
        recorded_at=at,
        kind=EntryKind.RUNBOOK,
        author="U1",
        data=json.loads(json.dumps(data)),
        source="run/r/step/1",
    )
    return Line(entry=entry)


def reported(data: dict[str, object]) -> str:
    return entry_words(line(data), Names(people={"U1": "Ana"}, zone=ZoneInfo("UTC")))


def test_a_stage_counts_by_kind_and_names_what_failed() -> None:
    said = words(line(PLAN.record_stage(list(zip(PLAN.steps, RESULTS, strict=True)))))
    assert said == (
        "<@U1> ran `force-delete-stuck-servers` on `teaching / datahub-prod / datahub` to "
        "force-delete 2 users' pods (2 done), delete 2 users' pods (1 done, 1 failed), "
        "have the hub stop a user's server (1 done): stuck servers 5 → 1. "
        "Not done: `jupyter-orphan` failed."
    )


def test_a_report_has_counts_and_outcomes_and_no_names() -> None:
    stage = reported(PLAN.record_stage(list(zip(PLAN.steps, RESULTS, strict=True))))
    assert "(1 done, 1 failed)" in stage
    single = [reported(PLAN.record(step, FAILED)) for step in PLAN.steps]
    assert all("failed" in said for said in single)
    assert not [user for user in USERS for said in (stage, *single) if f"jupyter-{user}" in said]
    assert not [said for said in single if "`gone`" in said or "`spawn`" in said]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, ServerStep)])
def test_every_kind_about_a_users_server_has_words_without_its_name(kind: type) -> None:
    (found,) = (each for each in WORDS if each.verb == kind.verb)  # type: ignore[attr-defined]
    assert found.one and "{count}" in found.many
    assert "target" not in found.one + found.many


def test_the_reply_counts_while_steps_end_and_then_names_what_failed() -> None:
    under_way = [*ENDED[:2], RunStepView(number=3, stage=1)]
    assert reply(PLAN, under_way).split("\n") == [
        "⏳ 2 of 5 steps have ended.",
        "✅ Force-delete 2 users' pods: 2 done (stuck servers 5 → 1)",
        "⏳ Delete a user's pod",
    ]
    assert reply(PLAN, ENDED).split("\n")[1:] == [
        "❌ Delete 2 users' pods: 1 done, 1 failed (stuck servers 5 → 1)",
        "✅ Have the hub stop a user's server: 1 done (stuck servers 5 → 1)",
        "❌ `jupyter-orphan`: Pod jupyter-orphan is protected.",
    ]
    assert [text[0] for text in own_lines(PLAN, ENDED)] == ["✅", "❌", "✅"]


@pytest.mark.parametrize(
    ("state", "next_"),
    [
        (RunState.FAILED, "ask for a new plan"),
        (RunState.NEEDS_HUMAN, "Look at the targets of the unclear steps"),
        (RunState.CANCELLED, "the targets of the other steps were not touched"),
    ],
)
def test_the_end_says_what_was_done_what_was_not_and_what_next(state: RunState, next_: str) -> None:
    said = balance(PLAN, ENDED[:4], state)
    assert said.startswith("Of 5 steps: 3 done, 1 failed, 1 not begun.")
    assert next_ in said
    assert balance(PLAN, ENDED, RunState.DONE) == ""


def test_a_run_under_way_can_be_stopped_once() -> None:
    def view(by: str) -> str:
        run = RunView(
            id="r1",
            title="Clear",
            hub="datahub",
            state=RunState.RUNNING,
            plan=PLAN,
            asked_by="U1",
            stop_asked_by=by,
        )
        return str(run_posts(run)[0].blocks)

    assert ACTION_STOP in view("")
    assert ACTION_STOP not in view("U2") and "<@U2> asked to stop" in view("U2")


def test_a_plan_that_changed_says_what_changed() -> None:
    run = RunView(
        id="r1",
        title="Clear",
        hub="datahub",
        state=RunState.PLANNED,
        plan=PLAN,
        asked_by="U1",
        difference=("2 servers end, 1 before.",),
    )
    assert "has changed since it was confirmed" in str(run_posts(run)[0].blocks)
    assert "• 2 servers end, 1 before." in str(run_posts(run)[0].blocks)
