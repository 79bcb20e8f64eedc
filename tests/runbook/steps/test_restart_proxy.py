"""A restart is identified by its timestamp and verified by a complete rollout."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.hubs import Deployment
from bot.runbook import RestartProxy
from tests.support.hubs import NOW, PLACE, PROXY, evicted, facts
from tests.support.rights import PATCH_PROXY
from tests.support.scripted import Scripted, site

RESTART = RestartProxy.of(evicted("ana", "ben"), PROXY)
OURS = replace(PROXY, restarted_at=RESTART.at)


def at(after: timedelta) -> Deployment:
    return replace(PROXY, restarted_at=(NOW + after).isoformat())


def test_it_names_the_deployment_as_it_was_and_who_is_disconnected() -> None:
    assert (RESTART.target, RESTART.loses) == ("proxy", ("ana", "ben"))
    later = RestartProxy.of(evicted("ana", "ben"), replace(PROXY, generation=5))
    assert later.id != RESTART.id
    assert RESTART.needs(replace(PLACE, proxy="chp")) == (replace(PATCH_PROXY, name="chp"),)


@pytest.mark.parametrize(
    ("proxy", "answer"),
    [
        (OURS, True),
        (PROXY, False),
        # An earlier restart by someone else, whose clock is two minutes ahead.
        (at(timedelta(minutes=2)), False),
    ],
    ids=["ours", "none", "another's"],
)
def test_what_the_target_shows_after_a_kill(proxy: Deployment, answer: bool) -> None:
    assert RESTART.already_done(site(Scripted(proxy=proxy))) is answer


@pytest.mark.parametrize(
    ("proxy", "holds"),
    [
        (OURS, True),
        (at(timedelta(minutes=1)), True),
        (at(timedelta(hours=-1)), False),
        (replace(PROXY, restarted_at="yesterday"), False),
        (PROXY, False),
        (replace(OURS, generation=5, observed_generation=4), False),
        (replace(OURS, ready=0), False),
    ],
    ids=["ours", "later", "earlier", "no time", "none", "unseen", "unready"],
)
def test_a_look_wants_this_rollout_complete(proxy: Deployment, holds: bool) -> None:
    party = Scripted(proxy=proxy)
    assert RESTART.look(site(party), facts).holds is holds
    assert party.asked == ["proxy"]


def test_a_change_since_the_plan_is_noticed_by_the_deployment_alone() -> None:
    assert RESTART.drifted(site(Scripted())) == ""
    changed = Scripted(proxy=replace(PROXY, generation=5))
    assert RESTART.drifted(site(changed)) == (
        "Deployment proxy was changed since the plan was made."
    )
    assert changed.asked == ["proxy"]
