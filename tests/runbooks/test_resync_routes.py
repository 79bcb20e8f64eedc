"""Resync routes: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.hubs import Health
from bot.domain.plans import StepVerb
from runbooks.resync_routes import RESYNC_ROUTES
from tests.support.hubs import evicted, facts, healthy, pod, route, server


def test_missing_routes_are_resynced_and_nobody_loses_anything() -> None:
    plan = RESYNC_ROUTES.plan(evicted("ana", "ben", "chi"))
    assert [step.verb for step in plan.steps] == [StepVerb.RESYNC_ROUTES]
    assert "the 3 missing of 3 routes" in plan.summary
    assert (plan.losses, plan.destructive, plan.nothing_to_do) == ((), False, "")


def test_a_second_run_has_nothing_to_do_and_says_why() -> None:
    plan = RESYNC_ROUTES.plan(healthy("ana", "ben"))
    assert plan.steps == ()
    assert "Every ready server has its route (2 of 2)" in plan.nothing_to_do


def test_one_missing_route_is_enough() -> None:
    seen = facts(
        servers=(server("ana"), server("ben")),
        pods=(pod("ana"), pod("ben")),
        routes=(route("ana"),),
    )
    assert "the 1 missing of 2 routes" in RESYNC_ROUTES.plan(seen).summary


def test_a_dead_proxy_can_take_no_routes() -> None:
    seen = facts(servers=(server("ana"),), routes=None, health=Health(hub=False, proxy=False))
    plan = RESYNC_ROUTES.plan(seen)
    assert plan.steps == ()
    assert "run restart-proxy instead" in plan.nothing_to_do


def test_a_public_address_that_is_silent_is_no_dead_proxy_where_its_routes_are_read() -> None:
    away = Health(hub=False, proxy=False)
    plan = RESYNC_ROUTES.plan(replace(evicted("ana", "ben"), health=away))
    assert len(plan.steps) == 1
    (caution,) = plan.cautions
    assert "look at the ingress, DNS" in caution
    well = RESYNC_ROUTES.plan(replace(healthy("ana"), health=away))
    assert well.steps == ()
    assert "Every ready server has its route" in well.nothing_to_do
    assert "look at the ingress, DNS" in well.nothing_to_do
    assert "restart-proxy" not in well.nothing_to_do


def test_unread_routes_are_not_taken_for_missing_ones() -> None:
    plan = RESYNC_ROUTES.plan(facts(servers=(server("ana"),), pods=(pod("ana"),), routes=None))
    assert plan.steps == ()
    assert "No routes today." in plan.nothing_to_do


def test_a_hub_that_cannot_be_asked_is_told_with_its_reason() -> None:
    plan = RESYNC_ROUTES.plan(facts(servers=None))
    assert (plan.steps, plan.nothing_to_do) == ((), "No servers today.")


def test_it_works_without_a_cluster() -> None:
    seen = facts(servers=(server("ana"),), pods=None, proxy=None)
    assert len(RESYNC_ROUTES.plan(seen).steps) == 1


def test_servers_without_a_pod_are_pointed_out() -> None:
    seen = facts(servers=(server("ana"), server("ben")), pods=(pod("ana"),))
    (caution,) = RESYNC_ROUTES.plan(seen).cautions
    assert "1 of the servers without a route have no running pod" in caution


def test_no_servers_no_routes() -> None:
    assert RESYNC_ROUTES.plan(facts()).nothing_to_do.startswith("No server is ready")
