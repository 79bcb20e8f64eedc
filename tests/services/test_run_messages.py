"""Runs outside of incidents: where they are shown, once, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.domain.resources import ResourceKind, resource_key
from bot.domain.run_policy import RunPolicy, Where
from bot.domain.runs import RunState
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.ports import Channel, Post
from bot.services.reconciler import Reconciler
from bot.services.resources import Resources
from bot.services.retry import retry_due
from bot.services.run import NEEDS_INCIDENT
from bot.services.run_posts import posts_of
from bot.services.sweep import Sweep
from bot.services.sync import Sync
from bot.store import audit
from bot.store import resources as rows
from bot.store import runs as run_rows
from bot.store.runs import Run
from bot.store.tables import entry
from tests.support.hubs import PLACE
from tests.support.inviting import invites
from tests.support.leases import AT_ONCE, AlwaysHeld, let_calls_end
from tests.support.looks import Rows
from tests.support.room import FORCE, Killed, Room, room
from tests.support.rows import NOW, settings

__all__ = ["room"]

OPS, DM = "C0OPS", "DU0ANA"
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@dataclass(kw_only=True)
class Slack:
    """Channels and the messages in them. ``fault`` is raised by the next post, which takes effect if
    ``arrives``."""

    members: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)
    fault: BaseException | None = None
    arrives: bool = False

    def channel(self, channel_id: str) -> Channel:
        if channel_id in self.hidden:
            raise UserError("There is no such channel.", code="channel_not_found")
        return Channel(
            id=channel_id,
            name="ops",
            is_private=False,
            is_archived=False,
            is_shared=channel_id in self.shared,
            creator="U0ANA",
            created=NOW,
            is_member=channel_id in self.members,
        )

    def join(self, channel_id: str) -> None:
        if channel_id in self.locked:
            raise UserError("mayday may not join.", code="restricted_action")
        self.members.add(channel_id)

    def open_dm(self, user: str) -> str:
        return f"D{user}"

    def post(self, channel_id: str, post: Post, *, effect: str, thread_ts: str = "") -> str:
        fault, self.fault = self.fault, None
        if channel_id in self.hidden:
            raise UserError("There is no such channel.", code="channel_not_found")
        if fault is None or self.arrives:
            assert channel_id.startswith("D") or channel_id in self.members
            ts = f"1487895900.{len(self.messages):06}"
            shown = {"channel": channel_id, "ts": ts, "effect": effect, "post": post}
            self.messages.append({**shown, "thread": thread_ts})
        if fault is not None:
            raise fault
        return ts

    def find_post(self, channel_id: str, effect: str, *, since: Any, thread_ts: str = "") -> Any:
        for one in reversed(self.messages):
            if (one["channel"], one["effect"], one["thread"]) == (channel_id, effect, thread_ts):
                return one["ts"]
        return None

    def change(self, channel_id: str, ts: str, post: Post) -> None:
        (found,) = [one for one in self.messages if one["ts"] == ts]
        found["post"] = post

    def plans(self) -> list[tuple[str, str]]:
        """The channel and the whole content of each message that is no reply."""
        return [
            (one["channel"], f"{one['post'].text} {one['post'].blocks}")
            for one in self.messages
            if not one["thread"]
        ]


@dataclass(kw_only=True)
class Ops:
    """A channel that is no incident's, and mayday in it."""

    room: Room
    slack: Slack

    @property
    def sync(self) -> Sync:
        """A new replica's."""
        room, look = self.room, Rows(self.room.store).look
        chat: Any = self.slack
        lease = AlwaysHeld(room.store)
        reconciler = Reconciler(
            room.store, room.clock, lease=lease, limits=AT_ONCE, slack_time=room.clock
        )
        shown = Resources(
            room.store,
            chat,
            room.clock,
            settings(),
            posts_of(room.books),
            look=look,
            invites=invites(room.store, chat, settings()),
        )
        none: Any = None
        work: Any = room.work
        return Sync(room.store, reconciler, work, none, shown, look=look)

    def ask(self, key: str = "command/1", channel: str = OPS) -> Run:
        """Ask for a plan there."""
        change = StateChange(incident_id="", by="U0ANA", idempotency_key=key)
        return self.room.runs.request_plan(
            change, runbook=FORCE, hub=PLACE.hub, arguments={}, channel=channel
        )

    def show(self, run: Run, *due: str) -> None:
        """Bring Slack in step; what has a key in ``due`` doesn't wait."""
        sync = self.sync
        try:
            sync.bring_in_step(run.owner, due)
        finally:
            sync.close()

    def planned(self) -> Run:
        run = self.ask()
        self.room.workflows.plan(run.id)
        return self.room.row(run.id)


