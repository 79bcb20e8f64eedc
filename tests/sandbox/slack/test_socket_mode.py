"""A real Bolt app over Socket Mode: events, acknowledgements, redelivery, reconnecting."""

from typing import Any

from slack_bolt import App

from sandbox.slack import SlackSandbox, Upload, drop_after, on_delivery


def test_a_message_reaches_the_app_and_its_answer_stands_in_the_thread(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    @app.message("proxy")
    def answer(message: dict[str, Any], say: Any) -> None:
        say(text="Looking.", thread_ts=message["ts"])

    connect(app)
    ts = slack.person("ana").say("hub-ops", "the proxy is gone")
    slack.wait_for(lambda: len(slack.messages("hub-ops")) == 2)

    said, answered = slack.messages("hub-ops")
    assert said["ts"] == ts
    assert (said["reply_count"], said["latest_reply"]) == (1, answered["ts"])
    assert (answered["text"], answered["thread_ts"]) == ("Looking.", ts)
    assert answered["user"] == slack.bot_user_id


def test_every_kind_of_message_event_reaches_the_app(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    seen: list[dict[str, Any]] = []

    @app.event("message")
    def note(event: dict[str, Any]) -> None:
        seen.append(event)

    connect(app)
    ana = slack.person("ana")
    ts = ana.say("hub-ops", "one")
    ana.edit("hub-ops", ts, "two")
    ana.say("hub-ops", "sighs", files=[Upload(name="log.txt", content=b"EPIPE")])
    ana.delete("hub-ops", ts)
    app.client.conversations_setTopic(channel=slack.channel("hub-ops").id, topic="on fire")
    slack.wait_for(lambda: len(seen) >= 4 and len(slack.deliveries) >= 5)

    by_subtype = {event.get("subtype"): event for event in seen}
    assert set(by_subtype) == {
        None,
        "message_changed",
        "file_share",
        "message_deleted",
    }
    changed = by_subtype["message_changed"]
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("two", "one")
    assert changed["message"]["edited"]["user"] == ana.id
    assert by_subtype["message_deleted"]["deleted_ts"] == ts
    # Bolt ignores its own bot's events.
    topics = [delivered.payload["event"].get("topic") for delivered in slack.deliveries]
    assert "on fire" in topics


def test_an_event_whose_acknowledgement_was_lost_comes_again_with_the_same_id(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    slack.redeliver_after(0.0, 0.0)
    slack.faults.append(on_delivery("message", drop_after(), numbers=(1,)))
    connect(app)
    slack.person("ana").say("hub-ops", "hello")
    slack.wait_for(lambda: len(slack.deliveries) == 2)

    first, second = slack.deliveries
    assert (first.acked, second.acked) == (False, True)
    assert first.payload["event_id"] == second.payload["event_id"]
    assert (first.attempt, second.attempt) == (0, 1)


def test_an_event_reaches_only_one_of_several_sockets(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    connect(app)
    connect(app)
    for number in range(4):
        slack.person("ana").say("hub-ops", f"message {number}")
    slack.wait_for(lambda: len(slack.deliveries) >= 4)

    ids = [delivered.payload["event_id"] for delivered in slack.deliveries]
    assert len(ids) == len(set(ids)) == 4


def test_nothing_is_kept_for_an_app_that_is_away(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    slack.person("ana").say("hub-ops", "while you were out")
    slack.wait_for(lambda: len(slack.deliveries) == 1)
    assert not slack.deliveries[0].reached

    connect(app)
    slack.person("ana").say("hub-ops", "now you are here")
    slack.wait_for(lambda: any(delivered.acked for delivered in slack.deliveries))
    acked = [
        delivered.payload["event"]["text"] for delivered in slack.deliveries if delivered.acked
    ]
    assert acked == ["now you are here"]


def test_an_app_that_is_told_to_reconnect_does(slack: SlackSandbox, app: App, connect: Any) -> None:
    connect(app)
    slack.disconnect("refresh_requested")
    slack.wait_for(lambda: slack.socket_count == 1)
    slack.person("ana").say("hub-ops", "still there?")
    slack.wait_for(lambda: any(delivered.acked for delivered in slack.deliveries))


def test_the_bot_hears_nothing_from_a_private_channel_it_is_not_in(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    connect(app)
    ana = slack.person("ana")
    secret = ana.create_channel("secret", private=True)
    ana.say(secret, "not for bots")
    ana.say("hub-ops", "for bots")
    slack.wait_for(lambda: len(slack.deliveries) == 1)
    assert slack.deliveries[0].payload["event"]["text"] == "for bots"


def test_a_frame_that_is_too_large_ends_the_socket_and_the_command_comes_again(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    lengths = [21_000, 20_000]
    came: list[str] = []

    @app.command("/incident")
    def answer(ack: Any, body: dict[str, Any]) -> None:
        came.append(body["trigger_id"])
        ack(text="x" * lengths[len(came) - 1])

    connect(app)
    connect(app)  # this one gets it at once, where the other has to reconnect
    reply = slack.person("ana").command("hub-ops", "/incident list")
    assert reply is not None
    assert len(reply["text"]) == 20_000
    assert (len(came), len(set(came))) == (2, 1)
