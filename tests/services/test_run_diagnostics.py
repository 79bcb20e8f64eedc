"""A run that collects diagnostics: where its file goes, and that there is one of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.domain.cluster import ClusterFacts
from bot.domain.evidence import View
from bot.domain.incident import LEFT
from bot.domain.runs import RunState, StepState
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.services.audit import Audit
from bot.services.evidence import Evidence
from bot.store import audit as audit_rows
from bot.store import runs as rows
from bot.store.runs import Run
from bot.store.tables import incident as incident_table
from tests.support.fleet import USER_1
from tests.support.hubs import PLACE, pod
from tests.support.room import Killed, Room, room
from tests.support.rows import CHANNEL, Checkpoints
from tests.support.slack_answers import SlackAnswers

__all__ = ["room"]

BOOK = "collect-diagnostics"
SECRET = "Authorization: token Planted0123\nana@example.org logged in"
ASKER = "D" + "U0ANA"


@pytest.fixture
def slack(room: Room) -> Iterator[SlackAnswers]:
    """Slack, which the room shares files in."""
    answers = SlackAnswers()
    chat: Any = answers
    room.diagnostics = Evidence(
        room.store, chat, Audit(room.store), sites=room.sites, wall=room.clock
    )
    room.party.logs = {("hub-1", False): SECRET}
    yield answers


def outside(room: Room, key: str = "command/1") -> Run:
    """A plan that is asked for in a channel that is no incident's."""
    change = StateChange(incident_id="", by="U0ANA", idempotency_key=key)
    run = room.runs.request_plan(
        change, runbook=BOOK, hub=PLACE.hub, arguments={}, channel="C0GENERAL"
    )
    room.workflows.plan(run.id)
    return room.row(run.id)


def where(slack: SlackAnswers) -> list[str]:
    """The channels of the files."""
    return [channel for channel, _, _ in slack.files]


def test_the_incidents_channel_gets_the_file_without_secrets(
    room: Room, slack: SlackAnswers
) -> None:
    run = room.planned(BOOK)
    before = (list(room.party.live), list(room.party.records), list(room.party.known))
    done = room.carry_out(run)
    assert (done.state, room.steps(run)) == (RunState.DONE, [StepState.DONE])
    ((channel, name, text),) = slack.files
    assert (channel, name) == (CHANNEL, f"diagnostics-datahub-{run.id}.txt")
    assert "Pod jupyter-ana" in text and "Pod jupyter-zoe" not in text
    assert "Planted" not in text and "example.org" not in text
    assert (room.party.live, room.party.records, room.party.known) == before
    assert room.told() == [("the incident's channel", "done")]
    with room.store.read() as tx:
        (step,) = rows.steps(tx, run.id)
        lines = [each.line for each in audit_rows.latest(tx, limit=50)]
    assert (step.seen["seen"]["pods"], step.seen["seen"]["logs"]) == (3, 3)
    (line,) = [line for line in lines if line.act == "diagnose.evidence"]
    assert (line.actor, line.origin) == ("U0ANA", f"run/{run.id}")


def test_named_users_are_described_though_their_servers_are_well(
    room: Room, slack: SlackAnswers
) -> None:
    room.party.logs[("jupyter-zoe", False)] = "kernel died"
    room.carry_out(room.planned(BOOK, users=["zoe"]))
    ((_, _, text),) = slack.files
    assert "Pod jupyter-zoe" in text and "Pod jupyter-ana" not in text
    assert "kernel died" in text


def test_a_node_is_described_with_its_pods(room: Room, slack: SlackAnswers) -> None:
    room.party.live = [replace(each, node="user-1") for each in (pod("ana"), pod("zoe"))]
    room.party.around = ClusterFacts(nodes=View(items=(USER_1,)))
    change = StateChange(incident_id="abc123abc123", by="U0ANA", idempotency_key="command/1")
    run = room.runs.request_plan(change, runbook=BOOK, hub=PLACE.hub, arguments={"node": "user-1"})
    room.workflows.plan(run.id)
    assert room.carry_out(room.row(run.id)).state is RunState.DONE
    ((_, _, text),) = slack.files
    assert "Node user-1" in text and "Pod jupyter-zoe" in text


