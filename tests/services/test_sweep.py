"""The last resort: what nobody works on is started again, and what waits is left to its time."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.bootstrap import Bot
from bot.sandbox.slack import Channel, SlackSandbox, answers, on_call
from bot.store import effects as rows
from bot.store.effects import EffectState
from tests.support.bot import Scene, wait_until


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident whose setting up has ended."""
    made = scene.declare()
    wait_until(
        lambda: all(e.state is EffectState.DONE for e in scene.effects(made.id).values()),
        "all done",
    )
    return made


def test_what_fell_between_is_done_after_all(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    """As if the workflow of a change had ended by an error that nobody foresaw."""
    topic = f"{scene.incident(channel.id).id}/topic"
    with scene.store.write() as tx:
        rows.change(tx, topic, done_want={"topic": "of yesterday"})
    before = len(slack.calls)
    bot.sweep.sweep()
    slack.wait_for(
        lambda: [c.method for c in slack.calls[before:]] == ["conversations.setTopic"],
        what="the topic is set again",
    )


def test_when_all_is_well_nobody_is_asked_anything(
    bot: Bot, slack: SlackSandbox, channel: Channel
) -> None:
    before = len(slack.calls)
    bot.sweep.sweep()
    slack.person("ana").command(channel.id, "/incident status")
    assert len(slack.calls) == before


def test_what_waits_for_its_next_try_is_left_to_it(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    slack.faults = [on_call("conversations.setTopic", answers("restricted_action"))]
    scene.ana.command(channel.id, "/incident status fixing")
    wait_until(lambda: scene.effects(channel.id)["topic"].state is EffectState.FAILED, "refused")
    slack.wait_for(lambda: bool(scene.posts(channel.id, "notice")), what="told")
    wait_until(lambda: scene.effects(channel.id)["notice"].state is EffectState.DONE, "all tried")
    tried = [c.method for c in slack.calls].count("conversations.setTopic")
    bot.sweep.sweep()
    scene.ana.command(channel.id, "/incident role scribe")
    slack.wait_for(lambda: any("scribe" in m["text"] for m in scene.own(channel.id)))
    again = [c.method for c in slack.calls].count("conversations.setTopic") - tried
    assert again == 1, "the change of the role tried it, the sweep did not"


def test_what_a_database_that_was_away_left_half_done_goes_on(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    """It counts as running, nobody runs it, and everything of this incident would wait behind it."""
    dead = f"sync/{scene.incident(channel.id).id}/declared"
    ended = (
        "UPDATE workflow_status SET status = 'PENDING' "
        f"WHERE workflow_uuid = '{dead}' AND status = 'SUCCESS'"
    )

    def died() -> bool:
        with scene.store.write() as tx:
            return tx.execute(text(ended)).rowcount == 1

    wait_until(died, "it had ended")
    scene.ana.command(channel.id, "/incident status fixing")
    bot.sweep.sweep()
    bot.sweep.sweep()
    slack.wait_for(
        lambda: any("fixing" in m["text"] for m in scene.posts(channel.id, "entry")),
        what="the channel is told",
    )
    assert bot.durable.is_lost(dead)
