"""The timeline, with faults in every event and in the backfill."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.bootstrap import Bot
from sandbox.faults import Fault, missing
from sandbox.rules import Which, on_call, on_event
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene
from tests.support.faults import CALLS, EVENTS, OUTCOMES, hurried
from tests.support.readings import read_all, read_twice
from tests.support.talk import Talk
from tests.support.waiting import wait_until

READING = OUTCOMES | {"another shape": CALLS["another shape"]}
"""Includes malformed pages."""

NEEDS_READING = {"missing", "out of order"}
"""Faults that only the next backfill repairs."""


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_goes_wrong(bot: Bot, scene: Scene, slack: SlackSandbox, name: str) -> None:
    talk = Talk(scene, scene.declare())
    slack.redeliver_after(0.0, 0.0, 0.0)
    some: Which = {"times": 3} if name == "lost on the way" else {}
    slack.faults = [on_event("*", EVENTS[name], **some)]
    talk.meanwhile()
    if name in NEEDS_READING:
        read_twice(bot.services.backfill, bot.store)
    step = timedelta(minutes=10) if name == "hours late" else timedelta()
    hurried(scene, talk.is_recorded, "the record", most=timedelta(hours=5), by=step)
    talk.assert_exact()
    slack.faults.clear()
    before = scene.messages(talk.channel)
    read_all(bot.services.backfill, bot.store)
    own = slack.bot_user_id
    assert [m for m in scene.messages(talk.channel) if m.author != own] == [
        m for m in before if m.author != own
    ], "reading again finds nothing"


@pytest.mark.parametrize("fault", READING.values(), ids=READING)
@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
def test_a_reading_goes_wrong(
    bot: Bot, scene: Scene, slack: SlackSandbox, method: str, fault: Fault
) -> None:
    talk = Talk(scene, scene.declare())
    slack.faults = [on_event("*", missing())]
    talk.meanwhile()
    slack.faults = [on_event("*", missing()), on_call(method, fault, times=1)]
    gone = {talk.deleted, talk.reply_deleted}
    read_all(bot.services.backfill, bot.store)
    known = scene.messages(talk.channel)
    assert {m.ts for m in known if m.deleted_at is not None} <= gone, (
        "half a reading deletes nothing"
    )
    read_twice(bot.services.backfill, bot.store)
    wait_until(talk.is_found, "the record")
    talk.assert_exact()


@pytest.mark.parametrize("what", ["token", "scopes"])
def test_a_reading_that_slack_refuses_loses_nothing(
    bot: Bot, scene: Scene, slack: SlackSandbox, what: str
) -> None:
    talk = Talk(scene, scene.declare())
    slack.faults = [on_event("*", missing())]
    talk.meanwhile()
    before, had = scene.messages(talk.channel), slack.scopes
    if what == "token":
        slack.revoke_bot_token()
    else:
        slack.scopes = had - {"channels:history"}
    read_all(bot.services.backfill, bot.store)
    assert scene.messages(talk.channel) == before
    slack.restore_bot_token()
    slack.scopes = had
    read_twice(bot.services.backfill, bot.store)
    wait_until(talk.is_found, "the record")
    talk.assert_exact()
