"""The boundary to Slack's people: one acknowledgement, one answer, and every failure as a sentence.

What a handler stores is stored before the acknowledgement. What it has to ask outside systems about first
is a :class:`DurableReply`: the request itself is kept before the acknowledgement, and taken up after a kill.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from typing import Any

import structlog
from slack_bolt import Ack, Respond

from bot.errors import MaydayError, RetryLater, UserError
from bot.ports import Chat, Post
from bot.render.text import escape
from bot.slack.context import HandlerContext
from bot.slack.inbox import Inbox
from bot.slack.replies import (
    DeferredReply,
    DurableReply,
    EphemeralReply,
    FieldErrors,
    OpenModal,
    Reply,
    say,
)
from bot.slack.request import SlackRequest
from bot.slack.routing import Handler, is_command, route

log = structlog.get_logger()

TOO_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id"})
"""What Slack says of a form that is opened after three seconds, or a second time."""

SECRETS = frozenset({"token", "response_url"})
"""What lets others speak as Slack or as mayday, and is of no use after a kill."""


class Dispatcher:
    """Runs handlers."""

    def __init__(self, context: HandlerContext, chat: Chat, inbox: Inbox) -> None:
        self._context = context
        self._chat = chat
        self._inbox = inbox

    def serve(self, body: Mapping[str, Any], ack: Ack, respond: Respond) -> None:
        """Run the handler of what a person did, acknowledge, and say what it answers."""
        request, handler = route(self._context, body)
        reply = self._guarded(request, handler)
        if isinstance(reply, DurableReply):
            reply = self._guarded(request, partial(self._kept, request, body, reply))
        match reply:
            case FieldErrors(errors=errors):
                ack(response_action="errors", errors=errors)
            case EphemeralReply(post=post) if is_command(body):
                # The acknowledgement of a slash command can carry the answer.
                ack(**_content(post))
            case DurableReply():
                ack()
                self._inbox.deal(
                    request.idempotency_key, lambda: self._after(request, reply, respond)
                )
            case _:
                ack()
                self._after(request, reply, respond)

    def again(self, body: Mapping[str, Any]) -> None:
        """Run an errand that a kill left; what came with the request to answer it may be over."""
        request, handler = route(self._context, body)
        self._after(request, self._guarded(request, handler, form=False), None)

    def _kept(
        self, request: SlackRequest, body: Mapping[str, Any], errand: DurableReply
    ) -> DurableReply:
        body = {name: value for name, value in body.items() if name not in SECRETS}
        self._inbox.keep(request.idempotency_key, body)
        return errand

    def _after(self, request: SlackRequest, reply: Reply, respond: Respond | None) -> None:
        match reply:
            case OpenModal(view=view):
                opened = self._guarded(request, lambda: self._open(request, view), form=False)
                self._say(request, opened, respond)
            case DeferredReply(work=work, channel=channel):
                self._say(
                    request, self._guarded(request, work, form=False), respond, channel=channel
                )
            case EphemeralReply():
                self._say(request, reply, respond)

    def _open(self, request: SlackRequest, view: dict[str, Any]) -> None:
        try:
            self._chat.open_view(request.trigger, view)
        except RetryLater as exc:
            raise RetryLater("Slack did not open the form: please try again.") from exc
        except UserError as exc:
            if exc.code not in TOO_LATE:
                raise
            raise UserError("Slack did not open the form in time: please try again.") from exc

    def _say(
        self, request: SlackRequest, reply: Reply, respond: Respond | None, *, channel: str = ""
    ) -> None:
        if not isinstance(reply, EphemeralReply):
            return
        try:
            for post in (reply.post, *reply.more):
                if self._responded(post, respond, replace=reply.replace):
                    continue
                if channel or request.channel:
                    self._whisper(channel or request.channel, request, post)
        except Exception:  # the answer is a courtesy: what it is about is stored
            log.exception("dispatcher.unanswered", user=request.user, channel=request.channel)

    def _responded(self, post: Post, respond: Respond | None, *, replace: bool) -> bool:
        """Whether Slack took the answer at the address that came with what was asked.

        Such an address is good for half an hour and five answers, and a refusal there raises nothing.
        """
        if respond is None or not respond.response_url:
            return False
        try:
            taken = respond(response_type="ephemeral", replace_original=replace, **_content(post))
        except (OSError, HTTPException) as exc:
            log.warning("dispatcher.not_taken", error=str(exc))
            return False
        if taken.status_code != 200:
            log.warning("dispatcher.not_taken", status=taken.status_code)
        return taken.status_code == 200

    def _whisper(self, channel: str, request: SlackRequest, post: Post) -> None:
        """Say it where it was asked, or in person where mayday may not speak there."""
        try:
            self._chat.post_ephemeral(channel, request.user, post)
        except UserError:
            self._chat.post(
                self._chat.open_dm(request.user), post, effect=f"answer/{request.idempotency_key}"
            )

    def _guarded(self, request: SlackRequest, handler: Handler, *, form: bool = True) -> Reply:
        try:
            return handler()
        except MaydayError as exc:
            log.info(
                "dispatcher.told",
                user=request.user,
                idempotency_key=request.idempotency_key,
                text=str(exc),
            )
            if form and request.view:
                return FieldErrors(errors={_field(request, getattr(exc, "field", "")): str(exc)})
            return say(f"⚠️ {escape(str(exc))}")
        except Exception:
            number = uuid.uuid4().hex[:8]
            log.exception(
                "dispatcher.failed",
                error_id=number,
                user=request.user,
                idempotency_key=request.idempotency_key,
            )
            text = (
                f"Something in mayday went wrong (error {number}, in its log). What was recorded "
                "before is safe: please try again."
            )
            if form and request.view:
                return FieldErrors(errors={_field(request, ""): text})
            return say(f"⚠️ {text}")


def _field(request: SlackRequest, name: str) -> str:
    """The input to show an error under: the one it is about, else the first."""
    inputs = [str(b["block_id"]) for b in request.view.get("blocks") or () if b["type"] == "input"]
    return name if name in inputs or not inputs else inputs[0]


def _content(post: Post) -> dict[str, Any]:
    return {"text": post.text, **({"blocks": list(post.blocks)} if post.blocks else {})}
