"""Start, stop and restart of servers and of the hub, on a real hub."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.runs import Outcome
from bot.services.steps import already_done, attempt
from runbooks.restart_hub import restart_hub
from runbooks.restart_server import restart_server
from runbooks.start_server import start_server
from runbooks.stop_server import stop_server
from sandbox.cluster.waiting import wait_for
from tests.support.hub import Lab, lab, running_lab
from tests.support.steps import begin

__all__ = ["lab", "running_lab"]


def states(lab: Lab) -> dict[str, tuple[str, str, bool]]:
    return {row.user: (row.hub, row.pod, row.route) for row in lab.sandbox.rows()}


WELL = ("ready", "Running", True)
GONE = ("absent", "none", False)


def test_a_server_is_stopped_and_started_and_nobody_else_notices(lab: Lab) -> None:
    work = {user: lab.sandbox.work_done(user) for user in ("ben", "chidi", "dara")}
    stop = lab.plan(stop_server, user="ana")
    (result,) = lab.carry_out(stop_server, stop, {"user": "ana"})
    assert result.outcome is Outcome.DONE
    assert states(lab)["ana"] == GONE
    assert "doesn't run" in lab.plan(stop_server, user="ana").nothing_to_do

    start = lab.plan(start_server, user="ana")
    (result,) = lab.carry_out(start_server, start, {"user": "ana"})
    assert (result.outcome, result.seen["route"]) == (Outcome.DONE, "there")
    assert states(lab) == dict.fromkeys(("ana", "ben", "chidi", "dara"), WELL)
    assert "runs already" in lab.plan(start_server, user="ana").nothing_to_do
    assert {user: lab.sandbox.work_done(user) for user in work} == work

    # A start that is repeated after a kill starts no second server.
    pod = lab.sandbox.user_pod("ana")
    (step,) = start.steps
    assert attempt(step, lab.site, start, begin).outcome is Outcome.DONE
    assert already_done(step, lab.site) is True
    again = lab.sandbox.user_pod("ana")
    assert pod is not None and again is not None
    assert again["metadata"]["uid"] == pod["metadata"]["uid"]


def test_a_restarted_server_has_another_pod_and_its_route(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lab.sandbox.user_pod("ben")
    assert "Another restart would fix nothing" in lab.plan(restart_server, user="ben").nothing_to_do
    # The servers of this module are young, which counts as just restarted.
    monkeypatch.setattr("runbooks.restart_server.RECENT", timedelta())
    plan = lab.plan(restart_server, user="ben")
    results = lab.carry_out(restart_server, plan, {"user": "ben"})
    assert [result.outcome for result in results] == [Outcome.DONE, Outcome.DONE]
    after = lab.sandbox.user_pod("ben")
    assert before is not None and after is not None
    assert before["metadata"]["uid"] != after["metadata"]["uid"]
    assert states(lab)["ben"] == WELL


def test_a_stuck_server_is_neither_stopped_nor_started_here(lab: Lab) -> None:
    lab.sandbox.hang_stop("chidi")
    wait_for(lambda: states(lab)["chidi"][0] == "pending stop", "the stop to hang")
    for book in (start_server, stop_server, restart_server):
        assert lab.plan(book, user="chidi").steps == ()


def test_users_keep_working_while_the_hub_restarts(lab: Lab) -> None:
    work = {user: lab.sandbox.work_done(user) for user in lab.sandbox.users}
    former = lab.sandbox.component_pod("hub")
    plan = lab.plan(restart_hub)
    assert [(step.verb, step.target) for step in plan.steps] == [("restart_hub", "hub")]
    (result,) = lab.carry_out(restart_hub, plan)
    assert result.outcome is Outcome.DONE
    hub = lab.sandbox.component_pod("hub")
    assert former is not None and hub is not None
    assert hub["metadata"]["uid"] != former["metadata"]["uid"]
    assert lab.sandbox.hub_ok()
    assert states(lab) == dict.fromkeys(lab.sandbox.users, WELL)
    assert {user: lab.sandbox.work_done(user) for user in lab.sandbox.users} == work
    assert "another restart would fix nothing" in lab.plan(restart_hub).nothing_to_do
    (step,) = plan.steps
    assert already_done(step, lab.site) is True
