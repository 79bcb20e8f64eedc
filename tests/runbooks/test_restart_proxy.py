"""Restart the proxy: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.hubs import Deployment, Health, HubFacts
from bot.domain.plans import LossKind, MeasureKind, StepVerb
from runbooks.restart_proxy import RESTART_PROXY
from tests.support.hubs import (
    LONG_AGO,
    NOW,
    PROXY,
    evicted,
    facts,
    healthy,
    pod,
    server,
    terminating,
)


def with_proxy(seen: HubFacts, proxy: Deployment) -> HubFacts:
    return replace(seen, proxy=proxy)


def test_it_restarts_then_resyncs_and_looks_twice() -> None:
    plan = RESTART_PROXY.plan(evicted("ana", "ben", resynced_at=NOW))
    restart, resync = plan.steps
    assert restart.verb is StepVerb.RESTART_PROXY
    assert restart.args == {"deployment": "proxy", "at": "2026-11-22T12:00:00+00:00"}
    assert restart.destructive
    assert restart.measure.kind is MeasureKind.ROLLED_OUT
    assert resync.verb is StepVerb.RESYNC_ROUTES
    assert (resync.measure.times, resync.measure.apart) == (2, 15.0)
    assert plan.cautions == ()


def test_it_says_whose_connections_drop() -> None:
    (loss,) = RESTART_PROXY.plan(healthy("ana", "ben")).losses
    assert (loss.kind, loss.servers, loss.active) == (LossKind.CONNECTION, 2, 2)
    assert loss.latest == NOW - timedelta(minutes=2)
    assert loss.users == ("ana", "ben")


def test_without_a_resync_before_it_cautions_and_still_offers() -> None:
    plan = RESTART_PROXY.plan(evicted("ana"))
    assert len(plan.steps) == 2
    (caution,) = plan.cautions
    assert "no resync was tried" in caution


def test_with_everything_well_it_cautions_and_still_offers() -> None:
    plan = RESTART_PROXY.plan(healthy("ana"))
    assert len(plan.steps) == 2
    assert "no route is missing" in plan.cautions[0]


def test_where_only_the_public_address_is_silent_people_may_still_be_cut_off() -> None:
    away = Health(hub=False, proxy=False)
    plan = RESTART_PROXY.plan(replace(healthy("ana", "ben"), health=away))
    (loss,) = plan.losses
    assert (loss.kind, loss.servers) == (LossKind.CONNECTION, 2)
    (caution,) = plan.cautions
    assert "a restart mends nothing" in caution


def test_a_dead_proxy_is_restarted_without_caution_or_further_loss() -> None:
    seen = facts(
        servers=(server("ana"),),
        pods=(pod("ana"),),
        routes=None,
        health=Health(hub=False, proxy=False),
        proxy=replace(PROXY, ready=0),
    )
    plan = RESTART_PROXY.plan(seen)
    assert (len(plan.steps), plan.cautions, plan.losses) == (2, (), ())


def test_a_second_run_has_nothing_to_do_and_says_why() -> None:
    just = (NOW - timedelta(minutes=1)).isoformat()
    plan = RESTART_PROXY.plan(with_proxy(healthy("ana"), replace(PROXY, restarted_at=just)))
    assert plan.steps == ()
    assert "nothing left for a restart to mend" in plan.nothing_to_do


def test_two_plans_of_one_second_are_two_restarts() -> None:
    seen = evicted("ana")
    since = replace(seen, read_at=seen.read_at + timedelta(milliseconds=1))
    first, second = (RESTART_PROXY.plan(one).steps[0].args["at"] for one in (seen, since))
    assert first != second


def test_a_rollout_under_way_is_waited_for() -> None:
    just = (NOW - timedelta(minutes=1)).isoformat()
    rolling = replace(PROXY, restarted_at=just, ready=0)
    plan = RESTART_PROXY.plan(with_proxy(evicted("ana"), rolling))
    assert plan.steps == ()
    assert "still rolling out" in plan.nothing_to_do
    assert f"at {NOW - timedelta(minutes=1):%H:%M:%S} UTC" in plan.nothing_to_do


def test_a_proxy_that_crashes_long_after_a_restart_may_be_restarted() -> None:
    crashing = replace(PROXY, restarted_at=LONG_AGO.isoformat(), ready=0)
    assert len(RESTART_PROXY.plan(with_proxy(evicted("ana"), crashing)).steps) == 2


def test_a_proxy_scaled_to_zero_is_not_restarted() -> None:
    plan = RESTART_PROXY.plan(with_proxy(evicted("ana"), replace(PROXY, replicas=0)))
    assert plan.steps == ()
    assert "scaled to zero" in plan.nothing_to_do


def test_a_proxy_pod_stuck_terminating_is_pointed_out() -> None:
    gone = replace(terminating("x"), name="proxy-1", node="core-2", user="", component="proxy")
    seen = replace(evicted("ana", resynced_at=NOW), proxy_pods=(gone,))
    (caution,) = RESTART_PROXY.plan(seen).cautions
    assert "proxy-1" in caution
    assert "core-2" in caution


def test_an_unread_cluster_is_told_with_its_reason() -> None:
    plan = RESTART_PROXY.plan(facts(proxy=None))
    assert (plan.steps, plan.nothing_to_do) == ((), "No proxy today.")
