"""The app's Home: opened from the rail, published by a real Bolt app, pressed and filled in."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import Ack, App
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]
Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def home(title: str) -> Json:
    return {
        "type": "home",
        "blocks": [
            {"type": "header", "text": plain(title)},
            {
                "type": "input",
                "block_id": "filter",
                "dispatch_action": True,
                "label": plain("Filter"),
                "element": {"type": "plain_text_input", "action_id": "filter"},
            },
            {
                "type": "actions",
                "block_id": "do",
                "elements": [
                    {"type": "button", "action_id": "close_all", "text": plain("Close all")}
                ],
            },
        ],
    }


@pytest.fixture(scope="module")
def heard(app: App, client: WebClient) -> list[Json]:
    """Events the app received. It publishes the Home on each open and each action."""
    events: list[Json] = []

    @app.event("app_home_opened")
    def opened(event: Json) -> None:
        events.append(event)
        if event["tab"] == "home":
            client.views_publish(user_id=event["user"], view=home("Two incidents"))

    @app.action("close_all")
    def pressed(ack: Ack, body: Json) -> None:
        ack()
        events.append(body)
        client.views_publish(user_id=body["user"]["id"], view=home("Nothing is open"))

    @app.action("filter")
    def filtered(ack: Ack, body: Json, action: Json) -> None:
        ack()
        events.append(body)
        title = f"Only {action['value']}"
        client.views_publish(user_id=body["user"]["id"], view=home(title))

    return events


def test_the_home_is_opened_published_and_used(
    sandbox: SlackSandbox, open_page: OpenPage, heard: list[Json]
) -> None:
    page = open_page("ana")
    page.get_by_test_id("app-link").click()
    shown = page.get_by_test_id("home")
    expect(shown.get_by_role("heading", name="Two incidents")).to_be_visible()
    expect(page.get_by_test_id("channel-name")).to_contain_text("mayday")
    expect(page.get_by_test_id("app-link")).to_have_attribute("aria-current", "page")
    # Other people's events from another test may still arrive.
    [event] = [each for each in heard if each["user"] == sandbox.person("ana").id]
    assert (event["type"], event["tab"]) == ("app_home_opened", "home")

    shown.get_by_label("Filter").fill("datahub")
    shown.get_by_label("Filter").press("Enter")
    expect(shown.get_by_role("heading", name="Only datahub")).to_be_visible()
    expect(shown.get_by_label("Filter")).to_have_value("datahub")
    expect(shown.get_by_label("Filter")).to_be_focused()

    shown.get_by_role("button", name="Close all").click()
    expect(shown.get_by_role("heading", name="Nothing is open")).to_be_visible()
    pressed = heard[-1]
    assert pressed["container"]["type"] == "view"
    assert pressed["view"]["type"] == "home"
    state = pressed["view"]["state"]["values"]["filter"]["filter"]
    assert state == {"type": "plain_text_input", "value": "datahub"}


def test_the_messages_tab_is_the_talk_with_the_app(
    sandbox: SlackSandbox, open_page: OpenPage, heard: list[Json], client: WebClient
) -> None:
    page = open_page("ben")
    direct = client.conversations_open(users=[sandbox.person("ben").id])["channel"]["id"]
    client.chat_postMessage(channel=direct, text="Good evening, Ben")
    page.get_by_test_id("app-link").click()
    expect(page.get_by_test_id("home")).to_contain_text("Two incidents")
    page.get_by_test_id("tab-messages").click()
    expect(page.get_by_test_id("message")).to_contain_text("Good evening, Ben")
    expect(page.get_by_test_id("tab-messages")).to_have_attribute("aria-current", "page")
    page.get_by_test_id("composer").fill("hello")
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("message").last).to_contain_text("hello")
    assert sandbox.messages(str(direct))[-1]["text"] == "hello"


def test_a_home_is_drawn_anew_while_one_looks_and_is_ones_own(
    sandbox: SlackSandbox, open_page: OpenPage, heard: list[Json], client: WebClient
) -> None:
    chidi, dora = open_page("chidi"), open_page("dora")
    for page in (chidi, dora):
        page.get_by_test_id("app-link").click()
        expect(page.get_by_test_id("home")).to_contain_text("Two incidents")
    client.views_publish(user_id=sandbox.person("chidi").id, view=home("<b>For Chidi</b>"))
    expect(chidi.get_by_test_id("home")).to_contain_text("<b>For Chidi</b>")
    expect(dora.get_by_test_id("home")).to_contain_text("Two incidents")
    chidi.reload()
    chidi.wait_for_selector("body.ready")
    expect(chidi.get_by_test_id("home")).to_contain_text("Two incidents")
    chidi.get_by_test_id("channel-link").filter(has_text="general").click()
    expect(chidi.get_by_test_id("home")).to_have_count(0)


def test_an_app_without_a_home_has_messages_alone(browser: Any) -> None:
    tabs = {"home_tab_enabled": False, "messages_tab_read_only_enabled": True}
    manifest = {"display_information": {"name": "mayday"}, "features": {"app_home": tabs}}
    with SlackSandbox(manifest=manifest) as sandbox:
        page = browser.new_page()
        page.goto(f"{sandbox.url}?as={sandbox.person('ana').id}")
        page.get_by_test_id("app-link").click()
        expect(
            page.get_by_text("Sending messages to this app has been turned off.")
        ).to_be_visible()
        expect(page.get_by_test_id("tab-home")).to_have_count(0)
        expect(page.get_by_test_id("composer")).to_have_count(0)
        page.close()
