"""Three hundred of a thousand servers are stuck in every way and cleared; nothing else is touched."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.domain.limits import Limits
from bot.domain.runs import RunState, StepState
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.runbook.plan import Plan
from bot.services.run_posts import posts_of
from bot.services.run_workflows import RunWorkflows
from bot.store import audit
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from tests.support.leases import AlwaysHeld
from tests.support.room import BOOKS, INCIDENT, Room, room
from tests.support.stuck_crowd import ALL, LISTS, crowd

__all__ = ["room"]

CALL = 0.05
STUCK = {
    "orphan": 20,  # as many users as one reading asks the hub about
    "stuck_orphan": 40,
    "stuck_stop": 40,
    "lost_node": 40,
    "unsent_stop": 40,
    "stuck_spawn": 40,
    "lost_spawn": 40,
    "stale_record": 40,
}


@dataclass(kw_only=True)
class Hall(Room):
    """A room whose clock goes on while mayday works."""

    @property
    def workflows(self) -> RunWorkflows:
        return RunWorkflows(
            self.store,
            self.work,
            self.clock,
            runbooks=BOOKS,
            sites=self.sites,
            wall=self.clock,
            wait=time.sleep,
            lease=AlwaysHeld(self.store),
            limits=Limits(),
        )


def test_three_hundred_of_a_thousand_are_cleared_and_nothing_else(room: Room) -> None:
    party = crowd(STUCK, fine=700)
    assert (len(STUCK), sum(STUCK.values())) == (len(ALL), 300)
    hall = Hall(store=room.store, clock=room.clock, work=room.work, party=party)
    hall.planned()  # a stop is old by what mayday has seen of it
    hall.clock.at += timedelta(minutes=3)
    run = hall.planned(idempotency_key="command/2")
    plan = Plan.from_json(run.plan or {})
    assert len(plan.steps) == 300
    assert "second person" in plan.over_limit
    stay = [f"fine-{number:03}" for number in range(700)]
    before = party.listed(*stay)
    party.latency = CALL
    party.requests.clear()
    with pytest.raises(UserError, match="needs the approval of 1 other person"):
        hall.runs.confirm(run.id, "U0ANA")
    hall.runs.confirm(run.id, "U0BEN")
    updates = len(hall.work.keys)

    began, cpu = time.monotonic(), time.process_time()
    hall.workflows.execute(run.id)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu

    assert hall.row(run.id).state is RunState.DONE
    assert hall.steps(run) == [StepState.DONE] * 300
    assert party.listed(*stay) == before
    assert {each.user for each in (*party.live, *party.known)} == set(stay)
    kept = Counter(record.user.rpartition("-")[0].replace("-", "_") for record in party.records)
    assert kept == {"fine": 700, "lost_node": STUCK["lost_node"]}

    # What it takes on a machine that does nothing else: steps wait side by side, readings one by one.
    steps_wait = max(party.waited.values())
    readings_wait = CALL * party.requests["access"] * (6 + sum(LISTS.values()))
    assert steps_wait + readings_wait + cpu <= 20, seconds
    asked = party.requests
    assert sum(asked[name] for name in ("pod", "server", "delete", "stop")) <= 4 * 300, asked
    assert asked["access"] <= seconds / 10 + 3, "readings of everything"
    assert party.most <= 10
    assert len(hall.work.keys) - updates <= seconds / 2 + 2

    with hall.store.read() as tx:
        steps = rows.steps(tx, run.id)
        entries = timeline_rows.entries(tx, INCIDENT)
        acts = [one.line.act for one in audit.latest(tx, limit=700)]
    (entry,) = (each for each in entries if each.kind is EntryKind.RUNBOOK)
    assert sum(sum(kind["outcomes"].values()) for kind in entry.data["kinds"]) == 300
    assert (acts.count("run.attempt"), acts.count("run.step")) == (300, 300)
    assert len(posts_of(BOOKS)(hall.row(run.id), steps)) == 2, "its own message and one reply"


@pytest.mark.parametrize("name", ["{user}", "jupyter-{user}"])
def test_servers_that_were_named_and_are_cleared_are_not_looked_up_again(
    room: Room, name: str
) -> None:
    """More than one reading looks up, and each step needs a new reading."""
    party = crowd({"stuck_stop": 25}, fine=3)
    room.party = party
    users = [name.format(user=f"stuck-stop-{number:03}") for number in range(25)]

    def goes_on(call: str, _target: str) -> None:
        if call == "delete":
            room.clock.at += timedelta(seconds=11)

    run = room.planned(users=users)
    party.fault = goes_on
    assert room.carry_out(run).state is RunState.DONE
    assert room.steps(run) == [StepState.DONE] * 25
    assert {one.user for one in party.live} == {f"fine-{number:03}" for number in range(3)}
