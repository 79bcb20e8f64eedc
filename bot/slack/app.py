"""The Bolt app: it takes Slack's deliveries and hands every one to the dispatcher.

Bolt acknowledges an event before its listener runs, so events are taken by a middleware: a failure there
leaves them unacknowledged and Slack delivers them again. They have no listener, which would run beside
those of other events and lose their order. Everything else is acknowledged by :class:`Dispatcher`, after
what it asks for is committed. Listeners have their own pool, since Bolt's five threads serve everything
and five slow ones would make a command miss its three seconds.

Bolt gets the bot's identity from mayday. Otherwise it would request it at the first delivery and, if Slack
refuses, acknowledge deliveries that were not stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from slack_bolt import Ack, App, BoltResponse, Respond
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.ports import Identity
from bot.slack import intake
from bot.slack.dispatcher import Dispatcher
from bot.slack.installation import is_foreign
from bot.slack.request import Kind

LISTENERS = 20
NO_SECRET = "unused: what comes here is verified or came by a socket"  # noqa: S105
EVERYTHING = re.compile(".*")

log = structlog.get_logger()


def build(
    client: WebClient,
    *,
    command: str,
    dispatcher: Dispatcher,
    identity: Callable[[], Identity],
) -> tuple[App, ThreadPoolExecutor]:
    """The app with its listeners registered, and the pool that they run in.

    ``command`` is the command's name. The app never calls Slack, so ``client`` needs no token. ``identity``
    returns what was asked before the first delivery.
    """

    def authorize() -> AuthorizeResult:
        me = identity()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=me.team_id,
            bot_id=me.bot_id or None,
            bot_user_id=me.user_id,
        )

    pool = ThreadPoolExecutor(LISTENERS, thread_name_prefix="slack")
    app = App(
        name="mayday",  # without a name, Bolt looks for one in the source of every loaded module
        client=client,
        authorize=authorize,
        signing_secret=NO_SECRET,
        request_verification_enabled=False,
        listener_executor=pool,
    )

    @app.use
    def refuse_foreign(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002
        if is_foreign(body, identity()):
            log.warning("slack.foreign", app=body.get("api_app_id"), team=body.get("team_id"))
            return BoltResponse(status=403)
        return next()

    @app.use
    def take_events(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002
        if intake.kind_of(body) is not Kind.EVENT:
            return next()
        dispatcher.take_event(body)
        return BoltResponse(status=200)

    def serve(body: dict[str, Any], ack: Ack, respond: Respond) -> None:
        dispatcher.serve(body, ack, respond)

    app.command(command)(serve)
    app.action(EVERYTHING)(serve)
    app.shortcut(EVERYTHING)(serve)
    app.view(EVERYTHING)(serve)
    app.options(EVERYTHING)(serve)
    return app, pool
