"""Requests that need a Slack lookup: stored before the ack, authorised, replayed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.access import RUNBOOK
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater
from bot.ports import Profile
from bot.render.card import ACTION_RUN
from bot.render.diagnose import ACTION_REMEDY
from bot.render.obligations import ACTION_PLAN
from bot.render.reminders import ACTION_ROLL_BACK
from bot.render.runs import ACTION_CANCEL, ACTION_CONFIRM, ACTION_STOP
from bot.services.settings import AllowList
from bot.slack.routes import ROUTES
from bot.store import runs
from bot.store.engine import Store
from bot.store.runs import Run
from bot.store.tables import inbox
from runbooks.resync_routes import resync_routes
from tests.support.desk import ANA, BEN, Answer, Desk
from tests.support.hubs import evicted
from tests.support.rows import CHANNEL, TEAM, end_claims

COMMAND = {
    "command": "/incident",
    "text": "run resync-routes",
    "team_id": TEAM,
    "user_id": ANA,
    "channel_id": CHANNEL,
    "trigger_id": "trigger1",
    "token": "a secret",
    "response_url": "https://hooks.slack.com/secret",
}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def desk(rows: Store) -> Desk:
    """A desk where ana may run runbooks, with a plan that awaits a decision."""
    made = Desk(rows, operators=AllowList(users=frozenset({ANA})))
    plan = resync_routes.plan(evicted("ana"))
    run = Run(
        id="waiting",
        incident_id=made.incident.id,
        runbook=plan.runbook,
        hub="datahub",
        options={},
        state=RunState.PLANNED,
        plan=plan.to_json(),
        error="",
        asked_by=ANA,
        asked_at=made.runs._wall(),
    )
    with rows.write() as tx:
        assert runs.add(tx, run)
    return made


def stored(desk: Desk) -> list[dict[str, Any]]:
    """The inbox's rows."""
    with desk.store.read() as tx:
        return [dict(row) for row in tx.execute(inbox.select()).mappings()]


def by_form(desk: Desk, user: str) -> Answer:
    desk.press(ACTION_RUN, user=user)
    return desk.submit({"runbook": "resync-routes"}, user=user)


WAYS: dict[str, Callable[[Desk, str], Answer]] = {
    "command": lambda desk, user: desk.command("run resync-routes", user=user),
    "form": by_form,
    "confirm": lambda desk, user: desk.press(ACTION_CONFIRM, "waiting", user=user),
    "cancel": lambda desk, user: desk.press(ACTION_CANCEL, "waiting", user=user),
}


def test_the_ways_are_all_routes_that_need_the_right() -> None:
    named = {
        name for table in ROUTES.values() for name, route in table.items() if route.act in RUNBOOK
    }
    # Those below a diagnosis and a reminder ask for a plan, as the command does.
    others = {ACTION_STOP, ACTION_REMEDY, ACTION_PLAN, ACTION_ROLL_BACK}
    assert named == {"run", ACTION_RUN, ACTION_CONFIRM, ACTION_CANCEL, *others}


def test_a_run_under_way_is_stopped_by_whoever_may(desk: Desk) -> None:
    assert "has ended already" in desk.press(ACTION_STOP, "waiting", user=ANA).text
    desk.press(ACTION_CONFIRM, "waiting", user=ANA)
    desk.press(ACTION_STOP, "waiting", user=BEN)
    assert desk.planned[0].stop_asked_by == ""
    assert desk.press(ACTION_STOP, "waiting", user=ANA).text == ""
    assert (desk.planned[0].state, desk.planned[0].stop_asked_by) == (RunState.RUNNING, ANA)


@pytest.mark.parametrize("way", WAYS)
def test_whoever_may_not_is_refused_and_changes_nothing(desk: Desk, way: str) -> None:
    before = desk.planned
    answer = WAYS[way](desk, BEN)
    assert answer.acks[-1] == {}
    refusals = [text for _, user, text in desk.slack.shown if user == BEN] + [answer.text]
    assert any("You are not on the list" in text for text in refusals)
    assert desk.planned == before


@pytest.mark.parametrize("way", WAYS)
def test_whoever_may_is_obeyed(desk: Desk, way: str) -> None:
    assert WAYS[way](desk, ANA).text == ""
    new = [run for run in desk.planned if run.id != "waiting"]
    (waiting,) = [run for run in desk.planned if run.id == "waiting"]
    decided = {"confirm": RunState.RUNNING, "cancel": RunState.CANCELLED}
    assert waiting.state is decided.get(way, RunState.PLANNED)
    assert [(run.runbook, run.asked_by) for run in new] == (
        [] if way in decided else [("resync-routes", ANA)]
    )


