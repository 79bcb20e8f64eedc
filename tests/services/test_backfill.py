"""What happened while mayday was not listening is found again, and nothing is found twice."""

from __future__ import annotations

import pytest

from bot.bootstrap import Bot
from bot.domain.timeline import Heading, chosen
from bot.sandbox.slack import (
    Channel,
    Direction,
    Fault,
    FaultHook,
    Passage,
    SlackSandbox,
    Upload,
    answers,
    drop_before,
)
from bot.store import timeline as rows
from tests.support.bot import Child, Scene, wait_until


def deaf(passage: Passage) -> Fault | None:
    """Nothing that happens reaches mayday."""
    if passage.direction is Direction.DELIVERY:
        return Fault(effect=False)
    return None


def failing_page(method: str, fault: Fault) -> FaultHook:
    """The second and later pages of a reading fail."""

    def hook(passage: Passage) -> Fault | None:
        if passage.direction is Direction.CALL and passage.name == method:
            return fault if passage.body.get("cursor") else None
        return deaf(passage)

    return hook


class Evening:
    """What people do in a channel, before and while nobody listens."""

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
        said = {self.kept, self.edited, self.deleted, self.reply_edited, self.reply_deleted}
        said.add(self.pinned)
        wait_until(lambda: said <= {m.ts for m in scene.messages(self.channel)}, "all was recorded")
        wait_until(lambda: self.timeline() == ["routes are gone"], "the pin was recorded")

    def meanwhile(self) -> None:
        """All that mayday misses."""
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
        """What the report would show of the messages."""
        with self.scene.store.read() as tx:
            lines = rows.lines(tx, self.scene.incident(self.channel).id)
        return [line.text for line in chosen(lines, heading) if line.message is not None]

    def is_found(self) -> bool:
        """Whether mayday knows it all by now."""
        known = {m.ts: m for m in self.scene.messages(self.channel)}
        return (
            {m["ts"] for m in self.scene.slack.messages(self.channel)} <= set(known)
            and known[self.edited].text == "29 of 31"
            and known[self.reply_edited].text == "which hubs?"
            and known[self.deleted].deleted_at is not None
            and known[self.reply_deleted].deleted_at is not None
            and self.timeline() == ["proxy restarted"]
            and self.timeline(Heading.WRONG) == ["same on data100"]
        )

    def assert_exact(self) -> None:
        """Every message once, as it is in Slack; nothing deleted that is there."""
        slack = self.scene.slack
        shown = {m["ts"]: m for m in slack.messages(self.channel)}
        known = {m.ts: m for m in self.scene.messages(self.channel)}
        for ts, message in known.items():
            gone = ts not in shown or shown[ts].get("subtype") == "tombstone"
            assert (message.deleted_at is not None) == gone, message
            if not gone and message.author != slack.bot_user_id:
                assert message.text == shown[ts]["text"]
                thread = shown[ts].get("thread_ts", "")
                assert message.thread_ts == ("" if thread == ts else thread)
        assert [f.name for f in known[self.shown].files] == ["log.txt"]
        with self.scene.store.read() as tx:
            before = rows.revisions(tx, known[self.edited].key)
        assert [(r["change"], r["text"]) for r in before] == [("edited", "28 of 31")]


def test_everything_is_found_by_reading_again(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    evening = Evening(scene, scene.declare())
    slack.faults = [deaf]
    evening.meanwhile()
    assert not evening.is_found()
    bot.backfill.all()
    assert evening.is_found()
    evening.assert_exact()
    before = scene.messages(evening.channel)
    bot.backfill.all()
    assert scene.messages(evening.channel) == before, "a second reading finds nothing"
    evening.assert_exact()


def test_found_after_a_kill(mayday: Child, aftermath: Scene) -> None:
    mayday.start()
    evening = Evening(aftermath, aftermath.declare())
    mayday.kill()
    evening.meanwhile()
    mayday.start()
    wait_until(evening.is_found, "all that was missed", timeout=20)
    evening.assert_exact()
    assert mayday.stop() == 0


def test_found_when_the_socket_is_back(
    mayday: Child, aftermath: Scene, slack: SlackSandbox
) -> None:
    mayday.start()
    evening = Evening(aftermath, aftermath.declare())
    slack.redeliver_after()
    slack.faults = [deaf]
    evening.meanwhile()
    slack.faults = []
    slack.disconnect("refresh_requested")
    wait_until(evening.is_found, "all that was missed", timeout=20)
    evening.assert_exact()


def test_long_channels_and_long_threads_are_read_to_their_ends(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    slack.faults = [deaf]
    parent = scene.ana.say(channel.id, "first")
    said = [parent, *(scene.ana.say(channel.id, f"line {n}") for n in range(205))]
    said += [scene.ana.say(channel.id, f"reply {n}", thread_ts=parent) for n in range(205)]
    bot.backfill.all()
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
    bot.backfill.all()
    scene.later(minutes=5)
    slack.faults = [failing_page(method, fault)]
    bot.backfill.all()
    assert [m.text for m in scene.messages(channel.id) if m.deleted_at is not None] == []


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
    bot.backfill.all()
    assert scene.message(fine.id, missed) is not None


def test_what_history_does_not_show_is_deleted_only_once_it_has_settled(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    """A message said during a reading is in the database before history shows it."""
    channel = scene.declare()
    ts = scene.ana.say(channel.id, "just now")
    wait_until(lambda: scene.message(channel.id, ts), "recorded")
    slack.faults = [deaf]
    scene.ana.delete(channel.id, ts)

    def is_deleted() -> bool:
        bot.backfill.all()
        known = scene.message(channel.id, ts)
        return known is not None and known.deleted_at is not None

    assert not is_deleted()
    scene.later(minutes=1)
    assert is_deleted()


def test_what_slack_shows_no_more_because_of_its_age_is_not_lost(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    """Workspaces keep messages for so long only, and reports are written months later."""
    evening = Evening(scene, scene.declare())
    scene.later(days=100)
    latest = scene.ana.say(evening.channel, "time for the report")
    wait_until(lambda: scene.message(evening.channel, latest), "recorded")

    def forgets(passage: Passage) -> Fault | None:
        if passage.name != "conversations.history":
            return deaf(passage)
        shown = [m for m in slack.messages(evening.channel) if m["ts"] == latest]
        return Fault(answer={"ok": True, "messages": shown, "has_more": False})

    slack.faults = [forgets]
    scene.later(minutes=1)
    bot.backfill.all()
    assert [m for m in scene.messages(evening.channel) if m.deleted_at is not None] == []
    assert evening.timeline() == ["routes are gone"]


def test_reactions_that_came_in_the_wrong_order_are_settled(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    evening_channel = scene.declare()
    ts = scene.ana.say(evening_channel.id, "proxy restarted")
    wait_until(lambda: scene.message(evening_channel.id, ts), "recorded")
    record = bot.record
    team = slack.team_id
    slack.faults = [deaf]
    record.unmarked(team, evening_channel.id, ts, scene.ana.id, "pushpin")
    record.marked(team, evening_channel.id, ts, scene.ana.id, "pushpin")
    scene.ben.join(evening_channel.id)
    scene.ben.react(evening_channel.id, ts, "fire")
    bot.backfill.all()
    lines = record.lines(scene.incident(evening_channel.id).id)
    assert chosen(lines, Heading.WRONG)
    assert [line.text for line in chosen(lines, Heading.TIMELINE) if line.message] == []
