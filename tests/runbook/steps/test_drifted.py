"""Whether a target, read alone just before a step acts, is still as it was planned for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.hubs import Condition, Pod, Server
from bot.errors import RetryLater
from bot.runbook import RestartProxy, ServerStep
from bot.services.steps import unchanged
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.hubs import (
    NOW,
    PROXY,
    evicted,
    late_spawn,
    pod,
    server,
    stale,
    stuck,
    terminating,
)
from tests.support.scripted import Scripted, site

STEPS = {
    step.user: step
    for plan in (CLEAR.plan(stuck()), CLEAR.plan(stale()))
    for step in plan.steps
    if isinstance(step, ServerStep)
}
SPAWN = pod("spawn", phase="Pending", reason="ImagePullBackOff")
ANOTHER = replace(SPAWN, uid="another")
AFRESH = replace(server("spawn", pending="spawn"), started=NOW - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("user", "record", "its_pod", "same"),
    [
        ("spawn", late_spawn("spawn"), SPAWN, True),
        ("spawn", AFRESH, SPAWN, False),
        ("spawn", None, SPAWN, False),
        ("spawn", late_spawn("spawn"), ANOTHER, False),
        ("spawn", late_spawn("spawn"), None, False),
        ("spawn", late_spawn("spawn"), replace(SPAWN, phase="Running"), False),
        ("spawn", late_spawn("spawn"), replace(SPAWN, ready=True), False),
        ("spawn", late_spawn("spawn"), replace(SPAWN, deleting_since=NOW), False),
        ("spawn", replace(late_spawn("spawn"), pending="stop"), SPAWN, False),
        ("stale", server("stale"), None, True),
        ("stale", server("stale", pending="stop"), None, False),
        ("stale", None, None, False),
        ("orphan", None, pod("orphan"), True),
        ("orphan", server("orphan"), pod("orphan"), False),
        ("orphan", None, replace(pod("orphan"), uid="another"), False),
        ("unsent", server("unsent", pending="stop"), pod("unsent"), True),
        ("unsent", server("unsent"), pod("unsent"), False),
        ("gone", server("gone"), terminating("gone"), True),
        ("gone", server("gone"), replace(terminating("gone"), ready=True), False),
        ("gone", server("gone"), None, False),
    ],
)
def test_a_server_that_changed_needs_a_fresh_plan(
    user: str, record: Server | None, its_pod: Pod | None, same: bool
) -> None:
    party = Scripted(records=[record] if record else [], live=[its_pod] if its_pod else [])
    assert unchanged(STEPS[user], site(party)) is same


@pytest.mark.parametrize("what", ["server", "pod"])
def test_what_cannot_be_read_is_not_unchanged(what: str) -> None:
    party = Scripted(records=[late_spawn("spawn")], live=[SPAWN])
    party.fails = {what: RetryLater("It doesn't answer.")}
    assert not unchanged(STEPS["spawn"], site(party))


def test_a_plan_of_a_version_before_needs_a_fresh_plan() -> None:
    party = Scripted(records=[late_spawn("spawn")], live=[SPAWN])
    for without in ({"found": ""}, {"pod": ""}):
        assert not unchanged(replace(STEPS["spawn"], **without), site(party))


def test_a_pod_whose_end_the_hub_waits_for_never_comes_back() -> None:
    """Nothing is asked: the cluster's adapter looks at the pod before it acts."""
    assert STEPS["stop"].condition is Condition.STUCK_STOP
    party = Scripted()
    assert unchanged(STEPS["stop"], site(party))
    assert party.asked == []


def test_a_deployment_that_was_changed_needs_a_fresh_plan() -> None:
    restart = RestartProxy.of(evicted("ana"), PROXY)
    assert unchanged(restart, site(Scripted(proxy=PROXY)))
    assert not unchanged(restart, site(Scripted(proxy=replace(PROXY, generation=5))))