def kill_when_asked(desk: Desk) -> list[tuple[int, list[dict[str, Any]]]]:
    """Kill the process at the profile lookup; return the acks and stored rows at that time."""
    seen: list[tuple[int, list[dict[str, Any]]]] = []

    def profile(_user: str) -> Profile:
        seen.append((len(acks), stored(desk)))
        raise Killed

    acks: list[dict[str, Any]] = []
    desk.slack.profile = profile  # type: ignore[method-assign]
    with pytest.raises(Killed):
        respond: Any = None
        desk.dispatcher.serve(COMMAND, lambda **content: acks.append(content), respond)  # type: ignore[arg-type]
    return seen


def test_it_is_stored_then_acknowledged_and_then_slack_is_asked(desk: Desk) -> None:
    ((acks, (row,)),) = kill_when_asked(desk)
    assert acks == 1
    assert row["done_at"] is None
    assert row["key"] == "command/trigger1"
    assert "secret" not in str(row["payload"])


def test_what_cannot_be_stored_is_answered_and_not_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(desk.inbox, "store", full)
    before = desk.planned
    assert "try again" in desk.send(COMMAND).text
    assert desk.planned == before


def test_after_a_kill_it_is_done_once(desk: Desk) -> None:
    before = desk.planned
    kill_when_asked(desk)
    assert desk.planned == before
    again = Desk(desk.store, operators=AllowList(users=frozenset({ANA})))
    again.dispatcher.replay()
    assert again.planned == before, "the listener may still be at it"
    end_claims(again.store)
    for _ in range(2):
        again.dispatcher.replay()
    (run,) = [run for run in again.planned if run not in before]
    assert run.asked_by == ANA
    assert all(row["done_at"] for row in stored(again))


def test_a_request_that_is_delivered_twice_is_done_once(desk: Desk) -> None:
    """Also while the first delivery is being processed: Slack may send the second to another replica."""
    before = desk.planned
    other = Desk(desk.store, owner="other", operators=AllowList(users=frozenset({ANA})))
    profile = desk.slack.profile

    def meanwhile(user: str) -> Profile:
        other.send(COMMAND)
        other.dispatcher.replay()
        assert other.planned == before
        return profile(user)

    desk.slack.profile = meanwhile  # type: ignore[method-assign]
    desk.send(COMMAND)
    (run,) = [run for run in desk.planned if run not in before]
    assert run.asked_by == ANA
    other.send(COMMAND)
    assert len(desk.planned) == len(before) + 1


def test_a_refusal_after_a_kill_is_shown_in_the_channel(desk: Desk) -> None:
    kill_when_asked(desk)
    again = Desk(desk.store)
    end_claims(again.store)
    again.dispatcher.replay()
    ((channel, user, text),) = again.slack.shown
    assert (channel, user) == (CHANNEL, ANA)
    assert "You are not on the list" in text


def test_a_form_is_refused_in_the_incidents_channel(desk: Desk) -> None:
    by_form(desk, BEN)
    ((channel, user, _text),) = desk.slack.shown
    assert (channel, user) == (CHANNEL, BEN)


def test_a_plan_that_is_gone_is_answered(desk: Desk) -> None:
    assert "no longer has this plan" in desk.press(ACTION_CONFIRM, "another").text


def test_what_slack_does_not_let_mayday_decide_is_done_once_it_answers(desk: Desk) -> None:
    """The request is stored and acknowledged, and no person has to repeat it."""
    desk.slack.failing = {"profile": RetryLater("Slack is silent.")}
    answer = desk.command("severity sev1", user="U0DORA")
    assert answer.acks == [{}]
    assert (desk.incident.severity, desk.slack.shown) == ("sev2", [])
    desk.slack.failing = {}
    with desk.store.write() as tx:
        tx.execute(inbox.update().values(claimed_until=None))
    for _ in range(2):
        desk.dispatcher.replay()
    assert desk.incident.severity == "sev1"
    assert all(row["done_at"] for row in stored(desk))
    assert len(desk.of_kind(EntryKind.SEVERITY)) == 1
