"""A forced deletion is verified when the pod and any record that waits for it are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from bot.runbook import ForceDeletePod
from tests.support.hubs import NOW, facts, pod, route, server, terminating
from tests.support.scripted import Scripted, hung, site
from tests.support.steps import LOST_NODE, look_at

FORCE = ForceDeletePod.of(
    next(
        row
        for row in facts(servers=(server("ana", pending="stop"),), pods=(terminating("ana"),)).rows
    )
)
AGAIN = replace(server("ana"), started=NOW - timedelta(minutes=1))


@pytest.mark.parametrize(("party", "answer"), [(Scripted(), True), (hung(), False)])
def test_what_the_target_shows_after_a_kill(party: Scripted, answer: bool) -> None:
    assert FORCE.already_done(site(party)) is answer


@pytest.mark.parametrize(
    ("seen", "holds", "why"),
    [
        (facts(), True, ""),
        (
            facts(
                servers=(AGAIN,),
                pods=(replace(pod("ana"), uid="new"),),
                routes=(route("ana"),),
            ),
            True,
            "",
        ),
        (facts(servers=(server("ana", pending="stop"),)), False, ""),
        (facts(servers=(AGAIN,), pods=(terminating("ana"),)), False, ""),
        (facts(servers=(), pods=None), None, "No pods today."),
        (facts(servers=View(unknown="It is filtered."), pods=()), None, "It is filtered."),
    ],
    ids=["gone", "started again", "stop lost", "same pod", "no pods", "filtered"],
)
def test_a_look_wants_pod_and_record_gone(seen: HubFacts, holds: bool | None, why: str) -> None:
    look = look_at(FORCE, seen)
    assert (look.holds, look.why) == (holds, why)


def test_on_a_lost_node_the_pod_alone_counts_until_the_hubs_next_poll() -> None:
    ready = replace(server("ana"), started=LOST_NODE.started)
    assert look_at(LOST_NODE, facts(servers=(ready,))).holds is True
    assert look_at(LOST_NODE, facts(servers=(ready,), pods=(terminating("ana"),))).holds is False
