"""The backfill finds everything that mayday missed, exactly once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.bootstrap import Bot
from bot.domain.timeline import Heading, chosen
from sandbox.slack import (
    Direction,
    Fault,
    FaultHook,
    Passage,
    SlackSandbox,
    answers,
    drop_before,
    on_call,
    rate_limited,
)
from tests.support.bot import Child, Scene
from tests.support.events import reaction, take
from tests.support.readings import pass_time, read_all, read_twice
from tests.support.talk import Talk
from tests.support.waiting import wait_until


def deaf(passage: Passage) -> Fault | None:
    """Drop every delivery to mayday."""
    if passage.direction is Direction.DELIVERY:
        return Fault(effect=False)
    return None


def failing_page(method: str, fault: Fault) -> FaultHook:
    """Fail the second and later pages of a read."""

    def hook(passage: Passage) -> Fault | None:
        if passage.direction is Direction.CALL and passage.name == method:
            return fault if passage.body.get("cursor") else None
        return deaf(passage)

    return hook


def test_everything_is_found_by_reading_again(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    talk = Talk(scene, scene.declare())
    bot.ticks.stop()  # the ticks also read the channels, first at startup
    slack.faults = [deaf]
    talk.meanwhile()
    assert not talk.is_found()
    read_twice(bot.services.backfill, bot.store)
    assert talk.is_found()
    talk.assert_exact()
    before = scene.messages(talk.channel)
    read_all(bot.services.backfill, bot.store)
    assert scene.messages(talk.channel) == before, "a second reading finds nothing"
    talk.assert_exact()


def test_found_after_a_kill(mayday: Child, aftermath: Scene) -> None:
    mayday.start()
    talk = Talk(aftermath, aftermath.declare())
    mayday.kill()
    talk.meanwhile()
    mayday.start()
    wait_until(talk.is_found_in_time, "all that was missed", timeout=20)
    talk.assert_exact()
    assert mayday.stop() == 0


ENDS: dict[str, Callable[[SlackSandbox], None]] = {
    "warning": lambda slack: slack.disconnect("warning"),
    "refresh_requested": lambda slack: slack.disconnect("refresh_requested"),
    "link_disabled": lambda slack: slack.disconnect("link_disabled"),
    "too_many_websockets": lambda slack: slack.disconnect("too_many_websockets"),
    "WebSocket's goodbye": lambda slack: slack.disconnect(None),
    "cut": lambda slack: slack.cut(),
}
"""How a socket ends, by Slack's reason or without one."""


@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS)
def test_found_when_the_socket_is_back(
    mayday: Child,
    aftermath: Scene,
    slack: SlackSandbox,
    ends: Callable[[SlackSandbox], None],
) -> None:
    mayday.start()
    talk = Talk(aftermath, aftermath.declare())
    slack.redeliver_after()
    slack.faults = [deaf]
    talk.meanwhile()
    slack.faults = []
    ends(slack)
    wait_until(talk.is_found_in_time, "all that was missed", timeout=20)
    talk.assert_exact()


