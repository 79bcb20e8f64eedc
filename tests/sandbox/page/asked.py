"""A real Bolt app that opens any form and keeps the values it receives."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_bolt import Ack, App
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox
from tests.sandbox.page.all_inputs import every_input, option, plain

OpenPage = Callable[..., Page]
Json = dict[str, Any]

RUNBOOKS = ("resync-routes", "restart-proxy", "force-delete-stuck-servers")


@pytest.fixture(scope="module")
def listening(app: App, client: WebClient, forms: list[Json]) -> Json:
    """Values the app reads from its forms. The app returns `errors` once, if set."""
    values: Json = {}

    @app.shortcut("declare")
    def opened(ack: Ack, body: Json) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=forms[-1])

    @app.options("value")
    def runbooks(ack: Ack, payload: Json) -> None:
        found = [option(name) for name in RUNBOOKS if payload["value"] in name]
        groups = [
            {"label": plain("Routes"), "options": found[:1]},
            {"label": plain("Servers"), "options": found[1:]},
        ]
        ack(option_groups=[group for group in groups if group["options"]])

    @app.options("label")
    def labels(ack: Ack, payload: Json) -> None:
        ack(options=[option(f"{payload['value']}-{at}") for at in range(3)])

    @app.action("asked")
    def dispatched(ack: Ack, action: Json) -> None:
        # Record the action before the ack: the page does not wait for this thread after it.
        values.setdefault("actions", []).append(action)
        ack()

    @app.view("every_input")
    def sent(ack: Ack, view: Json) -> None:
        errors = values.pop("errors", None)
        if errors:
            ack(response_action="errors", errors=errors)
            return
        values.update(view["state"]["values"])
        ack()

    return values


@pytest.fixture
def read(sandbox: SlackSandbox, listening: Json) -> Iterator[Json]:
    """Values the app read in the test."""
    listening.clear()
    yield listening
    for view in sandbox.person("ana").views():
        sandbox.person("ana").close_view(view["id"])


@pytest.fixture(scope="module")
def forms() -> list[Json]:
    """The shortcut opens the last form in this list."""
    return []


@pytest.fixture
def modal(
    sandbox: SlackSandbox, open_page: OpenPage, forms: list[Json], read: Json
) -> Callable[..., Locator]:
    """Opens a form for Ana with every input, or only these blocks."""

    def opened(*blocks: Json) -> Locator:
        form = every_input(person=sandbox.person("ana").id)
        forms.append({**form, "blocks": list(blocks)} if blocks else form)
        page = open_page("ana", "incidents")
        sandbox.person("ana").shortcut("declare")
        dialog = page.get_by_test_id("modal")
        expect(dialog).to_be_visible()
        return dialog

    return opened


def send(dialog: Locator) -> None:
    """Submit the form."""
    dialog.get_by_test_id("modal-submit").click()


def value(read: Json, name: str) -> Any:
    """The app's value of one input."""
    state = dict(read[name]["value"])
    state.pop("type")
    [value] = state.values()
    return value
