"""The restart of a hub is verified when its rollout is complete and the hub answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.rights import Permission
from bot.errors import RetryLater
from bot.runbook import RestartHub
from tests.support.hubs import PLACE, PROXY, facts, healthy
from tests.support.scripted import Scripted, site

HUB = replace(PROXY, name="hub")
RESTART = RestartHub.of(healthy("ana"), HUB)
DONE = replace(HUB, restarted_at=RESTART.at)


def test_it_may_patch_the_deployment_of_this_hub_only() -> None:
    patch = Permission(verb="patch", group="apps", resource="deployments", name="jhub")
    assert RESTART.needs(replace(PLACE, hub_deployment="jhub")) == (patch,)
    assert (RESTART.target, RESTART.loses) == ("hub", ())


@pytest.mark.parametrize(
    ("party", "holds"),
    [
        (Scripted(proxy=HUB), False),
        (Scripted(proxy=replace(DONE, ready=0)), False),
        (Scripted(proxy=DONE, fails={"access": RetryLater("No answer.", after=1)}), False),
        (Scripted(proxy=DONE), True),
    ],
    ids=["not restarted", "rolling out", "silent", "done"],
)
def test_a_look_wants_the_rollout_complete_and_an_answer(party: Scripted, holds: bool) -> None:
    assert RESTART.look(site(party), facts).holds is holds


def test_a_hub_that_changed_since_is_left_alone() -> None:
    assert RESTART.drifted(site(Scripted(proxy=HUB))) == ""
    assert RESTART.drifted(site(Scripted(proxy=replace(HUB, generation=9))))
