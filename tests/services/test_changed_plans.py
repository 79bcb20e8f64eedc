"""Who approved a plan that changed is told so, once, in a direct message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.resources import ResourceKind
from bot.domain.run_policy import RunPolicy
from bot.domain.runs import RunState
from bot.ports import Identity
from bot.services.resources import Resources
from bot.services.run_posts import posts_of
from bot.store import resources as rows
from bot.store.runs import Run
from tests.services.test_run_messages import OPS, Ops, Slack
from tests.support.hubs import server, terminating
from tests.support.inviting import invites
from tests.support.leases import let_calls_end
from tests.support.looks import Rows
from tests.support.room import FORCE, INCIDENT, Killed, Room, room
from tests.support.rows import TEAM, Checkpoints, settings

__all__ = ["room"]

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@dataclass(kw_only=True)
class Named(Slack):
    """Slack, which says what its address is."""

    def identity(self) -> Identity:
        return Identity(
            user_id="U0BOT", bot_id="B0BOT", team_id=TEAM, team="", url="https://x.slack.com/"
        )


@pytest.fixture
def ops(room: Room) -> Iterator[Ops]:
    yield Ops(room=room, slack=Named())


def changes_after_approvals(room: Room, run: Run, *people: str) -> Run:
    """The run after these people approved a plan that is more by then."""
    for user in people:
        room.runs.confirm(run.id, user)
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    room.workflows.execute(run.id)
    again = room.row(run.id)
    assert (again.state, again.round) == (RunState.PLANNED, 2)
    return again


def told(ops: Ops) -> dict[str, str]:
    """The direct messages by their channel."""
    found = [one for one in ops.slack.messages if "/plan_changed/" in one["effect"]]
    by_channel = {one["channel"]: str(one["post"].blocks[0]["text"]["text"]) for one in found}
    assert len(by_channel) == len(found), "nobody is told twice"
    return by_channel


def test_each_who_approved_is_told_with_the_difference_and_a_link(ops: Ops) -> None:
    ops.room.policies[FORCE] = RunPolicy(approvals=2)
    run = ops.planned()
    ops.show(run)
    again = changes_after_approvals(ops.room, run, "U0BEN", "U0CARA")
    ops.show(again)
    ops.show(again)
    assert set(told(ops)) == {"DU0BEN", "DU0CARA"}
    (plan,) = [one for one in ops.slack.messages if one["channel"] == OPS]
    link = f"<https://x.slack.com/archives/{OPS}/p{plan['ts'].replace('.', '')}|The new plan>"
    for said in told(ops).values():
        assert f"`{FORCE}` on `teaching / datahub-prod / datahub` changed after you" in said
        assert f"{link} has to be approved again." in said
        assert "Steps that were not in the plan" in said


def test_one_who_confirmed_alone_is_told_too(ops: Ops) -> None:
    run = ops.planned()
    ops.show(run)
    ops.show(changes_after_approvals(ops.room, run, "U0ANA"))
    assert set(told(ops)) == {"DU0ANA"}


def test_a_plan_that_did_not_change_tells_nobody(ops: Ops) -> None:
    run = ops.planned()
    ops.show(run)
    ops.room.runs.confirm(run.id, "U0BEN")
    ops.room.workflows.execute(run.id)
    ops.show(run)
    assert told(ops) == {}


@BOTH
@pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
def test_a_kill_at_the_message_leaves_one(ops: Ops, arrives: bool) -> None:
    run = ops.planned()
    ops.show(run)
    again = changes_after_approvals(ops.room, run, "U0BEN")
    ops.slack.hidden.add(OPS)  # only the direct message meets the kill
    ops.slack.fault, ops.slack.arrives = Killed(), arrives
    with pytest.raises(Killed):
        ops.show(again)
    let_calls_end(ops.room.store)
    ops.room.clock.at += timedelta(minutes=1)
    ops.show(again)  # another replica
    assert set(told(ops)) == {"DU0BEN"}


def test_a_second_change_is_another_message(ops: Ops) -> None:
    run = ops.planned()
    ops.show(run)
    again = changes_after_approvals(ops.room, run, "U0BEN")
    ops.show(again)
    ops.room.runs.confirm(run.id, "U0BEN", of_round=2)
    ops.room.party.records.append(server("cy", pending="stop"))
    ops.room.party.live.append(terminating("cy"))
    ops.room.work = Checkpoints()  # the next round is a workflow of its own
    ops.room.workflows.execute(run.id)
    with ops.room.store.read() as tx:
        found = rows.of_run(tx, run.id).values()
    subjects = [row.subject for row in found if row.kind is ResourceKind.PLAN_CHANGED]
    assert subjects == [f"{run.id}/1/U0BEN", f"{run.id}/2/U0BEN"]


def test_of_a_run_in_an_incident_they_are_told_outside_of_its_channel(room: Room) -> None:
    changes_after_approvals(room, room.planned(), "U0BEN")
    slack: Any = Named()
    shown = Resources(
        room.store,
        slack,
        room.clock,
        settings(),
        posts_of(room.books),
        look=Rows(room.store).look,
        invites=invites(room.store, slack, settings()),
    )
    due = shown.due(shown.snapshot(INCIDENT))
    (message,) = [each for each in due if each.kind is ResourceKind.PLAN_CHANGED]
    assert message.create()["channel"] == "DU0BEN"
    assert "where you approved it" in slack.messages[0]["post"].text