@pytest.fixture
def ops(room: Room) -> Iterator[Ops]:
    yield Ops(room=room, slack=Slack())


def test_a_run_outside_of_incidents_is_shown_where_it_was_asked_for(ops: Ops) -> None:
    run = ops.ask()
    ops.show(run)
    assert [channel for channel, _ in ops.slack.plans()] == [OPS]
    ops.room.workflows.plan(run.id)
    ops.show(run)
    ((_, said),) = ops.slack.plans()
    assert "Run it" in said
    assert (ops.room.row(run.id).incident_id, ops.room.row(run.id).channel_id) == (None, OPS)

    ops.room.runs.confirm(run.id, "U0BEN")
    ops.room.workflows.execute(run.id)
    ops.show(run)
    assert ops.room.row(run.id).state is RunState.DONE
    ((_, said),) = ops.slack.plans()
    assert "Done and verified" in said
    own = ops.slack.messages[0]["ts"]
    assert [one["thread"] for one in ops.slack.messages] == ["", own]
    with ops.room.store.read() as tx:
        assert tx.execute(select(func.count()).select_from(entry)).scalar() == 0
        lines = [one.line for one in audit.latest(tx, limit=9)]
    assert [line.act for line in lines] == ["run.plan", "run.confirm", "run.attempt", "run.step"]
    assert {line.incident_id for line in lines} == {None}


@pytest.mark.parametrize("why", ["hidden", "locked", "shared"])
def test_where_mayday_cannot_post_the_plan_is_a_direct_message_that_says_so(
    ops: Ops, why: str
) -> None:
    getattr(ops.slack, why).add(OPS)
    run = ops.planned()
    ops.show(run)
    ((channel, said),) = ops.slack.plans()
    assert channel == DM
    assert f"mayday can't post in <#{OPS}>" in said
    assert ops.room.row(run.id).dm_id == DM
    ops.room.runs.confirm(run.id, "U0ANA")
    ops.room.workflows.execute(run.id)
    ops.show(run)
    assert {one["channel"] for one in ops.slack.messages} == {DM}
    assert len(ops.slack.plans()) == 1


def test_a_run_that_was_asked_for_in_a_direct_message_is_shown_there(ops: Ops) -> None:
    run = ops.ask(channel=DM)
    ops.show(run)
    ((channel, said),) = ops.slack.plans()
    assert channel == DM
    assert "can't post" not in said


def test_a_run_that_was_asked_for_among_two_people_is_shown_to_the_one_who_asked(ops: Ops) -> None:
    theirs = "D0ANAANDBEN"
    ops.slack.hidden.add(theirs)
    run = ops.ask(channel=theirs)
    ops.show(run)
    ((channel, _said),) = ops.slack.plans()
    assert (channel, ops.room.row(run.id).dm_id) == (DM, DM)


def test_a_direct_message_that_slack_refuses_is_not_tried_as_another_one(ops: Ops) -> None:
    ops.slack.hidden.add(DM)
    run = ops.ask(channel=DM)
    ops.show(run)
    assert (ops.slack.plans(), ops.room.row(run.id).dm_id) == ([], "")


