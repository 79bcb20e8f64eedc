"""A browser on the sandbox's page, with a small real Bolt app behind it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
)
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox
from tests.support.app_manifest import APP_MANIFEST
from tests.support.browser import chromium
from tests.support.waiting import UNHURRIED

NOW = datetime(2017, 2, 24, 5, 10, 57, tzinfo=UTC)
"""The evening of 23 February 2017 in California, the morning of the 24th in Berlin."""

_COMMAND = {
    "command": "/incident",
    "description": "Declare and run an incident",
    "usage_hint": "declare [title]",
    "should_escape": True,
}

_WINDOW: ViewportSize = {"width": 1280, "height": 800}

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SlackSandbox]:
    """A practice workspace with a fixed clock, so that displayed times are known."""
    # Pages load slowly while the whole suite runs in parallel.
    expect.set_options(timeout=15_000)
    features = {**APP_MANIFEST["features"], "slash_commands": [_COMMAND]}
    manifest = {**APP_MANIFEST, "features": features}
    with SlackSandbox(clock=lambda: NOW, manifest=manifest) as running:
        running.ack_seconds = running.trigger_seconds = UNHURRIED
        yield running


@pytest.fixture(scope="module")
def client(sandbox: SlackSandbox) -> WebClient:
    """The Web API as the bot."""
    return WebClient(token=sandbox.bot_token, base_url=sandbox.api_url)


@pytest.fixture(scope="module")
def app(sandbox: SlackSandbox, client: WebClient) -> Iterator[App]:
    """A Bolt app, connected by Socket Mode: a command, a modal, a button, a shortcut."""
    bolt = App(client=client, signing_secret=sandbox.signing_secret)
    _listen(bolt)
    handler = SocketModeHandler(bolt, app_token=sandbox.app_token)
    handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
    sandbox.wait_for(lambda: sandbox.bot_connected, what="the app's connection")
    yield bolt
    handler.close()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped


def _listen(bolt: App) -> None:
    @bolt.command("/incident")
    def incident(ack: Ack, body: dict[str, str], client: WebClient, respond: Respond) -> None:
        ack()
        if body["text"] == "kinds":
            client.views_open(trigger_id=body["trigger_id"], view=kinds_view(None))
        elif body["text"].startswith("declare"):
            title = body["text"].removeprefix("declare").strip()
            client.views_open(trigger_id=body["trigger_id"], view=declare_view(title))
        else:
            respond(text=f"Nothing is open, <@{body['user_id']}>.", response_type="ephemeral")

    @bolt.view("declare")
    def declared(ack: Ack, body: dict[str, dict[str, object]], client: WebClient) -> None:
        view = bolt_view(body)
        if view["title"] == "bad":
            ack(response_action="errors", errors={"title": "Say what users see."})
            return
        ack()
        client.chat_postMessage(
            channel="#incidents",
            text=f"Declared: {view['title']}",
            blocks=[
                {
                    "type": "section",
                    "block_id": "said",
                    "text": {"type": "mrkdwn", "text": f"*{view['title']}* is {view['severity']}"},
                },
                {
                    "type": "actions",
                    "block_id": "do",
                    "elements": [
                        {
                            "type": "button",
                            "action_id": "take",
                            "style": "primary",
                            "text": {"type": "plain_text", "text": "Take it"},
                        }
                    ],
                },
            ],
        )

    @bolt.action("kind")
    def kind(ack: Ack, body: dict[str, dict[str, str]], action: dict[str, Any]) -> None:
        ack()
        view = kinds_view(action["selected_option"]["value"])
        client = bolt.client
        client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    @bolt.action("other")
    def other(ack: Ack, body: dict[str, str]) -> None:
        ack()
        bolt.client.views_open(trigger_id=body["trigger_id"], view=declare_view("another"))

    @bolt.view("kinds")
    def chosen(ack: Ack, view: dict[str, Any], client: WebClient) -> None:
        ack()
        values = view["state"]["values"]
        chosen = values["what"]["value"]["selected_options"]
        day = values["day"]["value"]["selected_date"]
        what = ", ".join(option["value"] for option in chosen)
        client.chat_postMessage(channel="#incidents", text=f"Chosen for {day}: {what}")

    @bolt.action("take")
    def taken(ack: Ack, body: dict[str, dict[str, str]], client: WebClient) -> None:
        ack()
        text = f"Taken by <@{body['user']['id']}>"
        container = body["container"]
        client.chat_update(
            channel=container["channel_id"],
            ts=container["message_ts"],
            text=text,
            blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
        )

    @bolt.shortcut("add_to_timeline")
    def kept(ack: Ack, body: dict[str, dict[str, str]], client: WebClient) -> None:
        ack()
        client.chat_postEphemeral(
            channel=body["channel"]["id"],
            user=body["user"]["id"],
            text=f"Kept: {body['message']['text']}",
        )

    @bolt.event("message")
    def heard(body: dict[str, object]) -> None:
        pass  # Acknowledge, so that the double does not deliver it again.


def declare_view(title: str) -> dict[str, object]:
    """A modal with a filled title and a severity."""
    choices = [
        {"text": {"type": "plain_text", "text": text}, "value": text.split()[0]}
        for text in ("sev1 all users", "sev2 some users")
    ]
    return {
        "type": "modal",
        "callback_id": "declare",
        "title": {"type": "plain_text", "text": "Declare an incident"},
        "submit": {"type": "plain_text", "text": "Declare"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            {
                "type": "input",
                "block_id": "title",
                "label": {"type": "plain_text", "text": "Title"},
                "hint": {"type": "plain_text", "text": "It names the channel."},
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    **({"initial_value": title} if title else {}),
                },
            },
            {
                "type": "input",
                "block_id": "severity",
                "label": {"type": "plain_text", "text": "Severity"},
                "element": {
                    "type": "static_select",
                    "action_id": "value",
                    "initial_option": choices[1],
                    "options": choices,
                },
            },
        ],
    }


def kinds_view(chosen: str | None) -> dict[str, object]:
    """A modal that adds a line for a chosen kind; its button opens another modal."""
    options = [{"text": {"type": "plain_text", "text": text}, "value": text} for text in "ab"]
    line = {"type": "section", "text": {"type": "mrkdwn", "text": f"You chose {chosen}."}}
    return {
        "type": "modal",
        "callback_id": "kinds",
        "title": {"type": "plain_text", "text": "Kinds"},
        "blocks": [
            {
                "type": "input",
                "optional": True,
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "value"},
            },
            {
                "type": "input",
                "optional": True,
                "dispatch_action": True,
                "block_id": "kind",
                "label": {"type": "plain_text", "text": "Kind"},
                "element": {"type": "static_select", "action_id": "kind", "options": options},
            },
            {
                "type": "input",
                "block_id": "what",
                "label": {"type": "plain_text", "text": "What"},
                "element": {
                    "type": "multi_static_select",
                    "action_id": "value",
                    "options": options,
                },
            },
            {
                "type": "input",
                "block_id": "day",
                "label": {"type": "plain_text", "text": "Day"},
                "element": {"type": "datepicker", "action_id": "value"},
            },
            *([line] if chosen else []),
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "other",
                        "text": {"type": "plain_text", "text": "Other"},
                        "confirm": {
                            "title": {"type": "plain_text", "text": "Sure?"},
                            "text": {"type": "plain_text", "text": "It opens another."},
                            "confirm": {"type": "plain_text", "text": "Yes"},
                            "deny": {"type": "plain_text", "text": "No"},
                        },
                    }
                ],
            },
        ],
        "submit": {"type": "plain_text", "text": "Done"},
    }


def bolt_view(body: dict[str, dict[str, object]]) -> dict[str, str]:
    """Returns the declare modal's values."""
    state = body["view"]["state"]
    assert isinstance(state, dict)
    values = state["values"]
    return {
        "title": values["title"]["value"]["value"],
        "severity": values["severity"]["value"]["selected_option"]["value"],
    }


