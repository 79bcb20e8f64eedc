"""Events: kept before they are acknowledged, dealt with once, and taken up again after a kill."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bot.bootstrap import Bot
from bot.domain.timeline import EntryKind, Heading, chosen
from bot.store import timeline as rows
from bot.store.tables import inbox
from sandbox.slack import Channel, Fault, SlackSandbox, Upload, on_delivery
from tests.support.bot import Scene
from tests.support.waiting import wait_until


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident's channel."""
    return scene.declare()


def kept(scene: Scene) -> list[dict[str, Any]]:
    """Every delivery that was kept."""
    with scene.store.read() as tx:
        return [dict(row) for row in tx.execute(inbox.select()).mappings()]


@pytest.fixture
def by_hand(bot: Bot, channel: Channel) -> None:
    """The test alone takes up what was left: mayday's own clock might be at it at the same moment."""
    bot.ticks.stop()


def timeline(bot: Bot, scene: Scene, channel: Channel, heading: Heading) -> list[str]:
    """The messages under a heading."""
    lines = chosen(bot.record.lines(scene.incident(channel.id).id), heading)
    return [line.text for line in lines if line.entry.kind is EntryKind.MESSAGE]


def event(slack: SlackSandbox, channel: Channel, ts: str, **values: Any) -> dict[str, Any]:
    """A message as Slack delivers it."""
    return {
        "type": "event_callback",
        "event_id": f"Ev{ts}",
        "team_id": slack.team_id,
        "event": {
            "type": "message",
            "channel": channel.id,
            "user": slack.person("ana").id,
            "ts": ts,
            "text": "students see 500s",
            **values,
        },
    }


