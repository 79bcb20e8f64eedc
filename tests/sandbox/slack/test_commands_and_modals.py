"""Slash commands, modals, buttons and shortcuts, with a real Bolt app at the other end."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from sandbox.slack import PersonError, SlackSandbox

Forms = tuple[Callable[..., dict[str, Any]], Callable[..., dict[str, Any]]]

BUTTON = {
    "type": "actions",
    "block_id": "choices",
    "elements": [
        {
            "type": "button",
            "action_id": "confirm",
            "value": "yes",
            "text": {"type": "plain_text", "text": "Do it"},
        },
        {
            "type": "static_select",
            "action_id": "severity",
            "options": [
                {"text": {"type": "plain_text", "text": name}, "value": name}
                for name in ("sev1", "sev2")
            ],
        },
    ],
}


def test_a_command_is_answered_where_only_the_person_sees_it(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    got: dict[str, Any] = {}

    @app.command("/incident")
    def incident(ack: Any, command: dict[str, Any]) -> None:
        got.update(command)
        ack("Which incident?")

    connect(app)
    ana = slack.person("ana")
    reply = ana.command("hub-ops", "/incident tell @ben about #general & more")

    assert reply == {"text": "Which incident?", "blocks": [], "response_type": "ephemeral"}
    ben, general = slack.person("ben").id, slack.channel("general").id
    assert got["text"] == f"tell <@{ben}|ben> about <#{general}|general> &amp; more"
    assert got["user_id"] == ana.id
    assert [message["text"] for message in ana.messages("hub-ops")] == ["Which incident?"]
    assert slack.person("ben").messages("hub-ops") == []
    assert slack.messages("hub-ops") == []


def test_slacks_own_commands_change_who_is_in_a_channel(slack: SlackSandbox) -> None:
    ana, ben = slack.person("ana"), slack.person("ben")
    place = ana.create_channel("quiet", private=True)
    ana.command(place, "/invite @ben")
    assert ben.user.id in slack.channel(place).members
    ana.command(place, "/remove @ben")
    assert ben.user.id not in slack.channel(place).members
    with pytest.raises(PersonError, match="nobody called @zoe"):
        ana.command(place, "/invite @zoe")
    ana.command(place, "/archive")
    assert slack.channel(place).is_archived


def test_a_command_fails_in_slacks_words(slack: SlackSandbox, app: App, connect: Any) -> None:
    ana = slack.person("ana")
    away = ana.command("hub-ops", "/incident list")
    assert away is not None
    assert away["text"] == "/incident failed because the app did not respond."

    slack.ack_seconds = 1.0
    connect(app)  # It has no listener for the command, so nothing acknowledges it.
    late = ana.command("hub-ops", "/incident list")
    assert late is not None
    assert late["text"] == '/incident failed with the error "operation_timeout"'
    with pytest.raises(PersonError, match="/nonsense is not a valid command"):
        ana.command("hub-ops", "/nonsense")


def test_a_modal_from_command_to_channel(
    slack: SlackSandbox, app: App, connect: Any, forms: Forms
) -> None:
    modal, text_input = forms
    got: list[dict[str, Any]] = []

    @app.command("/incident")
    def incident(ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        client.views_open(
            trigger_id=body["trigger_id"],
            view=modal(
                "declare",
                text_input("title", initial_value=body["text"]),
                text_input("summary", optional=True),
            ),
        )

    @app.view("declare")
    def declared(ack: Any, view: dict[str, Any]) -> None:
        got.append(view)
        title = view["state"]["values"]["title"]["title"]["value"]
        if len(title) < 5:
            ack(response_action="errors", errors={"title": "Say more."})
        else:
            ack()

    connect(app)
    ana = slack.person("ana")
    assert ana.command("hub-ops", "/incident hub") is None
    slack.wait_for(lambda: ana.views())
    [view] = ana.views()

    assert ana.submit(view["id"], {"title": ""}) == {
        "title": "Please complete this required field."
    }
    assert got == []
    assert ana.submit(view["id"], {"title": "hub"}) == {"title": "Say more."}
    assert ana.views()[0]["errors"] == {"title": "Say more."}
    assert ana.submit(view["id"], {"title": "hub is down"}) == {}
    assert ana.views() == []
    assert got[-1]["state"]["values"]["summary"]["summary"] == {
        "type": "plain_text_input",
        "value": None,
    }


def test_what_stands_in_an_input_from_the_start_is_submitted(
    slack: SlackSandbox, app: App, connect: Any, forms: Forms
) -> None:
    modal, text_input = forms
    titles: list[str] = []

    @app.shortcut("declare")
    def declare(ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        view = modal("declare", text_input("title", initial_value="Proxy evicted"))
        client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("declare")
    def declared(ack: Any, view: dict[str, Any]) -> None:
        titles.append(view["state"]["values"]["title"]["title"]["value"])
        ack()

    connect(app)
    ana = slack.person("ana")
    ana.shortcut("declare")
    slack.wait_for(lambda: ana.views())
    ana.submit(ana.views()[0]["id"])
    assert titles == ["Proxy evicted"]


def test_a_modal_is_updated_by_the_answer_to_its_submission(
    slack: SlackSandbox, app: App, connect: Any, forms: Forms
) -> None:
    modal, text_input = forms

    @app.command("/incident")
    def incident(ack: Any, body: dict[str, Any], client: Any) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=modal("one", text_input("a")))
        ack()

    @app.view("one")
    def one(ack: Any) -> None:
        ack(response_action="update", view=modal("two", text_input("b")))

    @app.view("two")
    def two(ack: Any, view: dict[str, Any]) -> None:
        if view["state"]["values"]["b"]["b"]["value"] == "push":
            ack(response_action="push", view=modal("three", text_input("c")))
        else:
            ack()

    connect(app)
    ana = slack.person("ana")
    ana.command("hub-ops", "/incident")
    [first] = ana.views()
    ana.submit(first["id"], {"a": "x"})
    [second] = ana.views()
    assert (second["callback_id"], second["id"]) == ("two", first["id"])
    with pytest.raises(PersonError, match="trouble connecting"):
        ana.submit(second["id"], {"b": "push"})
    ana.submit(second["id"], {"b": "x"})
    assert ana.views() == []


def test_views_update_keeps_what_was_typed_and_watches_the_hash(
    slack: SlackSandbox, app: App, connect: Any, forms: Forms
) -> None:
    modal, text_input = forms

    @app.shortcut("declare")
    def declare(ack: Any, body: dict[str, Any], client: Any) -> None:
        view = modal("form", BUTTON, text_input("title"))
        client.views_open(trigger_id=body["trigger_id"], view=view)
        ack()

    @app.action("severity")
    def severity(ack: Any, body: dict[str, Any], client: Any) -> None:
        chosen = body["view"]["state"]["values"]["choices"]["severity"]["selected_option"]["value"]
        view = modal(chosen, text_input("title"), text_input("extra", optional=True))
        client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)
        ack()

    connect(app)
    ana = slack.person("ana")
    ana.shortcut("declare")
    [before] = ana.views()
    ana.view_press(before["id"], "severity", value="sev1", values={"title": "half typed"})
    [after] = ana.views()
    assert after["callback_id"] == "sev1"
    assert after["state"]["values"]["title"]["title"]["value"] == "half typed"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        app.client.views_update(view_id=after["id"], hash=before["hash"], view=modal("late"))
    with pytest.raises(SlackApiError, match="not_found"):
        app.client.views_update(view_id="nothing", view=modal("late"))


def test_a_button_in_a_message_and_the_answer_by_response_url(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    got: dict[str, Any] = {}

    @app.action("confirm")
    def confirm(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        got.update(body)
        respond(text="Done.", replace_original=True)

    connect(app)
    posted = app.client.chat_postMessage(channel="#hub-ops", text="Sure?", blocks=[BUTTON])
    ben = slack.person("ben")
    ben.press("hub-ops", posted["ts"], "confirm", values={"choices": {"severity": "sev2"}})
    slack.wait_for(lambda: slack.messages("hub-ops")[0]["text"] == "Done.")

    assert got["actions"][0]["value"] == "yes"
    assert got["user"]["id"] == ben.id
    assert got["container"]["message_ts"] == got["message"]["ts"] == posted["ts"]
    assert got["state"]["values"]["choices"]["severity"]["selected_option"]["value"] == ("sev2")


def test_a_button_in_an_ephemeral_message(slack: SlackSandbox, app: App, connect: Any) -> None:
    got: dict[str, Any] = {}

    @app.action("confirm")
    def confirm(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        got.update(body)
        respond(delete_original=True)

    connect(app)
    ben = slack.person("ben")
    channel = slack.channel("hub-ops").id
    app.client.chat_postEphemeral(channel=channel, user=ben.id, text="Sure?", blocks=[BUTTON])
    [whisper] = ben.messages("hub-ops")
    assert whisper["ephemeral"]
    ben.press("hub-ops", whisper["ts"], "confirm")
    slack.wait_for(lambda: not ben.messages("hub-ops"))
    assert got["container"]["is_ephemeral"]
    assert "message" not in got


def test_a_message_shortcut_carries_the_message(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    got: dict[str, Any] = {}

    @app.shortcut("add_to_timeline")
    def add(ack: Any, body: dict[str, Any]) -> None:
        got.update(body)
        ack()

    connect(app)
    ts = slack.person("ben").say("hub-ops", "routes are gone")
    slack.person("ana").shortcut("add_to_timeline", "hub-ops", ts)
    assert got["type"] == "message_action"
    assert (got["message"]["text"], got["message_ts"]) == ("routes are gone", ts)


def test_a_trigger_is_good_once_and_for_three_seconds(
    slack: SlackSandbox, app: App, connect: Any, forms: Forms
) -> None:
    modal, text_input = forms
    triggers: list[str] = []

    @app.command("/incident")
    def incident(ack: Any, body: dict[str, Any]) -> None:
        triggers.append(body["trigger_id"])
        ack()

    connect(app)
    ana = slack.person("ana")
    ana.command("hub-ops", "/incident")
    view = modal("form", text_input("title"))
    app.client.views_open(trigger_id=triggers[0], view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        app.client.views_open(trigger_id=triggers[0], view=view)

    slack.trigger_seconds = 0.0
    ana.command("hub-ops", "/incident")
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        app.client.views_open(trigger_id=triggers[1], view=view)


def test_a_command_cannot_be_run_in_a_thread(slack: SlackSandbox) -> None:
    ana = slack.person("ana")
    ts = ana.say("hub-ops", "a thread")
    with pytest.raises(PersonError, match="not supported in threads"):
        ana.say("hub-ops", "/incident list", thread_ts=ts)


def test_up_to_three_modals_lie_on_each_other(
    slack: SlackSandbox, app: App, connect: Any, forms: Forms
) -> None:
    modal, text_input = forms
    refused: list[str] = []

    @app.shortcut("declare")
    def declare(ack: Any, body: dict[str, Any], client: Any) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=modal("1", BUTTON, text_input("a")))
        ack()

    @app.action("confirm")
    def confirm(ack: Any, body: dict[str, Any], client: Any) -> None:
        view = modal(str(int(body["view"]["callback_id"]) + 1), BUTTON, text_input("a"))
        try:
            client.views_push(trigger_id=body["trigger_id"], view=view)
        except SlackApiError as exc:
            refused.append(exc.response["error"])
        ack()

    @app.view("3")
    def three(ack: Any) -> None:
        ack()

    connect(app)
    ana = slack.person("ana")
    ana.shortcut("declare")
    for _ in range(3):
        ana.view_press(ana.views()[-1]["id"], "confirm")
    first, second, third = ana.views()
    assert refused == ["push_limit_reached"]
    assert (third["previous_view_id"], third["root_view_id"]) == (second["id"], first["id"])
    assert ana.submit(third["id"], {"a": "x"}) == {}
    assert [view["id"] for view in ana.views()] == [first["id"], second["id"]]
    ana.close_view(first["id"])
    assert ana.views() == []
