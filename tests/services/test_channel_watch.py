"""mayday is removed from its channel, or that is archived or deleted: it comes back, or people are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.bootstrap import Bot
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.services.announcements import KINDS
from bot.services.channel_watch import ChannelWatch
from sandbox.slack import Fault, Passage, SlackSandbox, answers, drop_after, on_call
from tests.support.bot import Scene, texts
from tests.support.faults import hurried
from tests.support.readings import pass_time, read_all
from tests.support.rows import POLICY, NoWork
from tests.support.waiting import wait_until


def state(scene: Scene, channel: str) -> str:
    return scene.incident(channel).channel_state


def changes(scene: Scene, channel: str) -> list[tuple[str, str]]:
    """What the timeline says of the channel."""
    found = [e.data for e in scene.entries(channel) if e.kind is EntryKind.CHANNEL]
    return [(data["from"], data["to"]) for data in found]


def direct(scene: Scene, who: str) -> list[dict[str, Any]]:
    """What mayday told a person about the channel, directly."""
    person = scene.slack.person(who)
    found = [c.id for c in person.channels() if c.id.startswith("D")]
    return [m for channel in found for m in scene.posts(channel, "channel_notice")]


def wait_told(scene: Scene, who: str, words: str) -> dict[str, Any]:
    """The message of these words, which is the only one."""
    scene.slack.wait_for(
        lambda: [words in text for text in texts(direct(scene, who))] == [True],
        what=f"{who} is told: {words}",
    )
    return direct(scene, who)[0]


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """The buttons of a message: their values by their labels."""
    return {
        element["text"]["text"]: element.get("value", "")
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    }


def calls(slack: SlackSandbox, channel: str) -> list[str]:
    """The calls that would change something in a channel."""
    reads = ("conversations.info", "conversations.history", "conversations.join")
    return [
        call.method
        for call in slack.calls
        if call.args.get("channel") == channel and call.method not in reads
    ]


def deaf_to(*events: str) -> Any:
    """The events that never arrive."""

    def hook(passage: Passage) -> Fault | None:
        return Fault(effect=False) if passage.name in events else None

    return hook


def led_by_ben(scene: Scene) -> str:
    """An incident that Ana declared and Ben leads."""
    channel = scene.declare().id
    scene.ana.invite(channel, "ben")
    scene.ben.command(channel, "/incident role commander")
    wait_until(lambda: scene.incident(channel).roles.get("commander"), "ben leads")
    return channel


def test_a_bot_that_is_removed_joins_again_and_reads_what_it_missed(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare().id
    slack.faults = [deaf_to("channel_left")]
    scene.ana.remove(channel, slack.bot_user_id)
    missed = scene.ana.say(channel, "the proxy is back")
    slack.faults = []
    assert slack.bot_user_id not in slack.channel(channel).members

    read_all(bot.services.backfill, bot.store)

    assert slack.bot_user_id in slack.channel(channel).members
    assert scene.message(channel, missed) is not None
    assert state(scene, channel) == ""
    assert changes(scene, channel) == [("left", "")]
    assert direct(scene, "ana") == []


def test_an_event_makes_it_join_again_at_once(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    scene.ana.remove(channel, slack.bot_user_id)
    slack.wait_for(lambda: slack.bot_user_id in slack.channel(channel).members, what="it rejoins")
    scene.until(lambda: changes(scene, channel) == [("left", "")], "the entry")


def test_a_refused_call_makes_it_join_again(scene: Scene, slack: SlackSandbox) -> None:
    """Posting still works, since the channel is public; the topic is refused."""
    channel = scene.declare().id
    slack.faults = [deaf_to("channel_left")]
    scene.ana.remove(channel, slack.bot_user_id)
    scene.ana.command(channel, "/incident title Routes are gone")
    slack.wait_for(lambda: "gone" in slack.channel(channel).topic["value"], what="the topic")
    assert slack.bot_user_id in slack.channel(channel).members


def test_people_are_told_once_when_it_cannot_join(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = led_by_ben(scene)
    slack.faults = [on_call("conversations.join", answers("restricted_action"))]
    scene.ana.remove(channel, slack.bot_user_id)
    for who in ("ana", "ben"):
        wait_told(scene, who, "can't see or join")
    for _ in range(2):
        read_all(bot.services.backfill, bot.store)
        pass_time(bot.store, minutes=6)
    assert len(direct(scene, "ana")) == len(direct(scene, "ben")) == 1

    slack.faults = []
    scene.ana.invite(channel, slack.bot_user_id)
    for who in ("ana", "ben"):
        wait_told(scene, who, "works in")
    assert changes(scene, channel) == [("", "left"), ("left", "")]


def test_a_private_channel_that_shows_itself_no_more(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare(private=["private"]).id
    scene.ana.remove(channel, slack.bot_user_id)
    wait_told(scene, "ana", "can't see or join")
    scene.ana.invite(channel, slack.bot_user_id)
    wait_told(scene, "ana", "works in")


def test_the_incident_of_an_archived_channel_is_closed_in_the_direct_message(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = led_by_ben(scene)
    incident = scene.incident(channel).id
    scene.ana.archive(channel)
    message = wait_told(scene, "ana", "was archived")
    wait_told(scene, "ben", "was archived")
    assert buttons(message) == dict.fromkeys(
        ("Resolve", "Preview the report", "Try again now"), incident
    )
    where = message["channel"] if "channel" in message else _dm(scene, "ana")

    scene.ana.press(where, message["ts"], "incident.resolve")
    slack.wait_for(
        lambda: "Close and report" in buttons(direct(scene, "ana")[0]), what="the next buttons"
    )
    scene.ana.press(where, message["ts"], "incident.report")
    scene.ana.press(where, message["ts"], "incident.close")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the closing form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    scene.until(
        lambda: any(e.kind is EntryKind.PUBLISHED for e in scene.entries(channel)), "the report"
    )
    wait_told(scene, "ana", "is closed")
    scene.ana.press(where, message["ts"], "incident.reopen")
    scene.until(lambda: scene.incident(channel).is_open, "reopened")
    assert len(direct(scene, "ana")) == len(direct(scene, "ben")) == 1


def test_work_for_an_archived_channel_waits_and_continues(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare().id
    scene.ana.archive(channel)
    wait_told(scene, "ana", "was archived")
    name = slack.channel(channel).name
    before = calls(slack, channel)
    scene.ana.command("general", f"/incident severity sev1 in #{name}")
    scene.ana.command("general", f"/incident title Routes are gone in #{name}")
    scene.ana.command("general", f"/incident update routes come back in #{name}")
    wait_until(lambda: scene.incident(channel).severity == "sev1", "recorded")
    slack.wait_for(
        lambda: any("routes come back" in m["text"] for m in scene.own("incidents")),
        what="the announcement, which is in another channel",
    )
    for _ in range(3):
        bot.services.sync.bring_in_step(scene.incident(channel).id)
    assert calls(slack, channel) == before, "nothing is attempted in the channel"
    scene.until(
        lambda: not any(r.error or r.retry_at for r in scene.resources(channel).values()),
        "it is one problem, told directly",
    )

    scene.ana.change_channel(channel, "unarchive")
    slack.wait_for(lambda: "gone" in slack.channel(channel).topic["value"], what="the topic")
    slack.wait_for(
        lambda: any("routes come back" in m["text"] for m in scene.own(channel)), what="the update"
    )
    assert slack.bot_user_id in slack.channel(channel).members


def test_a_closed_incidents_channel_may_be_archived(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    for line in ("resolve", "close"):
        scene.ana.command(channel, f"/incident {line}")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the closing form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    slack.wait_for(
        lambda: any("is published" in m["text"] for m in scene.own(channel)), what="the report"
    )
    scene.ana.archive(channel)
    scene.until(lambda: state(scene, channel) == "archived", "noticed")
    assert direct(scene, "ana") == []


def test_a_deleted_channel(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    name = slack.channel(channel).name
    scene.ana.change_channel(channel, "delete")
    wait_told(scene, "ana", "was deleted")
    assert state(scene, channel) == "gone"
    for line in ("resolve", "close", "report"):
        scene.ana.command("general", f"/incident {line} in #{name}")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the closing form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    scene.until(
        lambda: any(e.kind is EntryKind.PUBLISHED for e in scene.entries(channel)), "the report"
    )
    wait_told(scene, "ana", "is closed")


def test_a_deletion_whose_event_was_lost(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    """Slack says only that it shows no such channel: it may be private now."""
    channel = scene.declare().id
    slack.faults = [deaf_to("channel_deleted")]
    scene.ana.change_channel(channel, "delete")
    read_all(bot.services.backfill, bot.store)
    assert state(scene, channel) == "left"
    wait_told(scene, "ana", "can't see or join")


def test_a_renamed_channel_is_found_by_its_new_name(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    scene.ana.change_channel(channel, "rename", "proxy-outage")
    scene.until(lambda: scene.incident(channel).channel_name == "proxy-outage", "renamed")
    scene.ana.command("general", "/incident severity sev1 in #proxy-outage")
    scene.until(lambda: scene.incident(channel).severity == "sev1", "found")


@pytest.mark.parametrize("code", ["not_in_channel", "is_archived"])
def test_a_refusal_that_the_channel_does_not_confirm_changes_nothing(
    bot: Bot, scene: Scene, slack: SlackSandbox, code: str
) -> None:
    channel = scene.declare().id
    slack.faults = [on_call("conversations.setTopic", answers(code))]
    scene.ana.command(channel, "/incident title Routes are gone")
    scene.until(
        lambda: any(r.error for r in scene.resources(channel).values()), "the topic is refused"
    )
    assert state(scene, channel) == ""
    assert changes(scene, channel) == []


@pytest.mark.parametrize("part", ["announcement", "announced"])
def test_a_lost_announcement_is_looked_for_where_it_was_removed(
    scene: Scene, slack: SlackSandbox, part: str
) -> None:
    """The channel of announcements has no row that says whether mayday is in it."""
    scene.declare("The first one", hubs=[])
    announce = slack.channel("incidents").id
    slack.faults = [on_call("chat.postMessage", drop_after(), times=1, holding=f"/{part}")]

    def announced(channel: str) -> list[ResourceKind]:
        rows = scene.resources(channel).values()
        return [r.kind for r in rows if r.kind in KINDS and r.state.value == "done"]

    scene.ana.remove(announce, slack.bot_user_id)
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    assert scene.ana.submit(view["id"]) == {}
    scene.until(lambda: scene.incidents()[-1].channel_id, "the channel")
    channel = scene.incidents()[-1].channel_id or ""
    hurried(scene, lambda: len(announced(channel)) == 1, "announced", most=timedelta(minutes=25))
    if slack.bot_user_id in slack.channel("incidents").members:
        scene.ana.remove(announce, slack.bot_user_id)
    scene.ana.command(channel, "/incident update routes come back")
    hurried(scene, lambda: len(announced(channel)) == 2, "the update", most=timedelta(minutes=25))
    assert len(scene.announcements(channel)) == 1
    assert len([m for m in scene.own(announce) if "routes come back" in m["text"]]) == 1


def _dm(scene: Scene, who: str) -> str:
    return next(c.id for c in scene.slack.person(who).channels() if c.id.startswith("D"))


def test_two_looks_at_once_record_one_return(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    """Both see that the bot is out, and both join."""
    channel = scene.declare().id
    incident = scene.incident(channel).id
    slack.faults = [deaf_to("channel_left", "member_joined_channel")]
    scene.ana.remove(channel, slack.bot_user_id)

    class Slower(ChannelWatch):
        """A replica whose request to join is sent after another replica's whole look."""

        def _join(self, channel_id: str) -> bool:
            other.look(incident)
            return super()._join(channel_id)

    chat = SlackChat(WebClient(slack.bot_token, base_url=slack.api_url))
    parts = (bot.store, chat, NoWork(), scene.clock, POLICY)
    other = ChannelWatch(*parts)
    Slower(*parts).look(incident)
    assert changes(scene, channel) == [("left", "")]


def test_a_lost_answer_is_looked_for_in_the_channel_that_it_left(
    scene: Scene, slack: SlackSandbox
) -> None:
    """Slack lets a bot post where it may not read, so what was posted seems to be absent."""
    channel = scene.declare().id
    slack.faults = [
        deaf_to("channel_left"),
        on_call("chat.postMessage", drop_after(), times=1, holding="watch the proxy"),
    ]
    scene.ana.remove(channel, slack.bot_user_id)
    scene.ana.command(channel, "/incident action watch the proxy")

    def is_posted() -> bool:
        rows = scene.resources(channel).items()
        return any(key.startswith("entry/") and row.state.value == "done" for key, row in rows)

    hurried(scene, is_posted, "the entry", most=timedelta(minutes=25))
    assert len([m for m in scene.own(channel) if "watch the proxy" in m["text"]]) == 1
