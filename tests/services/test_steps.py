"""Steps on a real hub and proxy, and their results when a party fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.domain.evidence import Known, View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition, Pod, Server
from bot.domain.runs import Outcome, Result
from bot.errors import RetryLater, UserError
from bot.runbook import ResyncRoutes, Step
from bot.runbook.plan import Plan
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Read
from bot.services.facts import read_facts
from bot.services.steps import already_done, attempt, verify
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers
from runbooks.restart_proxy import restart_proxy
from runbooks.resync_routes import resync_routes
from tests.support.hub import Lab, lab, running_lab
from tests.support.hubs import (
    NOW,
    PLACE,
    evicted,
    facts,
    healthy,
    late_spawn,
    pod,
    route,
    server,
    terminating,
)
from tests.support.scripted import Scripted, hung, site
from tests.support.steps import begin

__all__ = ["lab", "running_lab"]


# --- on a real hub -----------------------------------------------------------------------------


def test_an_evicted_proxy_gets_its_routes_back(lab: Lab) -> None:
    work = {user: lab.sandbox.work_done(user) for user in lab.sandbox.users}
    lab.sandbox.evict_proxy()
    plan = resync_routes.plan(lab.read())
    (result,) = lab.carry_out(resync_routes, plan)
    assert result.outcome is Outcome.DONE
    assert (result.seen["routes_before"], result.seen["routes_after"]) == (0, 4)
    assert (result.seen["unrouted_before"], result.seen["unrouted_after"]) == (4, 0)
    assert all(row.route for row in lab.sandbox.rows())
    assert {user: lab.sandbox.work_done(user) for user in lab.sandbox.users} == work
    assert "Every ready server has its route" in resync_routes.plan(lab.read()).nothing_to_do


def test_two_hung_stops_are_cleared_and_the_others_live_on(lab: Lab) -> None:
    lab.sandbox.hang_stop("ana")
    lab.sandbox.hang_stop("ben")
    plan = lab.until_stuck(force_delete_stuck_servers, 2)
    assert {step.verb for step in plan.steps} == {"force_delete_pod"}
    results = lab.carry_out(force_delete_stuck_servers, plan)
    assert [result.outcome for result in results] == [Outcome.DONE, Outcome.DONE]
    assert lab.read().totals["stuck"] == 0
    rows = {row.user: (row.hub, row.pod, row.route) for row in lab.sandbox.rows()}
    assert rows["ana"] == rows["ben"] == ("absent", "none", False)
    assert rows["chidi"] == rows["dara"] == ("ready", "Running", True)
    assert force_delete_stuck_servers.plan(lab.read()).steps == ()
    lab.sandbox.rest.begin("POST", "ana")
    assert lab.hub.server("ana", "") is not None


def test_a_stale_record_and_a_stuck_spawn_are_cleared(lab: Lab) -> None:
    lab.sandbox.stale_record("ana")
    lab.sandbox.hang_spawn("ben")
    plan = lab.until_stuck(force_delete_stuck_servers, 2)
    assert [(step.verb, step.user) for step in plan.steps] == [
        ("stop_server", "ana"),
        ("stop_server", "ben"),
    ]
    results = lab.carry_out(force_delete_stuck_servers, plan)
    assert {result.outcome for result in results} == {Outcome.DONE}
    rows = {row.user: (row.hub, row.pod) for row in lab.sandbox.rows()}
    assert rows["ana"] == rows["ben"] == ("absent", "none")
    assert rows["chidi"] == rows["dara"] == ("ready", "Running")


def test_an_orphan_is_cleared_and_the_stuck_spawn_beside_it(lab: Lab) -> None:
    lab.sandbox.hang_spawn("ben")
    lab.sandbox.orphan_pod("chidi")
    plan = lab.until_stuck(force_delete_stuck_servers, 2)
    assert [(step.verb, step.user) for step in plan.steps] == [
        ("delete_pod", "chidi"),
        ("stop_server", "ben"),
    ]
    results = lab.carry_out(force_delete_stuck_servers, plan)
    assert {result.outcome for result in results} == {Outcome.DONE}
    rows = {row.user: (row.hub, row.pod) for row in lab.sandbox.rows()}
    assert rows["ben"] == rows["chidi"] == ("absent", "none")
    assert rows["ana"] == rows["dara"] == ("ready", "Running")


def test_a_user_who_was_renamed_keeps_the_server(lab: Lab) -> None:
    """The hub says that the server of the new name is ready; the pod has the old name."""
    box = lab.sandbox
    pods = {found["metadata"]["uid"] for found in box.user_pods()}
    box.rest.rename("ana", "anais")
    try:
        for meanwhile in (list, box.drop_routes, box.rest.resync):
            meanwhile()
            seen = lab.read(named=["ana"])
            assert {row.user: row.condition for row in seen.having(Condition.UNKNOWN)} == {
                "ana": Condition.UNKNOWN,
                "anais": Condition.UNKNOWN,
            }
            assert force_delete_stuck_servers.plan(seen).steps == ()
    finally:
        box.rest.rename("anais", "ana")
        box.drop_routes()  # the hub leaves the new name in the route
    assert {found["metadata"]["uid"] for found in box.user_pods()} == pods


def test_a_restarted_proxy_is_rolled_out_and_routed_twice(lab: Lab) -> None:
    lab.sandbox.drop_routes()
    (former,) = lab.read().proxy_pods.items
    plan = restart_proxy.plan(lab.read())
    rollout, routes = lab.carry_out(restart_proxy, plan)
    assert (rollout.outcome, routes.outcome) == (Outcome.DONE, Outcome.DONE)
    assert routes.seen["unrouted_after"] == 0
    assert 15.0 in lab.naps
    after = lab.read()
    assert [pod.uid for pod in after.proxy_pods.items] != [former.uid]
    assert after.unrouted == 0
    restart = plan.steps[0]
    assert already_done(restart, lab.site) is True
    assert isinstance(after.proxy, Known)
    assert "another restart would fix nothing" in restart_proxy.plan(after).nothing_to_do
    assert attempt(restart, lab.site, plan, begin).outcome is Outcome.DONE
    replayed = lab.read().proxy
    assert isinstance(replayed, Known)
    assert replayed.value.generation == after.proxy.value.generation


def test_a_step_whose_target_mended_itself_touches_nothing(lab: Lab) -> None:
    lab.sandbox.hang_spawn("ana")
    (step,) = lab.until_stuck(force_delete_stuck_servers, 1).steps
    lab.sandbox.heal()
    fresh = force_delete_stuck_servers.plan(lab.read())
    assert attempt(step, lab.site, fresh, begin).outcome is Outcome.SKIPPED
    assert lab.sandbox.row("ana").hub == "ready"


# --- with a party that fails -------------------------------------------------------------------


def the_step(party: Scripted) -> Step:
    (step,) = planned(party).steps
    return step


def planned(party: Scripted) -> Plan:
    return force_delete_stuck_servers.plan(read_facts(site(party), NOW))


def tried(step: Step, party: Scripted) -> Result:
    """Run the step with a new plan."""
    return attempt(step, site(party), planned(party), begin)


def beside_zoe(records: list[Server], live: list[Pod], **more: object) -> Scripted:
    """A hub with Zoe's healthy server."""
    party = Scripted(
        records=[*records, server("zoe")], live=[*live, pod("zoe")], known=[route("zoe")]
    )
    for name, value in more.items():
        setattr(party, name, value)
    return party