def test_what_is_said_is_kept_with_its_files_and_thread(
    scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    first = scene.ana.say(channel.id, "routes <are> gone & more")
    log = Upload(name="log.txt", content=b"EPIPE", mimetype="text/plain")
    reply = scene.ana.say(channel.id, "see", thread_ts=first, files=[log])
    me = scene.ana.say(channel.id, "/me looks")
    wait_until(lambda: all(scene.message(channel.id, ts) for ts in (first, reply, me)), "all")
    one, two = scene.message(channel.id, first), scene.message(channel.id, reply)
    assert one is not None
    assert two is not None
    assert (one.text, one.author) == ("routes &lt;are&gt; gone &amp; more", scene.ana.id)
    assert first.replace(".", "") in one.permalink
    assert two.thread_ts == first
    assert [(f.name, f.mimetype) for f in two.files] == [("log.txt", "text/plain")]


def test_a_reply_that_is_also_sent_to_the_channel_is_kept_once(
    bot: Bot, scene: Scene, channel: Channel
) -> None:
    root = scene.ana.say(channel.id, "who sees this?")
    reply = scene.ana.say(channel.id, "everybody", thread_ts=root, broadcast=True)
    wait_until(lambda: scene.message(channel.id, reply), "the reply")
    bot.backfill.all()
    found = [m for m in scene.messages(channel.id) if m.text == "everybody"]
    assert [(m.ts, m.thread_ts, m.subtype) for m in found] == [(reply, root, "thread_broadcast")]


def test_edits_and_deletions_follow(scene: Scene, channel: Channel) -> None:
    ts = scene.ana.say(channel.id, "28 of 31")
    wait_until(lambda: scene.message(channel.id, ts), "said")
    scene.ana.edit(channel.id, ts, "29 of 31")
    wait_until(lambda: _text(scene, channel, ts) == "29 of 31", "edited")
    scene.ana.delete(channel.id, ts)
    wait_until(lambda: _is_deleted(scene, channel, ts), "deleted")
    with scene.store.read() as tx:
        known = scene.message(channel.id, ts)
        assert known is not None
        assert [r["change"] for r in rows.revisions(tx, known.key)] == ["edited", "deleted"]


def test_reactions_and_the_shortcut_make_the_timeline(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    ts = scene.ana.say(channel.id, "proxy restarted")
    scene.ana.react(channel.id, ts, "pushpin")
    scene.ana.react(channel.id, ts, "four_leaf_clover")
    both = [["proxy restarted"], ["proxy restarted"]]
    headings = (Heading.TIMELINE, Heading.LUCKY)
    wait_until(lambda: [timeline(bot, scene, channel, h) for h in headings] == both, "under both")
    scene.ana.unreact(channel.id, ts, "pushpin")
    wait_until(lambda: timeline(bot, scene, channel, Heading.TIMELINE) == [], "taken back")
    scene.ana.shortcut("add_to_timeline", channel.id, ts)
    wait_until(
        lambda: timeline(bot, scene, channel, Heading.TIMELINE) == ["proxy restarted"], "again"
    )


def test_a_thread_reply_can_be_marked_too(bot: Bot, scene: Scene, channel: Channel) -> None:
    parent = scene.ana.say(channel.id, "what happened?")
    reply = scene.ana.say(channel.id, "evicted", thread_ts=parent)
    scene.ana.react(channel.id, reply, "pushpin")
    wait_until(lambda: timeline(bot, scene, channel, Heading.TIMELINE) == ["evicted"], "marked")


def test_a_redelivery_changes_nothing(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    slack.redeliver_after(0.0)
    slack.faults = [on_delivery("message", Fault(drop=True), numbers=(1,))]
    ts = scene.ana.say(channel.id, "proxy restarted")
    slack.wait_for(lambda: any(d.attempt == 1 for d in slack.deliveries), what="a redelivery")
    wait_until(lambda: scene.message(channel.id, ts), "said")
    assert [m.ts for m in scene.messages(channel.id)].count(ts) == 1
    keys = [row["key"] for row in kept(scene)]
    assert len(set(keys)) == len(keys)


def test_a_reaction_that_is_delivered_again_does_not_undo_what_came_since(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    ts = scene.ana.say(channel.id, "proxy restarted")
    scene.ana.react(channel.id, ts, "pushpin")
    wait_until(lambda: timeline(bot, scene, channel, Heading.TIMELINE), "marked")
    slack.wait_for(lambda: any(d.name == "reaction_added" for d in slack.deliveries))
    again = next(d.payload for d in slack.deliveries if d.name == "reaction_added")
    scene.ana.unreact(channel.id, ts, "pushpin")
    wait_until(lambda: not timeline(bot, scene, channel, Heading.TIMELINE), "taken back")
    bot.dispatcher.store_event(again)
    bot.dispatcher.process_event(again)
    assert timeline(bot, scene, channel, Heading.TIMELINE) == []


@pytest.mark.usefixtures("by_hand")
def test_what_was_kept_but_not_dealt_with_is_taken_up_later(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    """The state after a kill between the acknowledgement and the work."""
    left = event(slack, channel, "1795310000.000001")
    bot.dispatcher.store_event(left)
    bot.dispatcher.replay()
    assert scene.message(channel.id, "1795310000.000001") is None, "its listener may be at it"
    scene.later(minutes=1)
    bot.dispatcher.replay()
    assert scene.message(channel.id, "1795310000.000001") is not None
    assert all(row["done_at"] for row in kept(scene) if row["key"] == left["event_id"])


@pytest.mark.usefixtures("by_hand")
def test_one_that_cannot_be_dealt_with_is_tried_again_and_then_left_to_a_human(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    odd = event(slack, channel, "no number")
    bot.dispatcher.store_event(odd)
    for _ in range(12):
        scene.later(minutes=1)
        bot.dispatcher.replay()
    (row,) = [row for row in kept(scene) if row["key"] == odd["event_id"]]
    assert row["done_at"] is None
    assert row["error"]
    assert row["attempts"] == 8
    assert row["payload"] == odd, "it is not lost"


@pytest.mark.usefixtures("by_hand")
def test_a_request_that_nobody_answers_any_more_holds_up_no_other(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    """As after an update, when a button that was pressed before it is gone."""
    pressed = {"type": "block_actions", "user": {"id": scene.ana.id}}
    bot.inbox.store("block_actions/1", {**pressed, "actions": [{"action_id": "gone"}]})
    left = event(slack, channel, "1795310000.000002")
    bot.dispatcher.store_event(left)
    scene.later(minutes=1)
    bot.dispatcher.replay()
    assert scene.message(channel.id, "1795310000.000002") is not None
    (row,) = [row for row in kept(scene) if row["key"] == "block_actions/1"]
    assert (row["attempts"], row["done_at"]) == (1, None)


def test_what_cannot_be_committed_is_not_acknowledged(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    slack.redeliver_after(0.0, 0.0, 0.0)
    with scene.store.write() as tx:
        tx.execute(text("ALTER TABLE inbox RENAME TO gone"))
    ts = scene.ana.say(channel.id, "nobody hears")
    slack.wait_for(
        lambda: any(d.name == "message" and not d.acked for d in slack.deliveries),
        what="a delivery without acknowledgement",
    )
    with scene.store.write() as tx:
        tx.execute(text("ALTER TABLE gone RENAME TO inbox"))
    wait_until(lambda: scene.message(channel.id, ts) or _read(bot), "heard after all")


def test_finished_deliveries_are_forgotten_after_days(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    scene.ana.say(channel.id, "hello")
    wait_until(lambda: any(row["done_at"] for row in kept(scene)), "dealt with")
    finished = {row["key"] for row in kept(scene) if row["done_at"]}
    bot.dispatcher.replay()
    assert finished <= {row["key"] for row in kept(scene)}, "a redelivery may still come"
    scene.later(days=4)
    bot.dispatcher.replay()
    assert not finished & {row["key"] for row in kept(scene)}


def test_unknown_kinds_of_messages_are_kept_raw(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    odd = event(slack, channel, "1795310000.000009", subtype="brand_new", what={"ever": [1]})
    bot.dispatcher.store_event(odd)
    bot.dispatcher.process_event(odd)
    known = scene.message(channel.id, "1795310000.000009")
    assert known is not None
    assert known.subtype == "brand_new"
    assert known.raw["what"] == {"ever": [1]}


def _read(bot: Bot) -> bool:
    bot.backfill.all()
    return False


def _text(scene: Scene, channel: Channel, ts: str) -> str:
    known = scene.message(channel.id, ts)
    return known.text if known else ""


def _is_deleted(scene: Scene, channel: Channel, ts: str) -> bool:
    known = scene.message(channel.id, ts)
    return known is not None and known.deleted_at is not None
