"""A stop is verified when that start's record and pod are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from bot.runbook import StopServer
from tests.support.clearing import beside_zoe
from tests.support.hubs import NOW, facts, late_spawn, pod, route, server
from tests.support.scripted import Scripted, site
from tests.support.steps import look_at

(ROW,) = (row for row in beside_zoe(server("ana"), None).rows if row.user == "ana")
STALE = StopServer.of(ROW)
AGAIN = replace(server("ana"), started=NOW - timedelta(minutes=1))


def test_it_names_the_start_and_the_pod() -> None:
    pending = pod("ana", phase="Pending")
    seen = facts(servers=(late_spawn("ana"), server("zoe")), pods=(pending, pod("zoe")))
    row = next(row for row in seen.rows if row.user == "ana")
    stop = StopServer.of(row)
    assert (stop.target, stop.uid, stop.started) == ("ana", "uid-ana", row.started)
    others = (
        replace(row, started=NOW),
        replace(row, pod=replace(pending, uid="another")),
        replace(row, pod=None),
        replace(row, server="gpu"),
    )
    assert len({stop.id, *(StopServer.of(other).id for other in others)}) == 5


def test_only_what_may_run_is_lost() -> None:
    assert STALE.loses == ()
    assert StopServer.of(replace(ROW, pod=pod("ana", phase="Pending"))).loses == ()
    assert StopServer.of(replace(ROW, pod=pod("ana"), server="gpu")).loses == ("ana/gpu",)


@pytest.mark.parametrize(
    ("party", "answer"),
    [
        (Scripted(), True),
        (Scripted(records=[server("ana")]), False),
        (Scripted(records=[server("ana", pending="stop")]), True),
    ],
    ids=["no record", "ready", "stopping"],
)
def test_what_the_target_shows_after_a_kill(party: Scripted, answer: bool) -> None:
    assert STALE.already_done(site(party)) is answer


@pytest.mark.parametrize(
    ("seen", "holds", "why"),
    [
        (facts(), True, ""),
        (facts(servers=(AGAIN,), pods=(pod("ana"),), routes=(route("ana"),)), True, ""),
        (facts(servers=(server("ana"),)), False, ""),
        (facts(servers=(server("ana", pending="stop"),)), False, ""),
        (facts(servers=(), pods=None), True, ""),
        (facts(servers=None), None, "No servers today."),
        (facts(servers=View(unknown="It is filtered."), pods=()), None, "It is filtered."),
    ],
    ids=["gone", "started again", "there", "stopping", "no pods", "no servers", "filtered"],
)
def test_a_look_wants_the_record_of_that_start_gone(
    seen: HubFacts, holds: bool | None, why: str
) -> None:
    look = look_at(STALE, seen)
    assert (look.holds, look.why) == (holds, why)
