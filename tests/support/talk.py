"""A conversation with every event that a record must track, and its result."""

from __future__ import annotations

from bot.domain.timeline import Heading, chosen
from bot.store import timeline as rows
from sandbox.slack import Channel, Upload
from tests.support.bot import Scene
from tests.support.readings import pass_time
from tests.support.waiting import wait_until


class Talk:
    """Actions in a channel: first recorded ones, then ones mayday may miss."""

    def __init__(self, scene: Scene, channel: Channel) -> None:
        self.scene = scene
        self.channel = channel.id
        ana = scene.ana
        self.kept = ana.say(self.channel, "routes are gone")
        self.edited = ana.say(self.channel, "28 of 31")
        self.deleted = ana.say(self.channel, "oops")
        self.reply_edited = ana.say(self.channel, "which hub?", thread_ts=self.kept)
        self.reply_deleted = ana.say(self.channel, "nevermind", thread_ts=self.kept)
        self.pinned = ana.say(self.channel, "proxy restarted")
        ana.react(self.channel, self.kept, "pushpin")
        wait_until(self.is_heard, "all was recorded")
        wait_until(lambda: self.timeline() == ["routes are gone"], "the pin was recorded")

    def meanwhile(self) -> None:
        """Do what mayday may miss."""
        scene, ana, ben = self.scene, self.scene.ana, self.scene.ben
        ben.join(self.channel)
        self.said = ben.say(self.channel, "same on data100")
        self.shown = ben.say(self.channel, "", files=[Upload(name="log.txt", content=b"EPIPE")])
        self.reply = ben.say(self.channel, "all of them", thread_ts=self.edited)
        ana.edit(self.channel, self.edited, "29 of 31")
        ana.edit(self.channel, self.reply_edited, "which hubs?")
        ana.delete(self.channel, self.deleted)
        ana.delete(self.channel, self.reply_deleted)
        ana.react(self.channel, self.pinned, "pushpin")
        ben.react(self.channel, self.said, "fire")
        ana.unreact(self.channel, self.kept, "pushpin")
        scene.later(minutes=1)

    def timeline(self, heading: Heading = Heading.TIMELINE) -> list[str]:
        """The messages that the report shows."""
        with self.scene.store.read() as tx:
            lines = rows.lines(tx, self.scene.incident(self.channel).id)
        return [line.text for line in chosen(lines, heading) if line.message is not None]

    def is_found(self) -> bool:
        """Whether mayday has everything, with Slack's messages about the bot."""
        known = {m.ts for m in self.scene.messages(self.channel)}
        shown = {m["ts"] for m in self.scene.slack.messages(self.channel)}
        return shown <= known and self.is_recorded()

    def is_found_in_time(self) -> bool:
        """Whether mayday has everything, while the database's clock runs on at each call."""
        pass_time(self.scene.store)
        return self.is_found()

    def is_heard(self) -> bool:
        """Whether mayday has every visible message of people, including joins."""
        known = {m.ts for m in self.scene.messages(self.channel)}
        bot = self.scene.slack.bot_user_id
        return known >= {
            m["ts"] for m in self.scene.slack.messages(self.channel) if m.get("user") != bot
        }

    def is_recorded(self) -> bool:
        """Whether mayday has every message, edit and deletion."""
        known = {m.ts: m for m in self.scene.messages(self.channel)}
        return (
            self.is_heard()
            and known.keys() >= {self.said, self.shown, self.reply}
            and known[self.edited].text == "29 of 31"
            and known[self.reply_edited].text == "which hubs?"
            and known[self.deleted].deleted_at is not None
            and known[self.reply_deleted].deleted_at is not None
            and self.timeline() == ["proxy restarted"]
            and self.timeline(Heading.WRONG) == ["same on data100"]
        )

    def assert_exact(self) -> None:
        """Assert that stored messages match Slack, once each."""
        slack = self.scene.slack
        shown = {m["ts"]: m for m in slack.messages(self.channel)}
        known = {m.ts: m for m in self.scene.messages(self.channel)}
        for ts, message in known.items():
            gone = ts not in shown or shown[ts].get("subtype") == "tombstone"
            assert (message.deleted_at is not None) == gone, message
            if not gone and message.author != slack.bot_user_id:
                files = ", ".join(file["name"] for file in shown[ts].get("files", ()))
                assert message.text == (shown[ts]["text"] or files)
                thread = shown[ts].get("thread_ts", "")
                assert message.thread_ts == ("" if thread == ts else thread)
        assert [f.name for f in known[self.shown].files] == ["log.txt"]
        with self.scene.store.read() as tx:
            before = rows.revisions(tx, known[self.edited].key)
        assert [(r["change"], r["text"]) for r in before] == [("edited", "28 of 31")]
