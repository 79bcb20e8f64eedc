"""A reminder, with each outcome of posting it: it is posted once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.resources import ResourceState
from bot.store.resources import ResourceRow
from sandbox.clock import SandboxClock
from sandbox.faults import Fault
from sandbox.rules import on_call
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene
from tests.support.faults import OUTCOMES, hurried


@pytest.mark.parametrize("looked", [False, True], ids=["", "and looking too"])
@pytest.mark.parametrize("fault", OUTCOMES.values(), ids=OUTCOMES)
def test_posting_goes_wrong(scene: Scene, slack: SlackSandbox, fault: Fault, looked: bool) -> None:
    channel = scene.declare().id
    slack.faults = [on_call("chat.postMessage", fault, times=1, holding="/remind/")]
    if looked:
        slack.faults.append(on_call("conversations.history", fault, times=1))

    def asked() -> list[ResourceRow]:
        return [e for k, e in scene.resources(channel).items() if k.startswith("remind/")]

    def sent() -> bool:
        return all(e.state is ResourceState.DONE for e in asked())

    scene.later(minutes=30, seconds=1)
    scene.until(asked, "it is due", timeout=30)
    hurried(scene, sent, "the reminder", most=timedelta(minutes=25))
    assert len(scene.posts(channel, "remind")) == 1


@pytest.mark.parametrize("what", ["token", "scopes"])
def test_what_slack_refuses_comes_late_when_it_allows_it(
    scene: Scene, slack: SlackSandbox, what: str
) -> None:
    channel = scene.declare().id
    had = slack.scopes
    if what == "token":
        slack.revoke_bot_token()
    else:
        slack.scopes = had - {"chat:write", "chat:write.public"}
    scene.later(minutes=30, seconds=1)

    def refused() -> bool:
        found = [e for k, e in scene.resources(channel).items() if k.startswith("remind/")]
        return bool(found) and all(e.error for e in found)

    scene.until(refused, "the refusal is on record")
    assert scene.posts(channel, "remind") == []
    slack.restore_bot_token()
    slack.scopes = had
    hurried(scene, lambda: scene.posts(channel, "remind"), "it", most=timedelta(minutes=25))
    (reminder,) = scene.posts(channel, "remind")
    assert "late" in reminder["text"]


def test_the_clock_is_set_back(scene: Scene, slack: SlackSandbox, clock: SandboxClock) -> None:
    """A sent reminder is not repeated, and the next one is on time."""
    channel = scene.declare().id
    scene.later(minutes=30, seconds=1)
    slack.wait_for(lambda: len(scene.posts(channel, "remind")) == 1, what="the reminder")
    reminded = clock()
    clock.move_to(reminded - timedelta(minutes=40))
    assert "Noted" in str(scene.ana.command(channel, "/incident note the clock was wrong"))
    clock.move_to(reminded + timedelta(minutes=1))
    assert "Noted" in str(scene.ana.command(channel, "/incident note it is right again"))
    clock.move_to(reminded + timedelta(minutes=31))
    slack.wait_for(lambda: len(scene.posts(channel, "remind")) > 1, what="the next reminder")
    assert len(scene.posts(channel, "remind")) == 2
