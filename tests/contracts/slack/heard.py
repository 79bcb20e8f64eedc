"""A real Bolt app on a real Socket Mode connection that records every request."""

from __future__ import annotations

import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.contracts.slack.systems import Slack

WAIT = 10.0
"""Seconds."""

TOPIC = {
    "type": "input",
    "block_id": "topic",
    "label": {"type": "plain_text", "text": "Topic"},
    "element": {"type": "plain_text_input", "action_id": "topic", "initial_value": "proxy"},
}
IMPACT = {
    "type": "input",
    "block_id": "impact",
    "label": {"type": "plain_text", "text": "Impact"},
    "element": {"type": "plain_text_input", "action_id": "impact"},
}


def form(title: str = "A form", **more: Any) -> dict[str, Any]:
    """A modal with two inputs, one prefilled."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Send"},
        "private_metadata": "kept",
        "blocks": [TOPIC, IMPACT],
        **more,
    }


class Heard:
    """The requests of an app: ``/incident form`` opens the form ``opens``.

    The impact selects the answer: ``wrong`` returns errors, ``update`` updates the form, and
    others close it.
    """

    def __init__(self, slack: Slack) -> None:
        self.app = app = App(
            client=WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[]),
            signing_secret="unused",
            raise_error_for_unhandled_request=False,
        )
        self._bodies: list[Mapping[str, Any]] = []
        self._changed = threading.Condition()
        self.opens = form()
        self.views: list[dict[str, Any]] = []
        app.command("/incident")(self._command)
        app.view("form")(self._submission)
        app.shortcut(re.compile(".*"))(self._action)
        app.action(re.compile(".*"))(self._action)
        app.event(re.compile(".*"))(lambda body: self._note(body))

    def wait_for(self, wanted: Callable[[Mapping[str, Any]], bool]) -> Any:
        """The first matching body, including those received before."""
        found: list[Mapping[str, Any]] = []

        def look() -> bool:
            found[:] = [body for body in list(self._bodies) if wanted(body)]
            return bool(found)

        with self._changed:
            assert self._changed.wait_for(look, WAIT), f"not heard; heard were {self._bodies}"
        return found[0]

    def event(self, **of: object) -> Any:
        """The event with these fields."""
        body = self.wait_for(
            lambda body: (
                "event" in body
                and all(body["event"].get(key) == value for key, value in of.items())
            )
        )
        return body["event"]

    def view(self, number: int) -> dict[str, Any]:
        """The ``number``-th opened form, counted from 1."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.views) >= number, WAIT), "no form"
            return self.views[number - 1]

    def opened(self, slack: Slack, channel: str, **more: Any) -> dict[str, Any]:
        """A form that Ana opens with a command."""
        self.opens = form(**more)
        number = len(self.views) + 1
        slack.command(slack.ana, channel, "/incident form")
        return self.view(number)

    def _note(self, body: Mapping[str, Any]) -> None:
        with self._changed:
            self._bodies.append(body)
            self._changed.notify_all()

    def _command(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        self._note(body)
        if body["text"] != "form":
            return
        try:
            view = client.views_open(trigger_id=body["trigger_id"], view=self.opens)["view"]
        except SlackApiError as exc:
            view = {"error": exc.response["error"]}
        with self._changed:
            self.views.append(view)
            self._changed.notify_all()

    def _submission(self, ack: Ack, body: dict[str, Any]) -> None:
        state = body["view"]["state"]["values"]["impact"]["impact"]
        match state["value"]:
            case "wrong":
                ack(response_action="errors", errors={"impact": "Say what it is."})
            case "update" as action:
                ack(response_action=action, view=form("Another"))
            case _:
                ack()
        self._note(body)

    def _action(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self._note(body)


@contextmanager
def listening(slack: Slack) -> Iterator[Heard]:
    """Connect such an app; disconnect without Bolt's usual delays."""
    heard = Heard(slack)
    quiet = logging.getLogger("slack_sdk.contracts")
    quiet.setLevel(logging.CRITICAL)
    handler = SocketModeHandler(
        heard.app,
        app_token=slack.app_token,
        web_client=WebClient(base_url=slack.api_url),
        logger=quiet,
    )
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        yield heard
    finally:
        client = handler.client
        client.auto_reconnect_enabled = False
        client.closed = client.current_session_state.terminated = True
        if client.current_session is not None and client.current_session.sock is not None:
            # Otherwise its reader blocks on the socket.
            client.current_session.sock.shutdown(socket.SHUT_RDWR)
        client.message_queue.put(None)
        handler.close()  # type: ignore[no-untyped-call]
