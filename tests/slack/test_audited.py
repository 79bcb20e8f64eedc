"""What requests leave in the audit log: decisions, refusals, acts and failures."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.timeline import EntryKind
from bot.render.card import ACTION_COMMAND
from bot.render.listing import ACTION_ENTRY
from bot.services.settings import AllowList
from bot.store import audit
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, TEAM


def lines(desk: Desk) -> list[AuditLine]:
    """The audit log, whose chain has to hold."""
    assert desk.audit.verify().faults == ()
    with desk.store.read() as tx:
        return [one.line for one in audit.latest(tx, limit=99)]


def told(desk: Desk) -> list[tuple[str, str]]:
    """Acts and outcomes."""
    return [(line.act, line.outcome.value) for line in lines(desk)]


def test_a_change_is_one_line_with_what_was_before_and_after(desk: Desk) -> None:
    desk.command("status fixing found it")
    allowed, done = lines(desk)
    assert (done.act, done.actor, done.outcome) == ("incident.status", ANA, AuditOutcome.DONE)
    assert (done.before, done.after) == (
        {"status": "investigating"},
        {"status": "fixing", "text": "found it"},
    )
    assert done.incident_id == allowed.incident_id == desk.incident.id
    assert done.origin == allowed.origin == f"command status in {CHANNEL}"
    assert (allowed.act, allowed.outcome) == ("change", AuditOutcome.ALLOWED)


@pytest.mark.parametrize(
    ("line", "act", "after"),
    [
        ("severity sev1", "incident.severity", {"severity": "sev1"}),
        ("role scribe <@U0BEN>", "incident.role", {"roles": {"scribe": "U0BEN"}}),
        ("update we are on it", "incident.update", {"text": "we are on it"}),
        ("resolve", "incident.resolved", {"status": "resolved"}),
        ("action add an alert", "incident.action_item", {"text": "add an alert"}),
        ("snooze 20", "incident.snooze", {}),
        ("note it fell", "entry.note", {}),
    ],
)
def test_every_act_is_recorded(desk: Desk, line: str, act: str, after: dict[str, Any]) -> None:
    desk.command(line)
    (done,) = [one for one in lines(desk) if one.outcome is AuditOutcome.DONE]
    assert (done.act, done.actor) == (act, ANA)
    assert after.items() <= done.after.items()


def test_a_refusal_is_recorded_with_its_reason(desk: Desk) -> None:
    desk.slack.guests = {BEN}
    desk.command("status fixing", user=BEN)
    (refused,) = lines(desk)
    assert (refused.act, refused.actor) == ("change", BEN)
    assert refused.outcome is AuditOutcome.REFUSED
    assert "Guests" in refused.reason


def test_what_was_allowed_and_failed_is_recorded(desk: Desk) -> None:
    desk.command("status nonsense")
    assert told(desk) == [("change", "allowed"), ("change", "failed")]
    assert "nonsense" in lines(desk)[-1].reason


def test_reading_and_help_are_recorded(desk: Desk) -> None:
    desk.command("help")
    desk.command("timeline")
    assert told(desk) == [("help", "allowed"), ("read", "allowed")]


@pytest.mark.parametrize("line", ["status fixing in #inc-of-others", "close in #nowhere"])
def test_asking_for_an_incident_that_nobody_shows_is_recorded(desk: Desk, line: str) -> None:
    desk.command(line)
    ((_, outcome),) = told(desk)
    assert outcome == "refused"
    assert desk.command("status fixing", channel=ELSEWHERE).text
    assert told(desk)[-1] == ("change", "refused")


def test_every_submission_of_a_form_is_recorded(desk: Desk) -> None:
    """Also where the form stayed open after a refusal, and its id is the same."""
    desk.command("update")
    desk.slack.guests = {BEN}
    for _ in range(2):
        assert desk.submit({"text": "it is over"}, user=BEN).errors
    assert told(desk) == [("change", "allowed"), ("change", "refused"), ("change", "refused")]


@pytest.mark.parametrize("line", ["status fixing", "status nonsense"])
def test_a_request_that_slack_delivers_again_adds_no_line(desk: Desk, line: str) -> None:
    body = {
        "command": "/incident",
        "text": line,
        "team_id": TEAM,
        "user_id": ANA,
        "channel_id": CHANNEL,
        "trigger_id": "trigger7",
    }
    desk.send(body)
    before = told(desk)
    desk.send(body)
    assert told(desk) == before
    assert len(before) == 2


def test_a_forged_choice_is_recorded_as_failed(desk: Desk) -> None:
    desk.command("severity sev1")
    (entry,) = desk.of_kind(EntryKind.SEVERITY)
    desk.press(ACTION_ENTRY, f"out:{entry.id}", user=BEN)
    assert told(desk)[-2:] == [("edit", "allowed"), ("edit", "failed")]
    assert lines(desk)[-1].actor == BEN


def test_a_button_is_recorded_with_its_channel(desk: Desk) -> None:
    desk.press(ACTION_COMMAND)
    done = lines(desk)[1]
    assert (done.act, done.origin) == ("incident.role", f"button {ACTION_COMMAND} in {CHANNEL}")


def test_what_is_decided_about_a_runbook_names_it(desk: Desk) -> None:
    desk.command("run resync-routes")
    assert [line.target for line in lines(desk) if line.act == "plan"] == ["runbook/resync-routes"]


@pytest.mark.parametrize(
    ("action", "act"),
    [("run.confirm", "approve"), ("run.cancel", "stop"), ("run.stop", "stop")],
)
def test_what_is_decided_about_a_run_names_it(rows: Store, action: str, act: str) -> None:
    desk = Desk(rows, operators=AllowList(users=frozenset({ANA})))
    desk.command("run resync-routes")
    (run,) = desk.planned
    desk.press(action, run.id, user=BEN)
    (refused,) = [line for line in lines(desk) if line.outcome is AuditOutcome.REFUSED]
    assert (refused.actor, refused.act, refused.target) == (BEN, act, f"run/{run.id}")
