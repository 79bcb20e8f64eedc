"""The Bolt app: what Slack delivers is kept, acknowledged and answered.

Bolt acknowledges an event before its listener runs, so events are committed by a middleware: a failure
there leaves them unacknowledged and Slack sends them again. Commands, buttons and forms are acknowledged
by :class:`Dispatcher`, after what they ask for is committed. Listeners have a pool of their own, since Bolt's
five threads serve everything and five slow ones would make a command miss its three seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import Ack, App, BoltResponse, Respond
from slack_sdk import WebClient

from bot.slack import interactions
from bot.slack.dispatcher import Dispatcher
from bot.slack.events import Events

COMMAND = "/incident"
LISTENERS = 20
SOCKET_MODE_SECRET = "unused: a socket is trusted by its token"  # noqa: S105
EVERYTHING = re.compile(".*")


def build(
    client: WebClient, *, signing_secret: str, events: Events, dispatcher: Dispatcher
) -> tuple[App, ThreadPoolExecutor]:
    """The app with everything registered, and the pool that its listeners run in.

    Nothing is asked of Slack before a request comes.
    """
    pool = ThreadPoolExecutor(LISTENERS, thread_name_prefix="slack")
    app = App(
        client=client,
        signing_secret=signing_secret or SOCKET_MODE_SECRET,
        token_verification_enabled=False,
        request_verification_enabled=bool(signing_secret),
        listener_executor=pool,
    )

    @app.use
    def keep_events(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002
        if body.get("type") == "event_callback" and body.get("event_id"):
            events.keep(body)
        return next()

    @app.event(EVERYTHING)
    def on_event(body: dict[str, Any]) -> None:
        events.deal_with(body)

    def serve(body: dict[str, Any], ack: Ack, respond: Respond) -> None:
        dispatcher.serve(body, ack, respond)

    app.command(COMMAND)(serve)
    for action_id in interactions.BUTTONS:
        app.action(action_id)(serve)
    for callback_id in interactions.SHORTCUTS:
        app.shortcut(callback_id)(serve)
    for callback_id in interactions.FORMS:
        app.view(callback_id)(serve)
    # Buttons that only carry a link, and ones of a version before this, are acknowledged too.
    app.action(EVERYTHING)(lambda ack: ack())
    return app, pool
