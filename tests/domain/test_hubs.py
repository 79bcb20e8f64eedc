"""Diagnosis of a hub from its health checks and route deficit, including unknowns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import MORE, BlastRadius, HubFacts, Part, UnknownPart
from bot.domain.hubs import Condition, Diagnosis, Health, RouteState
from tests.support.hubs import NOW, evicted, facts, healthy, pod, route, server, stale, stuck
from tests.support.rights import DELETE_PODS, GET_PODS, WRITE_ROUTES

AWAY = Health(hub=False, proxy=False)
NARROW = View(items=(server("ana"),), unknown="A scope is filtered.")
OTHER_PROXY = Health(hub=False, proxy=None)
"""No check answers, and the address may belong to another proxy."""


@pytest.mark.parametrize(
    ("seen", "diagnosis"),
    [
        (healthy("ana", "ben"), Diagnosis.WELL),
        (facts(), Diagnosis.WELL),
        (evicted("ana", "ben"), Diagnosis.ROUTES_MISSING),
        (facts(servers=None, health=Health(hub=False, proxy=True)), Diagnosis.HUB_DOWN),
        (facts(routes=None, health=AWAY), Diagnosis.PROXY_DOWN),
        (facts(servers=None, routes=None, health=AWAY), Diagnosis.BOTH_DOWN),
        (facts(routes=None, health=OTHER_PROXY), Diagnosis.PROXY_DOWN),
        (facts(servers=None, routes=None, health=OTHER_PROXY), Diagnosis.BOTH_DOWN),
        (facts(servers=(server("ana"),), routes=None), Diagnosis.UNKNOWN),
        (facts(servers=None), Diagnosis.UNKNOWN),
        (facts(routes=View(unknown="Cut short.")), Diagnosis.UNKNOWN),
        (replace(healthy("ana"), health=Unknown(why="A certificate.")), Diagnosis.UNKNOWN),
        (replace(healthy("ana"), servers=NARROW), Diagnosis.UNKNOWN),
        (replace(evicted("ana"), servers=NARROW), Diagnosis.ROUTES_MISSING),
    ],
)
def test_diagnosis(seen: HubFacts, diagnosis: Diagnosis) -> None:
    assert seen.diagnosis is diagnosis


def test_a_hub_that_answers_at_its_public_address_proves_the_proxy() -> None:
    """Any proxy counts."""
    traefik = Health(hub=True, proxy=None)
    assert replace(healthy("ana"), health=Known(value=traefik)).diagnosis is Diagnosis.WELL


def test_routes_that_lead_elsewhere_are_missing_ones() -> None:
    seen = facts(
        servers=(server("ana"),), pods=(pod("ana"),), routes=(route("ana", to="10.9.9.9"),)
    )
    assert seen.rows[0].route is RouteState.ELSEWHERE
    assert (seen.routed, seen.unrouted, seen.diagnosis) == (1, 1, Diagnosis.ROUTES_MISSING)


def test_counts_of_every_condition() -> None:
    seen = stuck()
    assert (seen.ready, seen.routed, seen.unrouted) == (4, 3, 1)
    assert dict(seen.counts) == {
        Condition.OK: 1,
        Condition.UNROUTED: 1,
        Condition.CRASHING: 1,
        Condition.LOST_NODE: 1,
        Condition.STUCK_SPAWN: 1,
        Condition.STUCK_STOP: 1,
        Condition.UNSENT_STOP: 1,
        Condition.HUNG_CHECK: 1,
        Condition.ORPHAN: 1,
    }
    assert dict(stale().counts) == {Condition.OK: 1, Condition.STALE_RECORD: 1}


def test_what_could_not_be_read_is_not_counted_as_none() -> None:
    blind = facts(servers=None, routes=None)
    assert (blind.ready, blind.routed, blind.unrouted) == (None, None, None)
    assert facts(servers=(server("ana"),), routes=None).unrouted is None


def test_rows_of_some_conditions() -> None:
    seen = stuck()
    assert [row.user for row in seen.having(Condition.UNROUTED)] == ["unrouted"]
    assert [row.user for row in seen.having(Condition.STUCK_STOP, Condition.ORPHAN)] == [
        "orphan",
        "stop",
    ]


def test_every_part_that_is_unknown_is_told_once_with_its_reason() -> None:
    assert healthy("ana").unknown == ()
    seen = replace(
        facts(servers=None, pods=None, routes=None, proxy=None),
        health=Unknown(why="A certificate."),
        access=Unknown(why="It refuses."),
        events=View.unread("Not allowed."),
        rights={
            GET_PODS: Unknown(why="It did not say."),
            DELETE_PODS: Unknown(why="It did not say."),
            WRITE_ROUTES: Known(value=False),
        },
    )
    assert seen.unknown == tuple(
        UnknownPart(part=part, why=why)
        for part, why in (
            (Part.SERVERS, "No servers today."),
            (Part.PODS, "No pods today."),
            (Part.ROUTES, "No routes today."),
            (Part.EVENTS, "Not allowed."),
            (Part.HEALTH, "A certificate."),
            (Part.ACCESS, "It refuses."),
            (Part.PROXY, "No proxy today."),
            (Part.RIGHTS, "It did not say."),
        )
    )
    assert seen.lacks(Part.EVENTS) == "Not allowed."
    assert healthy("ana").lacks(Part.EVENTS) == ""


def test_a_view_that_is_incomplete_is_unknown_and_not_unread() -> None:
    seen = facts(servers=View(items=(server("ana"),), unknown="Filtered."), pods=None)
    assert [part.part for part in seen.unknown] == [Part.SERVERS, Part.PODS]
    assert [part.part for part in seen.unread(set(Part) - MORE)] == [Part.PODS]


def test_what_nobody_asked_for_is_unread() -> None:
    seen = healthy("ana")
    assert {part.part for part in seen.unread(MORE)} == MORE
    assert not {part.part for part in seen.unknown} & MORE


@pytest.mark.parametrize(
    ("limit", "ready", "servers"),
    [
        (BlastRadius(), 0, 10),
        (BlastRadius(), 50, 10),
        (BlastRadius(), 55, 11),
        (BlastRadius(), 1000, 200),
        (BlastRadius(servers=3, percent=0), 1000, 3),
        (BlastRadius(servers=0, percent=50), 3, 1),
    ],
)
def test_the_blast_radius_is_whichever_is_more(
    limit: BlastRadius, ready: int, servers: int
) -> None:
    assert limit.of(ready) == servers


@pytest.mark.parametrize(
    ("phase", "finished", "may_run"),
    [
        ("Pending", False, False),
        ("Running", False, True),
        ("Unknown", False, True),
        ("Failed", True, False),
        ("Succeeded", True, False),
    ],
)
def test_what_may_run_in_a_pod(phase: str, finished: bool, may_run: bool) -> None:
    one = pod("ana", phase=phase)
    assert (one.finished, one.may_run) == (finished, may_run)


@pytest.mark.parametrize(
    ("target", "ip", "same"),
    [
        ("http://10.1.2.3:8888", "10.1.2.3", True),
        ("http://10.1.2.3:8888", "10.1.2.4", False),
        ("http://[2001:DB8::1]:8888", "2001:db8:0:0::1", True),
        ("http://[::ffff:10.1.2.3]:8888", "10.1.2.3", True),
        ("http://10.1.2.3:8888", "::ffff:10.1.2.3", True),
        ("https://jupyter-ana:8888", "10.1.2.3", False),
        ("unix+http://%2Fsock", "10.1.2.3", False),
        ("http://[broken", "10.1.2.3", False),
        ("", "10.1.2.3", False),
    ],
)
def test_a_routes_address_is_compared_as_an_address(target: str, ip: str, same: bool) -> None:
    led = replace(route("ana"), target=target)
    assert replace(pod("ana"), ips=(ip,)).has_address(led.address) is same


def test_a_row_is_found_by_its_server() -> None:
    seen = healthy("ana")
    row = seen.row("ana", "")
    assert row is not None and row.key == ("ana", "")
    assert seen.row("ana", "lab") is None
    assert seen.has_pod("uid-ana") and not seen.has_pod("uid-ben")
    assert seen.read_at == NOW
