"""What a policy asks for before a run starts: approvals by others, locks, a cooldown, a lifetime."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.bootstrap.policies import with_policies
from bot.config_runbooks import Runbooks
from bot.domain.audit import AuditOutcome
from bot.domain.run_policy import LONGEST_LIFE, Lock, RunPolicy
from bot.domain.runs import RunState
from bot.errors import ConfigError, UserError
from bot.services import run_rules
from bot.services.run_posts import posts_of
from bot.store import audit
from bot.store import runs as rows
from bot.store.run_tables import run as run_table
from bot.store.runs import Run
from tests.support.hubs import PLACE, server, terminating
from tests.support.room import BOOKS, FORCE, Killed, Room, killed_at_the_act, room

__all__ = ["room"]

HUB = f"hub/{PLACE.hub}"
TWO = RunPolicy(approvals=2)
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def shown(room: Room, run: Run) -> str:
    """The text and the blocks of the run's own message."""
    with room.store.read() as tx:
        found = rows.with_own_steps(tx, run.id)
    assert found is not None
    own, *_ = posts_of(room.books)(*found)
    return f"{own.text} {own.blocks}"


# --- approvals -----------------------------------------------------------------------------------


def test_the_last_of_the_approvals_by_others_starts_the_run(room: Room) -> None:
    room.policies[FORCE] = TWO
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    assert room.row(run.id).state is RunState.PLANNED
    assert (room.approvers(run), room.locks()) == (("U0BEN",), [])
    assert "1 more person must approve" in shown(room, run)
    assert f"execute/{run.id}" not in room.work.keys

    room.runs.confirm(run.id, "U0CARA")
    started = room.row(run.id)
    assert (started.state, started.decided_by) == (RunState.RUNNING, "U0CARA")
    assert set(room.approvers(started)) == {"U0BEN", "U0CARA"}
    assert room.locks() == [HUB]
    assert room.work.keys.count(f"execute/{run.id}") == 1
    room.workflows.execute(run.id)
    assert "approved by <@U0BEN>, <@U0CARA>" in shown(room, run)


def test_the_approval_of_the_one_who_asked_does_not_count(room: Room) -> None:
    room.policies[FORCE] = RunPolicy(approvals=1)
    run = room.planned()
    with pytest.raises(
        UserError, match="your approval doesn't count: it needs the approval of 1 other person"
    ):
        room.runs.confirm(run.id, run.asked_by)
    assert (room.row(run.id).state, room.approvers(run)) == (RunState.PLANNED, ())
    room.runs.confirm(run.id, "U0BEN")
    assert room.row(run.id).state is RunState.RUNNING


def test_one_person_is_one_approval(room: Room) -> None:
    room.policies[FORCE] = TWO
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(UserError, match="approved this plan already"):
        room.runs.confirm(run.id, "U0BEN")
    assert (room.row(run.id).state, room.approvers(run)) == (RunState.PLANNED, ("U0BEN",))


def test_where_nobody_else_is_needed_the_one_who_asked_runs_it(room: Room) -> None:
    run = room.planned()
    assert "Run it" in shown(room, run)
    room.runs.confirm(run.id, run.asked_by)
    assert room.row(run.id).state is RunState.RUNNING


