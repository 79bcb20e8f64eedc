"""A resync is verified by the routes, not the hub's answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.evidence import View
from bot.domain.hubs import Server
from bot.runbook import ResyncRoutes
from tests.support.hubs import evicted, facts, healthy, pod, route, server, terminating
from tests.support.scripted import Scripted, site
from tests.support.steps import look_at


def test_it_is_harmless_and_proven_by_two_looks_after_a_restart() -> None:
    assert not ResyncRoutes.destructive
    assert ResyncRoutes().measure.times == 1
    after_a_restart = ResyncRoutes(looks=2).measure
    assert (after_a_restart.times, after_a_restart.apart) == (2, 15.0)


@pytest.mark.parametrize(
    ("party", "answer"),
    [
        (Scripted(records=[server("ana")]), False),
        (Scripted(records=[server("ana")], known=[route("ana")]), True),
        (Scripted(records=[server("ana", pending="spawn")]), True),
        (Scripted(), True),
    ],
    ids=["no route", "its route", "nobody ready", "nobody"],
)
def test_what_the_target_shows_after_a_kill(party: Scripted, answer: bool) -> None:
    assert ResyncRoutes().already_done(site(party)) is answer


def test_of_servers_that_the_hub_leaves_out_nothing_is_known() -> None:
    class Hiding(Scripted):
        def servers(self) -> View[Server]:
            return super().servers().marked_incomplete("The token is filtered.")

    assert ResyncRoutes().already_done(site(Hiding())) is None


def test_a_look_counts_the_routes() -> None:
    assert look_at(ResyncRoutes(), healthy("ana")).holds is True
    assert look_at(ResyncRoutes(), evicted("ana")).holds is False
    blind = look_at(ResyncRoutes(), facts(routes=None))
    assert (blind.holds, blind.why) == (None, "No routes today.")


def test_a_server_that_got_stuck_meanwhile_is_not_counted() -> None:
    seen = facts(
        servers=(server("ana"), server("ben", pending="stop")),
        pods=(pod("ana"), terminating("ben")),
        routes=(route("ana"),),
    )
    assert look_at(ResyncRoutes(), seen).seen == {"ready": 1, "routes": 1, "unrouted": 0}


def test_a_restart_of_the_proxy_changes_the_stamp() -> None:
    first = replace(healthy("ana"), proxy_pods=View(items=(pod("p"),)))
    second = replace(healthy("ana"), proxy_pods=View(items=(replace(pod("p"), restarts=1),)))
    assert look_at(ResyncRoutes(), first).stamp != look_at(ResyncRoutes(), second).stamp