def note_found(page: Page) -> Callable[[Locator], None]:
    """Records highlighted messages; returns a function that waits for one of them."""
    page.evaluate(
        """() => {
          window.lit = [];
          const note = ({ target }) => target.matches(".found") && lit.push(target.dataset.ts);
          new MutationObserver((all) => all.forEach(note)).observe(document, {
            subtree: true,
            attributeFilter: ["class"],
          });
        }"""
    )

    def wait(message: Locator) -> None:
        ts = message.get_attribute("data-ts")
        page.wait_for_function("ts => window.lit.includes(ts)", arg=ts)

    return wait


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser per module: DBOS cannot start in a thread that drives a browser."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def seasoned(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile that has seen the welcome. All pages of a module share its cache."""
    context = browser.new_context(viewport=_WINDOW)
    context.add_init_script("localStorage.setItem('mayday-sandbox-welcome-seen', 'yes')")
    yield context
    context.close()


@pytest.fixture
def open_page(
    sandbox: SlackSandbox, browser: Browser, seasoned: BrowserContext
) -> Iterator[OpenPage]:
    """Opens the page as a person. A script or console error fails the test."""
    problems: list[str] = []
    pages: list[Page] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            problems.append(said.text)

    def open_as(name: str, channel: str = "general", *, welcome: bool = False) -> Page:
        page = browser.new_page(viewport=_WINDOW) if welcome else seasoned.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", note)
        person = sandbox.person(name)
        page.goto(f"{sandbox.url}?as={person.id}#{sandbox.channel(channel).id}")
        page.wait_for_selector("body.ready")
        return page

    yield open_as
    for page in pages:
        page.close()
    assert problems == []