FORCE = the_step(hung())
STALE = the_step(beside_zoe([server("ana")], []))
ORPHAN = the_step(beside_zoe([], [pod("ana")]))
SPAWN = the_step(beside_zoe([late_spawn("ana")], [pod("ana", phase="Pending")]))
RESYNC = resync_routes.plan(evicted("ana")).steps[0]

LOST_ANSWER = RetryLater("No answer came.", after=7)


def test_a_refusal_is_a_failure_with_its_sentence() -> None:
    result = tried(FORCE, (hung(fails={"delete": UserError("You may not.")})))
    assert (result.outcome, result.error) == (Outcome.FAILED, "You may not.")


def test_a_destructive_act_whose_answer_was_lost_is_looked_at() -> None:
    gone = hung(fails={"delete": LOST_ANSWER}, takes_effect=True)
    assert tried(FORCE, (gone)).outcome is Outcome.DONE
    still_there = hung(fails={"delete": LOST_ANSWER})
    assert tried(FORCE, (still_there)).outcome is Outcome.UNCLEAR


def test_an_act_that_surely_did_not_happen_may_be_repeated() -> None:
    refused = RetryLater("No connection.", after=7, maybe_done=False)
    result = tried(FORCE, (hung(fails={"delete": refused})))
    assert (result.outcome, result.after) == (Outcome.RETRY, 7)


def test_a_harmless_act_may_be_repeated_even_if_it_happened() -> None:
    result = tried(RESYNC, (Scripted(fails={"resync": LOST_ANSWER})))
    assert (result.outcome, result.after) == (Outcome.RETRY, 7)


def test_when_the_target_cannot_be_looked_at_nothing_is_touched() -> None:
    party = hung(fails={"look": RetryLater("The cluster is away.", after=9)})
    result = tried(FORCE, (party))
    assert (result.outcome, result.error) == (Outcome.RETRY, "The cluster is away.")
    assert result.after > 0
    assert party.live == [terminating("ana"), pod("zoe")]


def test_a_hub_without_a_cluster_is_told_what_to_configure() -> None:
    away = Site(place=PLACE, hub=hung(), cluster=None)
    fresh = force_delete_stuck_servers.plan(read_facts(away, NOW))
    result = attempt(FORCE, away, fresh, begin)
    assert result.outcome is Outcome.RETRY
    assert "set hubs[].cluster" in result.error


