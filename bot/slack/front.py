"""The boundary to Slack's people: one acknowledgement, one answer, and every failure as a sentence.

What a handler stores is stored before the acknowledgement. What it has to ask outside systems about first
is an :class:`Errand`: the request itself is kept before the acknowledgement, and taken up after a kill.
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
from bot.slack.ask import Ask
from bot.slack.desk import Desk
from bot.slack.inbox import Inbox
from bot.slack.replies import Errand, Later, Open, Reply, Say, Wrong, say
from bot.slack.routing import Handler, is_command, route

log = structlog.get_logger()

TOO_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id"})
"""What Slack says of a form that is opened after three seconds, or a second time."""

SECRETS = frozenset({"token", "response_url"})
"""What lets others speak as Slack or as mayday, and is of no use after a kill."""


class Front:
    """Runs handlers."""

    def __init__(self, desk: Desk, chat: Chat, inbox: Inbox) -> None:
        self._desk = desk
        self._chat = chat
        self._inbox = inbox

    def serve(self, body: Mapping[str, Any], ack: Ack, respond: Respond) -> None:
        """Run the handler of what a person did, acknowledge, and say what it answers."""
        ask, handler = route(self._desk, body)
        reply = self._guarded(ask, handler)
        if isinstance(reply, Errand):
            reply = self._guarded(ask, partial(self._kept, ask, body, reply))
        match reply:
            case Wrong(errors=errors):
                ack(response_action="errors", errors=errors)
            case Say(post=post) if is_command(body):
                # The acknowledgement of a slash command can carry the answer.
                ack(**_content(post))
            case Errand():
                ack()
                self._inbox.deal(ask.cause, lambda: self._after(ask, reply, respond))
            case _:
                ack()
                self._after(ask, reply, respond)

    def again(self, body: Mapping[str, Any]) -> None:
        """Run an errand that a kill left; what came with the request to answer it may be over."""
        ask, handler = route(self._desk, body)
        self._after(ask, self._guarded(ask, handler, form=False), None)

    def _kept(self, ask: Ask, body: Mapping[str, Any], errand: Errand) -> Errand:
        body = {name: value for name, value in body.items() if name not in SECRETS}
        self._inbox.keep(ask.cause, body)
        return errand

    def _after(self, ask: Ask, reply: Reply, respond: Respond | None) -> None:
        match reply:
            case Open(view=view):
                opened = self._guarded(ask, lambda: self._open(ask, view), form=False)
                self._say(ask, opened, respond)
            case Later(work=work, channel=channel):
                self._say(ask, self._guarded(ask, work, form=False), respond, channel=channel)
            case Say():
                self._say(ask, reply, respond)

    def _open(self, ask: Ask, view: dict[str, Any]) -> None:
        try:
            self._chat.open_view(ask.trigger, view)
        except RetryLater as exc:
            raise RetryLater("Slack did not open the form: please try again.") from exc
        except UserError as exc:
            if exc.code not in TOO_LATE:
                raise
            raise UserError("Slack did not open the form in time: please try again.") from exc

    def _say(self, ask: Ask, reply: Reply, respond: Respond | None, *, channel: str = "") -> None:
        if not isinstance(reply, Say):
            return
        try:
            for post in (reply.post, *reply.more):
                if self._responded(post, respond, replace=reply.replace):
                    continue
                if channel or ask.channel:
                    self._whisper(channel or ask.channel, ask, post)
        except Exception:  # the answer is a courtesy: what it is about is stored
            log.exception("front.unanswered", user=ask.user, channel=ask.channel)

    def _responded(self, post: Post, respond: Respond | None, *, replace: bool) -> bool:
        """Whether Slack took the answer at the address that came with what was asked.

        Such an address is good for half an hour and five answers, and a refusal there raises nothing.
        """
        if respond is None or not respond.response_url:
            return False
        try:
            taken = respond(response_type="ephemeral", replace_original=replace, **_content(post))
        except (OSError, HTTPException) as exc:
            log.warning("front.not_taken", error=str(exc))
            return False
        if taken.status_code != 200:
            log.warning("front.not_taken", status=taken.status_code)
        return taken.status_code == 200

    def _whisper(self, channel: str, ask: Ask, post: Post) -> None:
        """Say it where it was asked, or in person where mayday may not speak there."""
        try:
            self._chat.whisper(channel, ask.user, post)
        except UserError:
            self._chat.post(self._chat.direct(ask.user), post, effect=f"answer/{ask.cause}")

    def _guarded(self, ask: Ask, handler: Handler, *, form: bool = True) -> Reply:
        try:
            return handler()
        except MaydayError as exc:
            log.info("front.told", user=ask.user, cause=ask.cause, text=str(exc))
            if form and ask.view:
                return Wrong(errors={_field(ask, getattr(exc, "field", "")): str(exc)})
            return say(f"⚠️ {escape(str(exc))}")
        except Exception:
            number = uuid.uuid4().hex[:8]
            log.exception("front.failed", error_id=number, user=ask.user, cause=ask.cause)
            text = (
                f"Something in mayday went wrong (error {number}, in its log). What was recorded "
                "before is safe: please try again."
            )
            if form and ask.view:
                return Wrong(errors={_field(ask, ""): text})
            return say(f"⚠️ {text}")


def _field(ask: Ask, name: str) -> str:
    """The input to show an error under: the one it is about, else the first."""
    inputs = [str(b["block_id"]) for b in ask.view.get("blocks") or () if b["type"] == "input"]
    return name if name in inputs or not inputs else inputs[0]


def _content(post: Post) -> dict[str, Any]:
    return {"text": post.text, **({"blocks": list(post.blocks)} if post.blocks else {})}
