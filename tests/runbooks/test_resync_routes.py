"""Resync routes: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import Part
from bot.domain.hubs import Condition, Health
from runbooks.resync_routes import resync_routes
from tests.support.hubs import evicted, facts, healthy, pod, route, server
from tests.support.rights import WRITE_ROUTES


def test_missing_routes_are_resynced_and_nobody_loses_anything() -> None:
    plan = resync_routes.plan(evicted("ana", "ben", "chi"))
    assert [step.verb for step in plan.steps] == ["resync_routes"]
    assert plan.summary == (
        "Have the hub write its 3 routes into the proxy: 3 missing. Nothing is deleted or restarted."
    )
    assert (plan.losses, plan.destructive, plan.nothing_to_do) == ((), False, "")


def test_a_second_run_has_nothing_to_do_and_says_why() -> None:
    plan = resync_routes.plan(healthy("ana", "ben"))
    assert plan.steps == ()
    assert "Every ready server has its route (2 of 2)" in plan.nothing_to_do


def test_one_missing_route_is_enough() -> None:
    seen = facts(
        servers=(server("ana"), server("ben")),
        pods=(pod("ana"), pod("ben")),
        routes=(route("ana"),),
    )
    assert "its 2 routes into the proxy: 1 missing." in resync_routes.plan(seen).summary


def test_routes_that_lead_to_other_addresses_are_resynced() -> None:
    """Health checks pass and routes match servers in number, but users get 503."""
    seen = facts(
        servers=(server("ana"), server("ben"), server("cy")),
        pods=(pod("ana"), pod("ben"), pod("cy")),
        routes=(route("ana", to="10.9.9.9"), route("ben", to="10.9.9.8"), route("cy")),
    )
    plan = resync_routes.plan(seen)
    assert seen.counts == {Condition.STALE_ROUTE: 2, Condition.OK: 1}
    assert [step.verb for step in plan.steps] == ["resync_routes"]
    assert "its 3 routes into the proxy: 2 leading elsewhere." in plan.summary


def test_a_route_to_a_name_is_not_called_wrong() -> None:
    seen = facts(
        servers=(server("ana"),),
        pods=(pod("ana"),),
        routes=(route("ana", to="jupyter-ana.datahub-prod.svc"),),
    )
    assert resync_routes.plan(seen).steps == ()


def test_routes_that_cannot_be_compared_are_not_called_right() -> None:
    seen = facts(servers=(server("ana"),), pods=None, routes=(route("ana"),))
    plan = resync_routes.plan(seen)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert plan.undecided[0].why.endswith(
        "can't tell whether each leads to its pod: No pods today."
    )


def test_servers_that_the_hub_may_hide_are_not_called_routed() -> None:
    hidden = View(items=(server("ana"),), unknown="The token is filtered.")
    seen = facts(servers=hidden, pods=(pod("ana"),), routes=(route("ana"),))
    plan = resync_routes.plan(seen)
    assert (plan.nothing_to_do, plan.undecided[0].why) == ("", "The token is filtered.")


@pytest.mark.parametrize(
    ("right", "steps", "said"),
    [
        (Known(value=True), 1, ""),
        (Unknown(why="The hub does not say."), 1, ""),
        (
            Known(value=False),
            0,
            "The token of hub datahub lacks the scope proxy without a filter: add it to the role of "
            "mayday's service in the hub's configuration.",
        ),
    ],
)
def test_only_a_scope_that_is_missing_forbids_what_harms_nobody(
    right: Known[bool] | Unknown, steps: int, said: str
) -> None:
    plan = resync_routes.plan(replace(evicted("ana"), rights={WRITE_ROUTES: right}))
    assert len(plan.steps) == steps
    assert " ".join(part.why for part in plan.undecided) == said


def test_a_dead_proxy_can_take_no_routes() -> None:
    seen = facts(servers=(server("ana"),), routes=None, health=Health(hub=False, proxy=False))
    plan = resync_routes.plan(seen)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert "run restart-proxy instead" in plan.undecided[0].why


def test_a_public_address_that_is_silent_is_no_dead_proxy_where_its_routes_are_read() -> None:
    away = Health(hub=False, proxy=False)
    plan = resync_routes.plan(replace(evicted("ana", "ben"), health=Known(value=away)))
    assert len(plan.steps) == 1
    (caution,) = plan.cautions
    assert "check the ingress, DNS" in caution
    well = resync_routes.plan(replace(healthy("ana"), health=Known(value=away)))
    assert well.steps == ()
    assert "Every ready server has its route" in well.nothing_to_do
    assert "check the ingress, DNS" in well.nothing_to_do
    assert "restart-proxy" not in well.nothing_to_do


def test_unread_routes_are_not_taken_for_missing_ones() -> None:
    plan = resync_routes.plan(facts(servers=(server("ana"),), pods=(pod("ana"),), routes=None))
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert [(part.part, part.why) for part in plan.undecided] == [(Part.ROUTES, "No routes today.")]


def test_a_hub_that_cannot_be_asked_is_told_with_its_reason() -> None:
    plan = resync_routes.plan(facts(servers=None))
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert [(part.part, part.why) for part in plan.undecided] == [
        (Part.SERVERS, "No servers today.")
    ]


def test_it_works_without_a_cluster() -> None:
    seen = facts(servers=(server("ana"),), pods=None, proxy=None)
    assert len(resync_routes.plan(seen).steps) == 1


def test_servers_without_a_pod_are_pointed_out() -> None:
    seen = facts(servers=(server("ana"), server("ben")), pods=(pod("ana"),))
    (caution,) = resync_routes.plan(seen).cautions
    assert caution == (
        "Servers without a route that have no running pod either: 1. A route won't help them; run "
        "force-delete-stuck-servers."
    )


def test_no_servers_no_routes() -> None:
    assert resync_routes.plan(facts()).nothing_to_do.startswith("No server is ready")
