"""The test spawn on a real hub: through the proxy to a kernel's websocket, and everything cleaned up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.adapters.kernels import SingleUserServers
from bot.domain.runs import Outcome, Result
from bot.errors import RetryLater, UserError
from bot.runbook.site import Site
from bot.services.facts import read_facts
from bot.services.steps import attempt, together, verify
from runbooks.test_spawn import test_spawn as BOOK
from sandbox.hub.running import CANARY
from tests.support.hub import Lab, lab, running_lab
from tests.support.steps import begin

__all__ = ["lab", "running_lab"]


def servers(lab: Lab, token: str) -> SingleUserServers:
    """The servers at the hub's public address."""
    return SingleUserServers(hub="datahub", url=lab.sandbox.url, token=token, timeout=5.0)


@pytest.fixture
def canary(lab: Lab) -> Iterator[Site]:
    """The site with a canary user, whose server doesn't run."""
    token = lab.sandbox.rest.user_token(CANARY)
    place = replace(lab.place, canary=CANARY)
    yield replace(lab.site, place=place, kernels=servers(lab, token))
    lab.hub.stop_server(CANARY, "")


def carried_out(lab: Lab, site: Site) -> list[Result]:
    plan = BOOK.plan(read_facts(site, datetime.now(UTC), rights=True, more=BOOK.needs))
    assert len(plan.steps) == 3, plan
    results = []
    for step in plan.steps:
        done = attempt(step, site, plan, begin)
        if done.outcome is Outcome.DONE:
            seen = verify(step, site, lambda: read_facts(site, datetime.now(UTC)), lab.wait)
            done = together(done, seen)
        results.append(done)
    return results


def test_a_kernel_answers_and_nothing_is_left(lab: Lab, canary: Site) -> None:
    work = {user: lab.sandbox.work_done(user) for user in lab.sandbox.users}
    start, kernel, stop = carried_out(lab, canary)
    assert {start.outcome, kernel.outcome, stop.outcome} == {Outcome.DONE}
    assert kernel.seen["answer"] == "2"
    # The hub answers when the server is ready: the time of that answer counts.
    assert start.seen["seconds"] > 0
    assert min(kernel.seen["kernel_seconds"], stop.seen["seconds"]) >= 0
    assert lab.hub.server(CANARY, "") is None
    assert lab.sandbox.user_pod(CANARY) is None
    assert {user: lab.sandbox.work_done(user) for user in lab.sandbox.users} == work
    now = datetime.now(UTC)
    just = read_facts(canary, now, rights=True, more=BOOK.needs, last_done={BOOK.name: now})
    assert "ran here at" in BOOK.plan(just).nothing_to_do


def test_it_is_stopped_although_the_kernel_refused(lab: Lab, canary: Site) -> None:
    foreign = servers(lab, lab.sandbox.rest.user_token("ana"))
    start, kernel, stop = carried_out(lab, replace(canary, kernels=foreign))
    assert (start.outcome, kernel.outcome, stop.outcome) == (
        Outcome.DONE,
        Outcome.FAILED,
        Outcome.DONE,
    )
    assert "access:servers!user=canary" in kernel.error
    assert lab.hub.server(CANARY, "") is None


def test_failures_of_a_kernel_are_told(lab: Lab) -> None:
    ana = servers(lab, lab.sandbox.rest.user_token("ana"))
    assert ana.execute("ana", "1+1") == "2"
    with pytest.raises(UserError, match="The code failed"):
        ana.execute("ana", "1/0")
    lab.sandbox.drop_routes()
    with pytest.raises(RetryLater, match="does not answer"):
        ana.execute("ana", "1+1")
