"""Every message is stored with Slack's permalink."""

from __future__ import annotations

from slack_sdk import WebClient

from tests.support.bot import Scene


def test_addresses_are_those_that_slack_gives(scene: Scene) -> None:
    channel = scene.declare()
    parent = scene.ana.say(channel.name, "students see 500s")
    scene.ben.join(channel.name)
    reply = scene.ben.say(channel.name, "on every node?", thread_ts=parent)
    own = scene.posts(channel.name, "card")[0]["ts"]
    said = {parent, reply, own}
    scene.until(lambda: said <= {m.ts for m in scene.messages(channel.id)}, "all are stored")
    client = WebClient(token=scene.slack.bot_token, base_url=scene.slack.api_url)
    for ts in said:
        stored = scene.message(channel.id, ts)
        assert stored is not None
        answer = client.chat_getPermalink(channel=channel.id, message_ts=ts)
        assert stored.permalink == answer["permalink"]
