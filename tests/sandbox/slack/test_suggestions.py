"""External selects: options that a real Bolt app supplies."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import Ack, App

from sandbox.slack import PersonError, SlackSandbox

Forms = tuple[Callable[..., dict[str, Any]], Callable[..., dict[str, Any]]]


def option(name: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": name}, "value": name}


PICK: dict[str, Any] = {
    "type": "input",
    "block_id": "hub",
    "label": {"type": "plain_text", "text": "Hub"},
    "element": {"type": "external_select", "action_id": "pick", "min_query_length": 2},
}


@pytest.fixture
def view_id(slack: SlackSandbox, app: App, connect: Any, forms: Forms) -> str:
    """Ana's form; the app suggests hubs that match the text."""
    modal, _ = forms

    def offer(ack: Ack, payload: dict[str, Any]) -> None:
        typed = payload["value"]
        hubs = [option(name) for name in ("datahub", "data8", "biohub") if typed in name]
        ack(options=[{"text": "no option"}] if typed == "broken" else hubs)

    app.options("pick")(offer)
    app.command("/incident")(
        lambda ack, body, client: (
            ack(),
            client.views_open(trigger_id=body["trigger_id"], view=modal("form", PICK)),
        )
    )
    app.view("form")(lambda ack: ack())
    connect(app)
    ana = slack.person("ana")
    ana.command("hub-ops", "/incident")
    slack.wait_for(lambda: bool(ana.views()))
    return str(ana.views()[0]["id"])


def test_what_is_typed_is_asked_of_the_app(slack: SlackSandbox, view_id: str) -> None:
    ana = slack.person("ana")
    [group] = ana.suggest(view_id, "pick", "data")
    offered = group["options"]
    assert [each["value"] for each in offered] == ["datahub", "data8"]
    chosen = {"hub": {"pick": {"selected_option": offered[1]}}}
    assert ana.submit(view_id, chosen) == {}
    sent = slack.deliveries[-1].payload["view"]["state"]["values"]["hub"]["pick"]
    assert sent == {"type": "external_select", "selected_option": option("data8")}


def test_too_little_is_not_asked(slack: SlackSandbox, view_id: str) -> None:
    before = len(slack.deliveries)
    assert slack.person("ana").suggest(view_id, "pick", "d") == []
    assert len(slack.deliveries) == before


def test_nonsense_is_shown_as_nothing(slack: SlackSandbox, view_id: str) -> None:
    assert slack.person("ana").suggest(view_id, "pick", "broken") == []


def test_another_persons_form_is_closed_to_one(slack: SlackSandbox, view_id: str) -> None:
    with pytest.raises(PersonError, match="closed"):
        slack.person("ben").suggest(view_id, "pick", "data")


def test_a_select_in_a_message_gets_the_apps_groups(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    def group(name: str, *options: str) -> dict[str, Any]:
        label = {"type": "plain_text", "text": name}
        return {"label": label, "options": [option(each) for each in options]}

    groups = [group("Teaching", "datahub", "data8"), group("Research", "biohub")]
    app.options("pick")(lambda ack: ack(option_groups=groups))
    connect(app)
    actions = {"type": "actions", "block_id": "b", "elements": [PICK["element"]]}
    channel = slack.channel("hub-ops").id
    ana = slack.person("ana")
    ts = str(app.client.chat_postMessage(channel=channel, text="x", blocks=[actions])["ts"])
    assert ana.suggest(("hub-ops", ts), "pick", "hub") == groups


def test_a_select_that_only_one_person_sees(slack: SlackSandbox, app: App, connect: Any) -> None:
    app.options("pick")(lambda ack: ack(options=[option("datahub")]))
    connect(app)
    actions = {"type": "actions", "block_id": "b", "elements": [PICK["element"]]}
    ana, channel = slack.person("ana"), slack.channel("hub-ops").id
    app.client.chat_postEphemeral(channel=channel, user=ana.id, text="x", blocks=[actions])
    [whisper] = ana.messages("hub-ops")
    [offered] = ana.suggest(("hub-ops", whisper["ts"]), "pick", "data")
    assert offered == {"label": None, "options": [option("datahub")]}
    asked = slack.deliveries[-1].payload
    assert asked["container"]["is_ephemeral"] is True
    assert "message" not in asked