@BOTH
def test_of_approvals_at_once_each_counts_once_and_one_starts_the_run(room: Room) -> None:
    room.policies[FORCE] = TWO
    run = room.planned()
    barrier = threading.Barrier(4)
    refused: list[str] = []

    def approve(user: str) -> None:
        barrier.wait(20)
        try:
            room.runs.confirm(run.id, user)
        except UserError as exc:
            refused.append(str(exc))

    users = ("U0BEN", "U0CARA", "U0DAN", "U0EVE")
    threads = [threading.Thread(target=approve, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    started = room.row(run.id)
    assert started.state is RunState.RUNNING
    with room.store.read() as tx:
        assert len(rows.approved_by(tx, started)) == 2
    assert len(refused) == 2
    assert room.work.keys.count(f"execute/{run.id}") == 1


def test_a_refused_start_keeps_no_approval(room: Room) -> None:
    room.policies[FORCE] = RunPolicy(approvals=1)
    first, second = room.planned(), room.planned(idempotency_key="command/2")
    room.runs.confirm(first.id, "U0BEN")
    with pytest.raises(UserError, match="Another runbook is running"):
        room.runs.confirm(second.id, "U0BEN")
    assert room.approvers(second) == ()
    room.workflows.execute(first.id)
    room.runs.confirm(second.id, "U0BEN")
    assert room.row(second.id).state is RunState.RUNNING


@BOTH
def test_a_kill_in_the_last_approval_leaves_all_of_it_or_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.policies[FORCE] = RunPolicy(approvals=1)
    run = room.planned()

    def killed(*_args: object, **_named: object) -> None:
        raise Killed

    with monkeypatch.context() as before_the_commit:
        before_the_commit.setattr(room.work, "enqueue", killed)
        with pytest.raises(Killed):
            room.runs.confirm(run.id, "U0BEN")
    assert (room.row(run.id).state, room.approvers(run), room.locks()) == (
        RunState.PLANNED,
        (),
        [],
    )
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(UserError, match="already confirmed"):  # the request again, after its commit
        room.runs.confirm(run.id, "U0BEN")
    assert (room.row(run.id).state, room.locks()) == (RunState.RUNNING, [HUB])
    assert room.work.keys.count(f"execute/{run.id}") == 1


def test_approvals_are_in_the_audit_log(room: Room) -> None:
    room.policies[FORCE] = TWO
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN", origin="button run.confirm in C0INCIDENT")
    room.runs.confirm(run.id, "U0CARA")
    with room.store.read() as tx:
        lines = [one.line for one in audit.latest(tx, limit=9)]
    assert [(line.act, line.actor) for line in lines] == [
        ("run.plan", "U0ANA"),
        ("run.approve", "U0BEN"),
        ("run.approve", "U0CARA"),
        ("run.confirm", "U0CARA"),
    ]
    assert {line.outcome for line in lines} == {AuditOutcome.DONE}
    assert set(lines[-1].after["approved_by"]) == {"U0BEN", "U0CARA"}


# --- the limit of servers ------------------------------------------------------------------------


def many_stuck(room: Room, count: int, first: int = 0) -> None:
    """Have more servers hang while stopping; the limit for one plan is ten."""
    for number in range(first, count):
        room.party.records.append(server(f"user{number}", pending="stop"))
        room.party.live.append(terminating(f"user{number}"))


def test_a_second_person_lifts_the_limit(room: Room) -> None:
    many_stuck(room, 12)
    run = room.planned()
    assert run.state is RunState.PLANNED
    said = shown(room, run)
    assert "Over the limit" in said
    assert "13 servers look stuck at once" in said
    assert "1 other person must approve this plan" in said
    assert (
        "This is more than one person may decide. Unless you asked for it, your approval runs it"
        in said
    )
    with pytest.raises(UserError, match="your approval doesn't count"):
        room.runs.confirm(run.id, run.asked_by)
    assert len(room.party.live) == 14
    assert room.row(run.id).state is RunState.PLANNED

    assert room.carry_out(run).state is RunState.DONE
    assert [pod.user for pod in room.party.live] == ["zoe"]


def test_what_was_approved_within_the_limit_does_not_go_on_beyond_it(room: Room) -> None:
    run = room.planned()
    room.runs.confirm(run.id, run.asked_by)
    many_stuck(room, 12)
    live = list(room.party.live)
    room.workflows.execute(run.id)
    assert room.row(run.id).state is not RunState.DONE
    assert room.party.live == live


# --- locks ---------------------------------------------------------------------------------------


def test_the_refusal_says_who_runs_what_there(room: Room) -> None:
    first, second = room.planned(), room.planned(idempotency_key="command/2")
    room.runs.confirm(first.id, "U0BEN")
    with pytest.raises(UserError, match=f"on {PLACE.hub}: {FORCE}, confirmed by <@U0BEN>"):
        room.runs.confirm(second.id, "U0CARA")


def test_every_end_gives_the_locks_up(room: Room) -> None:
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    assert room.locks() == [HUB]
    room.workflows.execute(run.id)
    assert room.locks() == [], "done"

    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    late = room.planned(idempotency_key="command/2")
    room.runs.confirm(late.id, "U0BEN")
    room.clock.at += timedelta(hours=9)
    room.workflows.execute(late.id)
    assert (room.row(late.id).state, room.locks()) == (RunState.EXPIRED, [])

    lost = room.planned(idempotency_key="command/3")
    killed_at_the_act(room, lost, takes_effect=False)
    assert room.locks() == [HUB]
    room.work.lost.add(f"execute/{lost.id}")
    room.end_lost()
    assert (room.row(lost.id).state, room.locks()) == (RunState.NEEDS_HUMAN, [])


def test_a_lock_whose_run_was_ended_by_an_older_version_holds_nobody_up(room: Room) -> None:
    first, second = room.planned(), room.planned(idempotency_key="command/2")
    room.runs.confirm(first.id, "U0BEN")
    with room.store.write() as tx:
        ended = {"state": RunState.DONE.value, "finished_at": room.clock()}
        tx.execute(update(run_table).where(run_table.c.id == first.id).values(**ended))
    assert room.locks() == [HUB]
    room.runs.confirm(second.id, "U0BEN")
    assert room.row(second.id).state is RunState.RUNNING


def test_a_run_of_the_version_before_blocks_its_hub(room: Room) -> None:
    first, second = room.planned(), room.planned(idempotency_key="command/2")
    with room.store.write() as tx:
        running = {"state": RunState.RUNNING.value, "round": 0, "decided_by": "U0OLD"}
        tx.execute(update(run_table).where(run_table.c.id == first.id).values(**running))
    with pytest.raises(UserError, match="confirmed by <@U0OLD>"):
        room.runs.confirm(second.id, "U0BEN")
    assert (room.row(second.id).state, room.locks()) == (RunState.PLANNED, [])


@pytest.mark.parametrize(
    ("lock", "steps", "held"),
    [
        (Lock.HUB, [], {"hub/h"}),
        (Lock.HUB, ["node/a", ""], {"hub/h", "node/c/a"}),
        (Lock.NODE, ["node/a", "node/b", "node/a"], {"node/c/a", "node/c/b"}),
        (Lock.NODE, ["node/c/a"], {"node/c/a"}),
        (Lock.NODE, [], {"hub/h"}),
        (Lock.CLUSTER, ["node/a"], {"cluster/c", "node/c/a"}),
    ],
)
def test_what_a_run_holds(lock: Lock, steps: list[str], held: set[str]) -> None:
    assert RunPolicy(lock=lock).locks(hub="h", cluster="c", steps=steps) == held


def test_a_long_name_of_a_lock_fits_its_column() -> None:
    first, second = (
        RunPolicy(lock=Lock.NODE).locks(hub="h", cluster="c", steps=[f"node/{'n' * 250}{end}"])
        for end in "ab"
    )
    assert first != second
    assert all(len(name) <= 200 for name in first | second)


@BOTH
def test_runs_on_two_nodes_of_one_hub_go_side_by_side(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.policies[FORCE] = RunPolicy(lock=Lock.NODE)
    plans = [room.planned(idempotency_key=f"command/{number}") for number in range(3)]
    nodes = {plans[0].id: "node/a", plans[1].id: "node/b", plans[2].id: "node/a"}

    def confirm(run: Run) -> None:
        monkeypatch.setattr(run_rules, "locks", lambda *_: frozenset({nodes[run.id]}))
        room.runs.confirm(run.id, "U0BEN")

    confirm(plans[0])
    confirm(plans[1])
    assert room.locks() == ["node/a", "node/b"]
    with pytest.raises(UserError, match="Another runbook is running"):
        confirm(plans[2])


# --- cooldown, dry run, lifetime -----------------------------------------------------------------


def test_the_same_runbook_waits_for_its_cooldown(room: Room) -> None:
    room.policies[FORCE] = RunPolicy(cooldown=timedelta(minutes=30), lifetime=timedelta(hours=2))
    room.carry_out(room.planned())
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    again = room.planned(idempotency_key="command/2")
    room.clock.at += timedelta(minutes=28)
    with pytest.raises(
        UserError, match=r"cooldown ends in 2 minutes\. Press"
    ):  # shown without markup
        room.runs.confirm(again.id, "U0BEN")
    assert (room.row(again.id).state, room.locks()) == (RunState.PLANNED, [])
    room.clock.at += timedelta(minutes=2)
    room.runs.confirm(again.id, "U0BEN")
    assert room.row(again.id).state is RunState.RUNNING


def test_a_cooldown_counts_what_acted_only(room: Room) -> None:
    room.policies[FORCE] = RunPolicy(cooldown=timedelta(hours=1))
    untouched, run = room.planned(), room.planned(idempotency_key="command/2")
    room.runs.cancel(untouched.id, "U0ANA")
    room.party.records, room.party.live = [], []
    assert room.carry_out(run).state is RunState.NOTHING_TO_DO
    room.party.records, room.party.live = [server("ana", pending="stop")], [terminating("ana")]
    after = room.planned(idempotency_key="command/3")
    room.runs.confirm(after.id, "U0BEN")
    assert room.row(after.id).state is RunState.RUNNING


def test_a_dry_run_is_shown_and_never_run(room: Room) -> None:
    room.policies[FORCE] = RunPolicy(is_dry_run=True)
    run = room.planned()
    said = shown(room, run)
    assert "Dry run only" in said
    assert "run.confirm" not in said
    with pytest.raises(UserError, match="dry run only"):
        room.runs.confirm(run.id, "U0BEN")
    assert (room.row(run.id).state, room.locks()) == (RunState.PLANNED, [])


@pytest.mark.parametrize(
    ("lifetime", "after", "state"),
    [
        (timedelta(hours=12), timedelta(hours=11, minutes=59), RunState.RUNNING),
        (timedelta(hours=12), timedelta(hours=12, minutes=1), RunState.EXPIRED),
        (timedelta(minutes=5), timedelta(minutes=6), RunState.EXPIRED),
    ],
)
def test_an_approval_may_come_as_late_as_the_policy_says(
    room: Room, lifetime: timedelta, after: timedelta, state: RunState
) -> None:
    room.policies[FORCE] = RunPolicy(lifetime=lifetime, approvals=1)
    run = room.planned()
    room.clock.at += after
    if state is RunState.RUNNING:
        room.runs.confirm(run.id, "U0BEN")
    else:
        with pytest.raises(UserError, match="old"):
            room.runs.confirm(run.id, "U0BEN")
    assert room.row(run.id).state is state


def test_a_policy_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="12 hours"):
        RunPolicy(lifetime=LONGEST_LIFE + timedelta(minutes=1))
    with pytest.raises(ValueError, match="negative"):
        RunPolicy(cooldown=timedelta(minutes=-1))
    unknown = Runbooks.model_validate({"policies": {"resync-route": {"approvals": 1}}})
    with pytest.raises(ConfigError, match="Did you mean resync-routes"):
        with_policies(BOOKS, unknown)
