"""The test spawn: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from bot.errors import UserError
from bot.runbook import StartCanary, StopCanary
from runbooks.test_spawn import test_spawn as BOOK
from tests.support.hubs import NOW, PLACE, facts, healthy, pod, server
from tests.support.scripted import Scripted, site


def of_canary(seen: HubFacts) -> HubFacts:
    return replace(seen, place=replace(PLACE, canary="canary"))


def test_it_starts_tests_and_stops_the_canary_and_nobody_else() -> None:
    plan = BOOK.plan(of_canary(healthy("ana")))
    assert [(step.verb, step.target, step.destructive) for step in plan.steps] == [
        ("start_canary", "canary", False),
        ("test_kernel", "canary", False),
        ("stop_canary", "canary", False),
    ]
    assert not any(step.ends_run for step in plan.steps)
    assert (plan.losses, plan.cautions) == ((), ())
    start = plan.steps[0]
    latest = NOW + timedelta(minutes=30)
    undo = StopCanary(user="canary", started_before=latest)
    assert (start.undo, start.undo_at) == (undo, latest)


@pytest.mark.parametrize(
    "seen",
    [
        healthy("ana", "canary"),
        facts(servers=(server("canary", pending="spawn"),)),
        facts(servers=(server("canary", pending="stop"),), pods=(pod("canary"),)),
        facts(servers=(server("ana"),), pods=(pod("ana"), pod("canary"))),
    ],
    ids=["ready", "starting", "stopping", "pod only"],
)
def test_a_server_that_it_did_not_start_is_left_alone(seen: HubFacts) -> None:
    plan = BOOK.plan(of_canary(seen))
    assert plan.steps == ()
    assert "so it is left alone" in plan.nothing_to_do


def test_a_second_test_right_after_is_a_reasoned_no_op() -> None:
    seen = of_canary(healthy("ana"))
    just = replace(seen, last_done={"test-spawn": NOW - timedelta(minutes=1)})
    assert "ran here at 11:59:00 UTC" in BOOK.plan(just).nothing_to_do
    before = replace(seen, last_done={"test-spawn": NOW - timedelta(minutes=6)})
    assert len(BOOK.plan(before).steps) == 3


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (healthy("ana"), "set hubs[].canary_user"),
        (of_canary(facts(servers=None)), "No servers today."),
        (of_canary(facts(servers=View(unknown="It is filtered."))), "It is filtered."),
    ],
    ids=["unset", "unread", "filtered"],
)
def test_without_the_facts_nothing_is_proposed(seen: HubFacts, says: str) -> None:
    plan = BOOK.plan(seen)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert says in plan.undecided[0].why


def test_only_the_canary_of_the_configuration_is_stopped() -> None:
    party = Scripted(records=[server("ana")])
    with pytest.raises(UserError, match="isn't the user of hubs"):
        StopCanary(user="ana").perform(site(party))
    assert party.records


def test_a_later_server_of_the_canary_is_somebody_elses() -> None:
    stop = StopCanary(user="canary", started_before=NOW)
    mine = replace(server("canary"), started=NOW - timedelta(minutes=1))
    later = replace(server("canary"), started=NOW + timedelta(minutes=1))
    assert stop.drifted(site(Scripted(records=[mine]))) == ""
    assert "after the test" in (stop.drifted(site(Scripted(records=[later]))) or "")
    assert "doesn't run" in (stop.drifted(site(Scripted())) or "")


def test_only_the_canary_of_the_configuration_is_started() -> None:
    party = Scripted()
    start = StartCanary(user="ana", server="", until=NOW)
    with pytest.raises(UserError, match="canary_user"):
        start.perform(site(party))
    assert party.records == []
