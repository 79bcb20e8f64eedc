"""Alerts, forwarded messages and previews of links, from Slack to the timeline and the report."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.bootstrap import Bot
from bot.render import listing
from sandbox.slack import Channel, Direction, Fault, Passage, SlackSandbox
from tests.support.bot import Scene
from tests.support.readings import read_all, read_twice
from tests.support.waiting import wait_until

ALERT = {
    "color": "danger",
    "title": "HubDown",
    "title_link": "https://alerts.example.org/1",
    "text": "datahub answers 500",
    "fields": [{"title": "Severity", "value": "critical", "short": True}],
    "fallback": "HubDown",
}
WORDS = "<https://alerts.example.org/1|HubDown>\ndatahub answers 500\nSeverity: critical"


def deaf(passage: Passage) -> Fault | None:
    """Lose every event."""
    is_event = passage.direction is Direction.DELIVERY and passage.body.get("event")
    return Fault(effect=False) if is_event else None


def tagged(scene: Scene, channel: Channel, ts: str, emoji: str = "pushpin") -> None:
    """React to a message and wait until it is an entry."""
    before = len(scene.entries(channel.id))
    scene.ana.react(channel.id, ts, emoji)
    wait_until(
        lambda: len(scene.entries(channel.id)) > before and scene.message(channel.id, ts),
        "the entry and its message, whose events may come in either order",
    )


def timeline(bot: Bot, scene: Scene, channel: Channel) -> str:
    incident = scene.incident(channel.id)
    return str(
        listing.timeline(
            incident, bot.services.record.latest(incident.id, 45), zone=ZoneInfo("UTC")
        ).blocks
    )


def draft(bot: Bot, scene: Scene, channel: Channel) -> str:
    return bot.services.reports.draft(scene.incident(channel.id).id)


def test_an_alerts_words_and_its_apps_name_are_in_timeline_and_report(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    ts = slack.alert(channel.id, "Grafana <ops>", attachments=[ALERT])
    tagged(scene, channel, ts)
    stored = scene.message(channel.id, ts)
    assert stored is not None and (stored.text, stored.author_name) == (WORDS, "Grafana <ops>")
    shown = timeline(bot, scene, channel)
    assert "_Grafana &lt;ops&gt;:_ " in shown and "Severity: critical" in shown
    report = draft(bot, scene, channel)
    assert "[HubDown](https://alerts.example.org/1)\ndatahub answers 500" in report
    assert "Severity: critical — [Grafana &lt;ops>](" in report
    assert "U0ALERTS" not in report


def test_an_alert_becomes_an_action_item_by_reaction_and_by_shortcut(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    ts = slack.alert(channel.id, attachments=[ALERT])
    title = "[HubDown](https://alerts.example.org/1) datahub answers 500 Severity: critical"
    scene.ana.shortcut("file_action_item", channel.id, ts)
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    assert title in str(scene.ana.views()[-1]["blocks"])
    tagged(scene, channel, ts, "wrench")
    [item] = bot.services.reports.report(scene.incident(channel.id).id).items
    assert item.title == title


def test_a_forwarded_message_is_quoted_with_its_author(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    said = scene.ben.say("general", "students see 500s")
    ts = scene.ana.forward("general", said, channel.id, "since when?")
    tagged(scene, channel, ts)
    stored = scene.message(channel.id, ts)
    assert stored is not None
    assert stored.text == f"since when?\nFrom <@{scene.ben.id}>:\n> students see 500s"
    report = draft(bot, scene, channel)
    assert "since when?\nFrom ben:\n\n> students see 500s" in report


def test_a_preview_that_slack_adds_is_no_edit(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    """Slack changes a message that has a link, for a preview or for the message that it leads to."""
    channel = scene.declare()
    url = "https://practice.slack.com/archives/C9/p1"
    ts = scene.ana.say(channel.id, f"see {url}")
    linked = {"is_msg_unfurl": True, "from_url": url, "author_name": "Ben", "text": "it is back"}
    preview = {"from_url": "https://x.y", "service_name": "X", "title": "Page", "text": "words"}
    slack.amend(channel.id, ts, attachments=[preview])
    slack.amend(channel.id, ts, attachments=[preview, linked])
    quoted = f"see <{url}>\nFrom Ben:\n> it is back"
    wait_until(lambda: scene.texts_of(channel.id, ts) == [quoted], "the quoted message")
    read_all(bot.services.backfill, bot.store)
    assert scene.texts_of(channel.id, ts) == [quoted], "no revision"


def test_what_an_app_rewrites_is_an_edit(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    """An app's edit may have no mark: what differs is one, from events and in history."""
    channel = scene.declare()
    bot.ticks.stop()
    ts = slack.alert(channel.id, text="firing")
    slack.amend(channel.id, ts, text="half of them fire")
    wait_until(lambda: len(scene.texts_of(channel.id, ts)) == 2, "the edit's event")
    slack.faults = [deaf]
    slack.amend(channel.id, ts, text="resolved")
    read_all(bot.services.backfill, bot.store)
    assert scene.texts_of(channel.id, ts) == ["firing", "half of them fire"], "history may lag"
    read_twice(bot.services.backfill, bot.store)
    said = ["firing", "half of them fire", "resolved"]
    assert scene.texts_of(channel.id, ts) == said


def test_the_shortcut_records_an_edit_without_a_mark(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    bot.ticks.stop()
    ts = slack.alert(channel.id, text="firing")
    wait_until(lambda: scene.message(channel.id, ts), "the alert")
    slack.faults = [deaf]
    slack.amend(channel.id, ts, text="resolved")
    scene.ana.shortcut("add_to_timeline", channel.id, ts)
    wait_until(lambda: scene.texts_of(channel.id, ts) == ["firing", "resolved"], "the edit")
