"""Events as Slack delivers them: stored before they are acknowledged, and recorded once."""

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
from tests.support.readings import read_all
from tests.support.waiting import wait_until


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident's channel."""
    return scene.declare()


def kept(scene: Scene) -> list[dict[str, Any]]:
    """Every stored delivery."""
    with scene.store.read() as tx:
        return [dict(row) for row in tx.execute(inbox.select()).mappings()]


def timeline(bot: Bot, scene: Scene, channel: Channel, heading: Heading) -> list[str]:
    """The messages under a heading."""
    lines = chosen(bot.services.record.lines(scene.incident(channel.id).id), heading)
    return [line.text for line in lines if line.entry.kind is EntryKind.MESSAGE]


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
    read_all(bot.services.backfill, bot.store)
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


def _read(bot: Bot) -> bool:
    read_all(bot.services.backfill, bot.store)
    return False


def _text(scene: Scene, channel: Channel, ts: str) -> str:
    known = scene.message(channel.id, ts)
    return known.text if known else ""


def _is_deleted(scene: Scene, channel: Channel, ts: str) -> bool:
    known = scene.message(channel.id, ts)
    return known is not None and known.deleted_at is not None