def test_long_channels_and_long_threads_are_read_to_their_ends(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    slack.faults = [deaf]
    parent = scene.ana.say(channel.id, "first")
    said = [parent, *(scene.ana.say(channel.id, f"line {n}") for n in range(205))]
    said += [scene.ana.say(channel.id, f"reply {n}", thread_ts=parent) for n in range(205)]
    read_all(bot.services.backfill, bot.store)
    known = [m.ts for m in scene.messages(channel.id) if m.author == scene.ana.id]
    assert [ts for ts in known if ts in said] == sorted(said)
    assert len(known) == len(set(known))


@pytest.mark.parametrize("fault", [drop_before(), answers("internal_error")])
@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
def test_half_a_reading_deletes_nothing(
    bot: Bot, scene: Scene, slack: SlackSandbox, method: str, fault: Fault
) -> None:
    channel = scene.declare()
    slack.faults = [deaf]
    parent = scene.ana.say(channel.id, "first")
    thread_ts = parent if method == "conversations.replies" else None
    for n in range(203):
        scene.ana.say(channel.id, f"line {n}", thread_ts=thread_ts)
    read_all(bot.services.backfill, bot.store)
    slack.faults = [failing_page(method, fault)]
    read_twice(bot.services.backfill, bot.store)
    assert [m.text for m in scene.messages(channel.id) if m.deleted_at is not None] == []


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
def test_a_reading_that_meets_a_limit_goes_on_after_the_pause(
    bot: Bot, scene: Scene, slack: SlackSandbox, method: str
) -> None:
    """Slack limits calls per minute, and reading a channel can take longer."""
    channel = scene.declare()
    parents = [scene.ana.say(channel.id, f"thread {n}") for n in range(4)]
    gone = [scene.ana.say(channel.id, "oops", thread_ts=ts) for ts in parents]
    wait_until(lambda: all(scene.message(channel.id, ts) for ts in gone), "all was recorded")
    slack.faults = [deaf]
    for ts in gone:
        scene.ana.delete(channel.id, ts)
    read = sum(call.method == method for call in slack.calls)
    slack.faults = [on_call(method, rate_limited(1), numbers=(read + 1, read + 2)), deaf]
    read_twice(bot.services.backfill, bot.store)
    known = {m.ts: m for m in scene.messages(channel.id)}
    assert all(known[ts].deleted_at is not None for ts in gone)


def test_all_readings_wait_for_a_limit_that_one_of_them_met(
    scene: Scene, slack: SlackSandbox
) -> None:
    """Slack limits a method for the whole workspace."""
    channel = scene.declare().id
    read = sum(call.method == "conversations.history" for call in slack.calls)
    slack.faults = [
        on_call("conversations.history", rate_limited(30), numbers=(read + 1,)),
        deaf,
    ]
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:  # another reading begins meanwhile
            assert list(chat.history(channel, oldest="0"))

    client = WebClient(slack.bot_token, base_url=slack.api_url)
    chat = SlackChat(client, pause=pause)
    assert list(chat.history(channel, oldest="0"))
    assert [round(seconds) for seconds in waits] == [30, 30]


def test_a_channel_that_cannot_be_read_stops_no_other(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    shut, fine = scene.declare("First"), scene.declare("Second")

    def hook(passage: Passage) -> Fault | None:
        if passage.name == "conversations.history" and passage.body.get("channel") == shut.id:
            return answers("not_in_channel")
        return deaf(passage)

    slack.faults = [hook]
    missed = scene.ana.say(fine.id, "students see 500s")
    read_all(bot.services.backfill, bot.store)
    assert scene.message(fine.id, missed) is not None


def test_what_slack_shows_no_more_because_of_its_age_is_not_lost(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    """Workspaces delete old messages, and reports may come months later."""
    talk = Talk(scene, scene.declare())
    scene.later(days=100)
    latest = scene.ana.say(talk.channel, "time for the report")
    wait_until(lambda: scene.message(talk.channel, latest), "recorded")

    def forgets(passage: Passage) -> Fault | None:
        if passage.name != "conversations.history":
            return deaf(passage)
        shown = [m for m in slack.messages(talk.channel) if m["ts"] == latest]
        return Fault(answer={"ok": True, "messages": shown, "has_more": False})

    slack.faults = [forgets]
    read_twice(bot.services.backfill, bot.store)
    assert [m for m in scene.messages(talk.channel) if m.deleted_at is not None] == []
    assert talk.timeline() == ["routes are gone"]


def test_reactions_that_came_in_the_wrong_order_are_settled(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    ts = scene.ana.say(channel.id, "proxy restarted")
    wait_until(lambda: scene.message(channel.id, ts), "recorded")
    bot.ticks.stop()  # an earlier read would settle them as it saw them
    record = bot.services.record
    team = slack.team_id
    slack.faults = [deaf]
    made = reaction(ts, user=scene.ana.id, team_id=team, channel_id=channel.id)
    take(record, made)  # the removal is lost
    scene.ben.join(channel.id)
    scene.ben.react(channel.id, ts, "fire")
    read_all(bot.services.backfill, bot.store)
    lines = record.lines(scene.incident(channel.id).id)
    assert chosen(lines, Heading.WRONG)
    assert [line.text for line in chosen(lines, Heading.TIMELINE) if line.message] == []


def test_a_message_that_history_shows_late_stays(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    """History lags behind the events; deleted is what two readings a minute apart don't show."""
    channel = scene.declare().id
    bot.ticks.stop()
    said = scene.ana.say(channel, "routes are gone")
    gone = scene.ana.say(channel, "oops")
    wait_until(lambda: scene.message(channel, gone), "recorded")

    def lags(passage: Passage) -> Fault | None:
        if passage.name != "conversations.history":
            return deaf(passage)
        shown = [m for m in slack.messages(channel) if m["ts"] != said]
        return Fault(answer={"ok": True, "messages": shown[::-1], "has_more": False})

    def deleted() -> list[str]:
        return [m.ts for m in scene.messages(channel) if m.deleted_at is not None]

    pass_time(bot.store)
    slack.faults = [lags]
    scene.ana.delete(channel, gone)
    read_all(bot.services.backfill, bot.store)
    assert deleted() == [], "one reading proves nothing"
    pass_time(bot.store)
    slack.faults = [deaf]
    read_all(bot.services.backfill, bot.store)
    assert deleted() == [gone], "what is shown again was never deleted"

    for _ in range(2):
        slack.faults = [lags]
        read_all(bot.services.backfill, bot.store)
        pass_time(bot.store)
    assert sorted(deleted()) == sorted([said, gone])
    slack.faults = [deaf]
    read_all(bot.services.backfill, bot.store)
    assert deleted() == [gone], "and what was deleted wrongly comes back"
