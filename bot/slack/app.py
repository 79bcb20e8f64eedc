"""The Bolt app: what Slack delivers is kept, acknowledged and answered.

Bolt acknowledges an event before its listener runs, so events are committed by a middleware: a failure
there leaves them unacknowledged and Slack sends them again. Commands, buttons and forms are acknowledged
by :class:`Front`, after what they ask for is committed. Listeners have a pool of their own, since Bolt's
five threads serve everything and five slow ones would make a command miss its three seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import Ack, App, BoltResponse, Respond
from slack_sdk import WebClient

from bot.slack import commands, interactions
from bot.slack.ask import from_command, from_interaction
from bot.slack.desk import Desk
from bot.slack.front import Front
from bot.slack.inbox import Inbox

COMMAND = "/incident"
LISTENERS = 20
SOCKET_MODE_SECRET = "unused: a socket is trusted by its token"  # noqa: S105
EVERYTHING = re.compile(".*")


def build(
    client: WebClient, *, signing_secret: str, inbox: Inbox, desk: Desk, front: Front
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
            inbox.keep(body)
        return next()

    @app.event(EVERYTHING)
    def on_event(body: dict[str, Any]) -> None:
        inbox.deal_with(body)

    @app.command(COMMAND)
    def on_command(body: dict[str, Any], ack: Ack, respond: Respond) -> None:
        ask = from_command(body)
        front.serve(ask, lambda: commands.answer(desk, ask), ack, respond, inline=True)

    def listener(handler: interactions.Handler) -> Callable[..., None]:
        def listen(body: dict[str, Any], ack: Ack, respond: Respond) -> None:
            ask = from_interaction(body)
            front.serve(ask, lambda: handler(desk, ask), ack, respond)

        return listen

    for action_id, handler in interactions.BUTTONS.items():
        app.action(action_id)(listener(handler))
    for callback_id, handler in interactions.SHORTCUTS.items():
        app.shortcut(callback_id)(listener(handler))
    for callback_id, handler in interactions.FORMS.items():
        app.view(callback_id)(listener(handler))
    # Buttons that only carry a link, and ones of a version before this, are acknowledged too.
    app.action(EVERYTHING)(lambda ack: ack())
    return app, pool