AGAIN = replace(server("ana"), started=NOW - timedelta(minutes=1))
ANOTHER = replace(pod("ana", phase="Pending"), uid="another")
FRESH_SPAWN = replace(server("ana", pending="spawn"), started=NOW - timedelta(minutes=1))
LATER_SPAWN = replace(server("ana", pending="spawn"), started=NOW - timedelta(minutes=10))


@pytest.mark.parametrize(
    ("step", "party"),
    [
        (FORCE, beside_zoe([], [])),
        (FORCE, hung(live=[replace(terminating("ana"), uid="another"), pod("zoe")])),
        (FORCE, hung(live=[pod("ana"), pod("zoe")])),
        (FORCE, hung(records=[AGAIN, server("zoe")])),
        (STALE, beside_zoe([server("ana")], [pod("ana")])),
        (STALE, beside_zoe([AGAIN], [])),
        (ORPHAN, beside_zoe([server("ana")], [pod("ana")])),
        (ORPHAN, beside_zoe([], [pod("ana")], known=[route("zoe"), route("ana")])),
        (ORPHAN, beside_zoe([], [])),
        (SPAWN, beside_zoe([FRESH_SPAWN], [ANOTHER])),
        (SPAWN, beside_zoe([LATER_SPAWN], [pod("ana", phase="Pending")])),
        (SPAWN, beside_zoe([late_spawn("ana")], [ANOTHER])),
    ],
    ids=[
        "pod gone",
        "pod replaced",
        "pod lives",
        "started again",
        "pod came",
        "another start",
        "hub knows it",
        "a route came",
        "no pod",
        "a fresh start",
        "a later start",
        "another pod",
    ],
)
def test_what_is_no_longer_as_confirmed_is_left_alone(step: Step, party: Scripted) -> None:
    before = list(party.records), list(party.live)
    result = tried(step, party)
    assert result.outcome in (Outcome.SKIPPED, Outcome.RETRY)
    assert result.error
    assert (party.records, party.live) == before


def test_what_cannot_be_looked_at_after_a_kill_is_not_known() -> None:
    away = hung(fails={"look": RetryLater("away")})
    assert already_done(FORCE, site(away)) is None
    assert already_done(FORCE, site(hung())) is False
    assert already_done(FORCE, site(Scripted())) is True


# --- measuring ---------------------------------------------------------------------------------


def told(*seen: HubFacts) -> Callable[[], HubFacts]:
    """Return facts in order, two seconds apart, then repeat the last."""
    script: Iterator[HubFacts] = iter(
        replace(one, read_at=NOW + timedelta(seconds=2 * n)) for n, one in enumerate(seen)
    )
    last = seen[-1]
    return lambda: next(script, last)


def no_wait(_seconds: float) -> None:
    """Return at once: ``verify`` counts the time that it asked to wait."""


TWICE = ResyncRoutes(looks=2)
SITE = site(Scripted())


def test_a_route_that_goes_away_again_does_not_count() -> None:
    read = told(healthy("ana"), evicted("ana"), healthy("ana"), healthy("ana"))
    result = verify(TWICE, SITE, read, no_wait)
    assert (result.outcome, result.seen["looks"]) == (Outcome.DONE, 4)


def test_a_proxy_that_restarts_between_two_looks_begins_again() -> None:
    first = replace(healthy("ana"), proxy_pods=View(items=(replace(pod("p"), restarts=0),)))
    second = replace(healthy("ana"), proxy_pods=View(items=(replace(pod("p"), restarts=1),)))
    result = verify(TWICE, SITE, told(first, second, second), no_wait)
    assert (result.outcome, result.seen["looks"]) == (Outcome.DONE, 3)


def test_what_never_holds_has_failed_when_its_time_is_over() -> None:
    result = verify(TWICE, SITE, told(evicted("ana")), no_wait, {"unrouted": 3})
    assert result.outcome is Outcome.FAILED
    assert (result.seen["unrouted_before"], result.seen["unrouted_after"]) == (3, 1)
    assert result.seen["seconds"] >= 60


def test_what_cannot_be_read_is_unclear_with_its_reason() -> None:
    result = verify(TWICE, SITE, told(facts(routes=None)), no_wait)
    assert (result.outcome, result.error) == (Outcome.UNCLEAR, "No routes today.")


def test_a_target_that_cannot_be_asked_is_unclear_with_its_reason() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Asking(ResyncRoutes):
        def look(self, site: Site, read: Read) -> Look:
            return Look(holds=bool(site.hub.routes()))

    away = site(Scripted(fails={"routes": RetryLater("The hub is away.")}))
    naps: list[float] = []
    result = verify(Asking(), away, told(facts()), naps.append)
    assert (result.outcome, result.error) == (Outcome.UNCLEAR, "The hub is away.")
    assert sum(naps) >= Asking().measure.within
    there = site(Scripted(known=[route("ana")]))
    assert verify(Asking(), there, told(facts()), no_wait).outcome is Outcome.DONE