def test_outside_of_incidents_only_the_one_who_asked_gets_it(
    room: Room, slack: SlackAnswers
) -> None:
    assert room.carry_out(outside(room)).state is RunState.DONE
    assert where(slack) == [ASKER]


def test_strangers_in_a_shared_channel_get_nothing(room: Room, slack: SlackAnswers) -> None:
    run = room.planned(BOOK)
    slack.shared = {CHANNEL}
    assert room.carry_out(run).state is RunState.DONE
    assert where(slack) == [ASKER]


def test_where_mayday_was_removed_the_one_who_asked_gets_it(
    room: Room, slack: SlackAnswers
) -> None:
    run = room.planned(BOOK)
    with room.store.write() as tx:
        tx.execute(update(incident_table).values(channel_state=LEFT))
    assert room.carry_out(run).state is RunState.DONE
    assert where(slack) == [ASKER]


@pytest.mark.parametrize("takes_effect", [True, False], ids=["after", "before"])
def test_a_kill_around_the_upload_leaves_one_file(
    room: Room, slack: SlackAnswers, monkeypatch: pytest.MonkeyPatch, takes_effect: bool
) -> None:
    upload = slack.upload

    def killed(*args: Any, **values: Any) -> None:
        if takes_effect:
            upload(*args, **values)
        raise Killed

    monkeypatch.setattr(slack, "upload", killed)
    run = room.planned(BOOK)
    with pytest.raises(Killed):
        room.carry_out(run)
    assert room.steps(run) == [StepState.ATTEMPTING]
    monkeypatch.undo()
    room.clock.at += timedelta(hours=3)
    room.workflows.execute(run.id)
    assert room.row(run.id).state is RunState.DONE
    assert len(slack.files) == 1


def test_an_answer_that_is_lost_repeats_nothing(
    room: Room, slack: SlackAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = slack.upload

    def lost(*args: Any, **values: Any) -> None:
        upload(*args, **values)
        raise RetryLater("Slack did not answer.", maybe_done=True)

    monkeypatch.setattr(slack, "upload", lost)
    run = room.planned(BOOK)
    assert room.carry_out(run).state is RunState.DONE
    assert len(slack.files) == 1


def test_without_the_scope_the_step_fails_and_says_so(room: Room, slack: SlackAnswers) -> None:
    needs = "files.getUploadURLExternal needs the scope files:write: add it to the Slack app."
    slack.failing = {"upload": UserError(needs, code="missing_scope")}
    run = room.planned(BOOK)
    assert room.carry_out(run).state is RunState.FAILED
    with room.store.read() as tx:
        (step,) = rows.steps(tx, run.id)
    assert "files:write" in step.seen["error"]


def test_it_waits_for_no_other_run(room: Room, slack: SlackAnswers) -> None:
    other = room.planned(idempotency_key="command/2")
    room.runs.confirm(other.id, "U0BEN")
    assert "hub/datahub" in room.locks()
    assert room.carry_out(room.planned(BOOK)).state is RunState.DONE
    assert len(slack.files) == 1


def test_the_same_request_right_after_has_nothing_to_do(room: Room, slack: SlackAnswers) -> None:
    room.carry_out(room.planned(BOOK))
    again = room.planned(BOOK, idempotency_key="command/2")
    assert again.state is RunState.NOTHING_TO_DO
    others = room.planned(BOOK, idempotency_key="command/3", users=["zoe"])
    assert others.state is RunState.PLANNED
    room.work = Checkpoints()
    room.carry_out(outside(room, "command/4"))
    assert len(slack.files) == 2