@BOTH
@pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", ["asked", "planned", "running"])
def test_a_kill_at_the_post_leaves_one_message(ops: Ops, state: str, arrives: bool) -> None:
    run = ops.ask() if state == "asked" else ops.planned()
    if state == "running":
        ops.room.runs.confirm(run.id, "U0BEN")
        ops.room.workflows.execute(run.id)
    ops.slack.fault, ops.slack.arrives = Killed(), arrives
    with pytest.raises(Killed):
        ops.show(run)
    let_calls_end(ops.room.store)
    ops.room.clock.at += timedelta(minutes=1)
    ops.show(run)  # another replica
    ops.show(run)
    assert len(ops.slack.plans()) == 1
    effects = [one["effect"] for one in ops.slack.messages]
    assert len(effects) == len(set(effects)) == (2 if state == "running" else 1)


def test_an_unanswered_post_is_looked_for_and_not_sent_to_a_direct_message(ops: Ops) -> None:
    run = ops.planned()
    ops.slack.fault, ops.slack.arrives = RetryLater("Slack was silent."), True
    ops.show(run)
    let_calls_end(ops.room.store)
    ops.room.clock.at += timedelta(minutes=1)
    ops.show(run)
    assert [channel for channel, _ in ops.slack.plans()] == [OPS]


def test_a_post_that_failed_is_retried_when_it_is_due(ops: Ops) -> None:
    run = ops.planned()
    ops.slack.fault = RetryLater("Slack was silent.", maybe_done=False)
    ops.show(run)
    assert ops.slack.messages == []
    work: Any = ops.room.work
    before = len(work.keys)
    ops.room.clock.at += timedelta(minutes=1)
    assert retry_due(ops.room.store, work, ops.room.clock) == 1
    assert work.keys[before:] == [f"sync/{run.owner}/due/{ops.room.clock.at.isoformat()}"]
    ops.show(run, resource_key(run.owner, ResourceKind.RUN, run.id))
    assert len(ops.slack.plans()) == 1


def test_the_sweep_shows_what_nobody_shows(ops: Ops) -> None:
    run = ops.planned()
    work: Any = ops.room.work
    work.resume_unrecorded = list
    sync = ops.sync
    clock = ops.room.clock
    sweep = Sweep(ops.room.store, work, clock, sync, wall=clock, owner="replica")
    before = len(work.keys)
    sweep.sweep()
    sync.close()
    assert f"sync/{run.owner}/sweep/{clock.at.isoformat()}" in work.keys[before:]


@BOTH
def test_the_same_request_twice_is_one_run_with_one_message(ops: Ops) -> None:
    assert ops.ask().id == ops.ask().id
    run = ops.ask()
    ops.show(run)
    ops.show(run)
    assert len(ops.slack.plans()) == 1
    with ops.room.store.read() as tx:
        assert len(run_rows.outside_of_incidents(tx, since=NOW.replace(year=2000))) == 1
        found = rows.of_run(tx, run.id)
    assert [(row.kind, row.incident_id, row.run_id) for row in found.values()] == [
        (ResourceKind.RUN, None, run.id)
    ]


def test_a_runbook_for_incidents_is_refused_elsewhere(ops: Ops) -> None:
    ops.room.policies[FORCE] = RunPolicy(where=Where.INCIDENT)
    with pytest.raises(UserError, match="only in the channel of an open incident") as refused:
        ops.ask()
    assert refused.value.code == NEEDS_INCIDENT
    assert ops.room.planned().state is RunState.PLANNED, "in an incident it is"


def test_a_run_in_an_incident_and_one_outside_share_the_hubs_lock(ops: Ops) -> None:
    inside, outside = ops.room.planned(), ops.planned()
    ops.room.runs.confirm(inside.id, "U0BEN")
    with pytest.raises(UserError, match="Another runbook is running"):
        ops.room.runs.confirm(outside.id, "U0BEN")
