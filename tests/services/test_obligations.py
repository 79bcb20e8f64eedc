"""What runs left is taken back once, whoever does it, and never over somebody else's change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.domain.cluster import SCALED_BY, Workload
from bot.domain.evidence import View
from bot.domain.limits import Limits
from bot.domain.obligations import ObligationKind, ObligationOutcome
from bot.domain.runs import Outcome, Result, RunState
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.runbook import StartCanary, StopCanary
from bot.services.lease import Lease, Takeover
from bot.services.obligations import MOST_TRIES
from bot.services.run_leaves import leaves_nothing, of, settle
from bot.store import leases as lease_rows
from bot.store import obligations as rows
from bot.store import runs as run_rows
from bot.store.engine import Store
from bot.store.leases import Replica
from bot.store.run_tables import obligation
from bot.store.run_tables import run as run_table
from bot.store.tables import incident as incident_table
from tests.support.fleet import PLACEHOLDER
from tests.support.hubs import NOW, PLACE
from tests.support.room import Room, room
from tests.support.rows import CHANNEL, Hands, NoWork
from tests.support.scripted import Scripted, site
from tests.support.shift import AROUND, BOTH, DONE, INCIDENT, RUN, SCALED, Shift

__all__ = ["room"]
from tests.support.steps import CORDON, SCALE, STARTED


class Killed(BaseException):
    """The process is killed."""


@pytest.fixture
def shift(store: Store) -> Iterator[Shift]:
    """A run that scaled the placeholders from 0 to 20 two hours ago."""
    with store.write() as tx:
        run_rows.add(tx, RUN)
    made = Shift(store=store, clock=Hands(STARTED))
    made.left(SCALE)
    made.clock.at = STARTED + timedelta(hours=2, seconds=1)
    return made


# --- what a step leaves -------------------------------------------------------------------------


def test_a_step_leaves_its_undo_by_the_domains_clock() -> None:
    later = timedelta(days=3)
    found = of(SCALE, RUN, 2, now=STARTED + later, wall=STARTED)
    assert found is not None
    assert (found.id, found.number, found.kind) == ("run1/2", 2, ObligationKind.UNDO)
    assert found.due_at == STARTED + later + timedelta(hours=2)
    assert found.by == "U0ANA"


def test_a_cordon_leaves_a_reminder() -> None:
    found = of(CORDON, RUN, 1, now=STARTED, wall=STARTED)
    assert found is not None
    assert (found.kind, found.due_at) == (ObligationKind.NAG, STARTED + timedelta(hours=12))


@pytest.mark.parametrize(
    ("result", "now", "leaves"),
    [
        (DONE, SCALED, True),
        (Result(outcome=Outcome.UNCLEAR), PLACEHOLDER, True),
        (Result(outcome=Outcome.FAILED, seen={"looks": 3}), PLACEHOLDER, True),
        (Result(outcome=Outcome.FAILED, seen={"tries": 3}), PLACEHOLDER, True),
        (Result(outcome=Outcome.FAILED), SCALED, True),
        (Result(outcome=Outcome.FAILED), PLACEHOLDER, False),
        (Result(outcome=Outcome.SKIPPED), SCALED, False),
    ],
)
def test_only_what_may_have_acted_leaves_something(
    result: Result, now: Workload, leaves: bool
) -> None:
    party = Scripted(around=replace(AROUND, workloads=View(items=(now,))))
    assert leaves_nothing(SCALE, site(party), result) is not leaves


def test_a_failure_whose_target_cannot_be_read_leaves_something() -> None:
    party = Scripted(fails={"workloads": UserError("Forbidden.")})
    assert not leaves_nothing(SCALE, site(party), Result(outcome=Outcome.FAILED))


# --- undoing ------------------------------------------------------------------------------------


def test_nothing_happens_before_it_is_due(shift: Shift) -> None:
    shift.clock.at = STARTED + timedelta(hours=1, minutes=59)
    assert shift.replica().tick() == 0
    assert shift.sets == (SCALED,)


@BOTH
def test_it_is_taken_back_when_due_and_told(shift: Shift) -> None:
    assert shift.replica().tick() == 1
    assert [each.replicas for each in shift.sets] == [0]
    row = shift.row()
    assert (row.outcome, row.done_at) == (ObligationOutcome.DONE, shift.clock())
    assert shift.entries() == [("", "user-placeholder", "done")]
    assert shift.acts() == ["run.undo_attempt", "run.undo"]
    ((channel, text),) = shift.slack.texts
    assert channel == CHANNEL
    assert "scale StatefulSet `user-placeholder` from 20 to 0 replicas" in text
    assert "teaching / datahub-prod / datahub" in text
    assert shift.replica().tick() == 0
    assert len(shift.slack.posts) == 1


@BOTH
def test_another_replica_leaves_it_while_one_is_at_it(shift: Shift) -> None:
    with shift.store.write() as tx:
        now = shift.store.now(tx)
        until = now + timedelta(minutes=1)
        assert rows.claim(tx, "other", due=shift.clock(), now=now, until=until)
    assert shift.replica().tick() == 0
    assert shift.sets == (SCALED,)


@BOTH
@pytest.mark.parametrize("takes_effect", [False, True])
def test_a_kill_at_the_act_is_looked_at_by_the_next_replica(
    shift: Shift, takes_effect: bool
) -> None:
    shift.party.fails, shift.party.takes_effect = {"scale": Killed()}, takes_effect
    with pytest.raises(Killed):
        shift.replica().tick()
    assert shift.row().attempted_at is not None
    shift.party.fails = {}
    assert shift.replica().tick() == 0, "the claim of the one that was killed still holds"
    shift.let_claims_lapse()
    shift.replica().tick()
    assert [each.replicas for each in shift.sets] == [0]
    assert shift.row().outcome is ObligationOutcome.DONE
    assert shift.entries() == [("", "user-placeholder", "done")]


@BOTH
def test_the_claim_of_a_replica_that_was_killed_ends_with_its_calls(shift: Shift) -> None:
    store, limits = shift.store, Limits()
    with store.write() as tx:
        now = store.now(tx)
        ago, until = now - timedelta(minutes=1), now + timedelta(minutes=3)
        dead = Replica(
            id="dead", host="", version="1", started_at=ago, lease_until=ago, taken_by=None
        )
        lease_rows.register(tx, dead)
        assert rows.claim(tx, "dead", due=shift.clock(), now=now, until=until)
    lease = Lease(store, limits, version="1", lost=lambda: None)
    lease.start()
    try:
        Takeover(store, NoWork(), lease, limits).take_over()
    finally:
        lease.stop()
    claimed_until = shift.row().claimed_until
    assert claimed_until is not None
    assert claimed_until - now < timedelta(seconds=limits.call + 5)


@pytest.mark.parametrize("now", [5, 0, 30])
def test_what_somebody_changed_meanwhile_is_left_alone(shift: Shift, now: int) -> None:
    shift.sets = changed = (replace(SCALED, replicas=now),)
    shift.replica().tick()
    assert shift.sets == changed
    row = shift.row()
    assert row.outcome is ObligationOutcome.SKIPPED
    assert f"has {now} replicas now, not 20" in row.error
    ((_channel, text),) = shift.slack.texts
    assert f"has {now} replicas now, not 20" in text


def test_what_was_replaced_is_left_alone(shift: Shift) -> None:
    shift.sets = other = (replace(SCALED, uid="uid-other"),)
    shift.replica().tick()
    assert shift.sets == other
    assert shift.row().outcome is ObligationOutcome.SKIPPED


def test_a_dead_cluster_is_tried_again(shift: Shift) -> None:
    shift.party.fails = {"look": RetryLater("The cluster doesn't answer.", after=1.0)}
    shift.replica().tick()
    row = shift.row()
    assert (row.done_at, row.attempts, row.error) == (None, 1, "The cluster doesn't answer.")
    assert shift.replica().tick() == 0, "it waits"
    assert shift.slack.posts == []
    shift.party.fails = {}
    shift.let_claims_lapse()
    shift.replica().tick()
    assert shift.row().outcome is ObligationOutcome.DONE


def test_after_too_many_failures_it_needs_a_person(shift: Shift) -> None:
    shift.party.fails = {"look": RetryLater("The cluster doesn't answer.", after=1.0)}
    for _ in range(MOST_TRIES):
        shift.let_claims_lapse()
        shift.replica().tick()
    assert shift.row().outcome is ObligationOutcome.NEEDS_HUMAN
    ((_channel, text),) = shift.slack.texts
    assert "<@U0ANA>" in text
    assert "The cluster doesn't answer." in text


def test_what_the_cluster_forbids_needs_a_person(shift: Shift) -> None:
    shift.party.fails = {"scale": UserError("mayday isn't allowed to scale.", code="403")}
    shift.replica().tick()
    assert shift.row().outcome is ObligationOutcome.NEEDS_HUMAN
    assert shift.entries() == [("", "user-placeholder", "unclear")]


def test_a_conflict_is_looked_at_again(shift: Shift) -> None:
    shift.party.fails = {"scale": UserError("It has changed.", code="409")}
    shift.replica().tick()
    assert shift.row().done_at is None
    shift.party.fails = {}
    shift.let_claims_lapse()
    shift.replica().tick()
    assert shift.row().outcome is ObligationOutcome.DONE


def test_a_step_of_another_version_needs_a_person(shift: Shift) -> None:
    with shift.store.write() as tx:
        tx.execute(update(obligation).values(step={"verb": "paint_it_black"}))
    shift.replica().tick()
    assert shift.row().outcome is ObligationOutcome.NEEDS_HUMAN
    assert shift.sets == (SCALED,)


def test_what_was_left_in_another_place_needs_a_person(shift: Shift) -> None:
    with shift.store.write() as tx:
        there = {"hub": PLACE.hub, "cluster": "research", "namespace": PLACE.namespace}
        tx.execute(update(run_table).values(plan={"place": there}))
    shift.replica().tick()
    assert (shift.row().outcome, shift.sets) == (ObligationOutcome.NEEDS_HUMAN, (SCALED,))
    assert "research" in shift.row().error


@BOTH
@pytest.mark.parametrize("touched", [False, True])
def test_what_two_runs_scaled_goes_back_to_what_the_first_one_found(
    shift: Shift, touched: bool
) -> None:
    more = replace(SCALE, found=20, replicas=30, until=STARTED + timedelta(hours=4))
    with shift.store.write() as tx:
        second = replace(RUN, id="run2")
        run_rows.add(tx, second)
        left = of(more, second, 1, now=STARTED, wall=STARTED)
        assert left is not None
        rows.add(tx, left)
    shift.sets = (replace(SCALED, replicas=5 if touched else 30),)
    before = shift.sets
    shift.replica().tick()
    assert (shift.row().outcome, shift.row().attempts, shift.sets) == (None, 0, before)
    assert shift.slack.posts == []

    shift.clock.at = STARTED + timedelta(hours=4, seconds=1)
    for _ in range(2):
        shift.let_claims_lapse()
        shift.replica().tick()
    (now,) = shift.sets
    ended = ObligationOutcome.SKIPPED if touched else ObligationOutcome.DONE
    assert (now.replicas, shift.row().outcome) == (5 if touched else 0, ended)
    assert len(shift.slack.posts) == 2


# --- telling ------------------------------------------------------------------------------------


def test_a_slack_that_is_away_is_told_later(shift: Shift) -> None:
    shift.slack.fails = {CHANNEL: RetryLater("Slack is away.")}
    shift.replica().tick()
    assert shift.row().outcome is ObligationOutcome.DONE
    assert shift.slack.posts == []
    shift.slack.fails = {}
    shift.let_claims_lapse()
    assert shift.replica().tick() == 1
    assert len(shift.slack.posts) == 1
    assert shift.replica().tick() == 0
    assert shift.acts() == ["run.undo_attempt", "run.undo"]


def test_after_the_incident_the_person_is_told(shift: Shift) -> None:
    with shift.store.write() as tx:
        tx.execute(update(incident_table).values(status="closed", closed_at=NOW))
    shift.replica().tick()
    assert [channel for channel, _text in shift.slack.texts] == ["D-U0ANA"]
    assert shift.entries() == []


def test_what_is_told_is_kept_as_a_message_of_the_channel(shift: Shift) -> None:
    """Slack's event of mayday's own message never arrives."""
    shift.replica().tick()
    assert shift.messages() == [text for _channel, text in shift.slack.texts]


def test_where_the_channel_refuses_the_person_is_told(shift: Shift) -> None:
    shift.slack.fails = {CHANNEL: UserError("It is archived.", code="is_archived")}
    shift.replica().tick()
    assert [channel for channel, _text in shift.slack.texts] == ["D-U0ANA"]


@pytest.mark.parametrize(
    ("values", "shared", "told_in"),
    [
        ({"channel_id": "C0OPS"}, False, "C0OPS"),
        ({"channel_id": "C0OPS"}, True, "D-U0ANA"),
        ({"channel_id": "C0OPS", "dm_id": "D0ANA"}, True, "D0ANA"),
    ],
)
def test_outside_of_incidents_it_is_told_where_the_run_is_shown_and_never_to_others(
    shift: Shift, values: dict[str, str], shared: bool, told_in: str
) -> None:
    with shift.store.write() as tx:
        tx.execute(update(run_table).values(incident_id=None, **values))
    shift.slack.shared = {"C0OPS"} if shared else set()
    shift.replica().tick()
    assert [channel for channel, _text in shift.slack.texts] == [told_in]


# --- with the run -------------------------------------------------------------------------------


def test_a_run_commits_what_it_leaves_with_the_end_of_its_step(room: Room) -> None:
    room.party.around = replace(AROUND, workloads=View(items=(PLACEHOLDER,)))
    change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key="command/9")
    run = room.runs.request_plan(
        change, runbook="pre-warm", hub=PLACE.hub, arguments={"count": 20, "duration": 7200}
    )
    room.workflows.plan(run.id)
    done = room.carry_out(room.row(run.id))
    assert done.state is RunState.DONE
    (scaled,) = room.party.around.workloads.items
    assert (scaled.replicas, scaled.annotations[SCALED_BY]) == (20, "U0ANA")
    with room.store.read() as tx:
        (left,) = rows.unsettled(tx)
    assert (left.id, left.kind, left.by) == (f"{run.id}/1", ObligationKind.UNDO, "U0BEN")
    assert left.due_at == room.clock.at + timedelta(hours=2)


def test_a_controller_that_takes_it_back_at_once_is_named(room: Room) -> None:
    room.party.around = replace(AROUND, workloads=View(items=(PLACEHOLDER,)))
    change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key="command/9")
    run = room.runs.request_plan(change, runbook="pre-warm", hub=PLACE.hub, arguments={"count": 20})
    room.workflows.plan(run.id)

    def reapplied(seconds: float) -> None:
        room.waited.append(seconds)
        if sum(room.waited) > 60:
            room.party.around = replace(AROUND, workloads=View(items=(PLACEHOLDER,)))

    workflows = room.workflows
    workflows._stages._wait = reapplied
    room.runs.confirm(run.id, "U0BEN")
    workflows.execute(run.id)
    assert room.row(run.id).state is RunState.FAILED
    with room.store.read() as tx:
        (step,) = run_rows.steps(tx, run.id)
    assert "change the calendar's entry instead" in step.seen["error"]


def test_a_lost_answer_leaves_what_may_have_happened(room: Room) -> None:
    room.party.around = replace(AROUND, workloads=View(items=(PLACEHOLDER,)))
    room.party.fails = {"scale": RetryLater("No answer in time.", after=1.0)}
    change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key="command/9")
    run = room.runs.request_plan(change, runbook="pre-warm", hub=PLACE.hub, arguments={"count": 20})
    room.workflows.plan(run.id)
    assert room.carry_out(room.row(run.id)).state is RunState.FAILED
    with room.store.read() as tx:
        (left,) = rows.unsettled(tx)
    assert left.step["replicas"] == 0


@pytest.mark.parametrize(("user", "is_left"), [("canary", False), ("other", True)])
def test_what_a_later_step_of_the_run_took_back_is_not_due_any_more(
    shift: Shift, user: str, is_left: bool
) -> None:
    shift.left(StartCanary(user="canary", server="", until=STARTED), number=2)
    with shift.store.write() as tx:
        now = shift.store.now(tx)
        settle(tx, RUN, StopCanary(user=user), now=shift.clock(), told_at=now)
        found = [each.id for each in rows.unsettled(tx)]
    assert found == (["run1/2", "run1/1"] if is_left else ["run1/1"])
