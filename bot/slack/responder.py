"""Answers to one person: at the request's own address, else as an ephemeral or a direct message.

A global shortcut, and the form that it opens, have neither an address nor a channel.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_bolt import Respond

from bot.errors import RetryLater, UserError
from bot.ports import Chat, Post
from bot.render.blocks import modal
from bot.render.text import cut
from bot.slack.replies import EphemeralReply, UpdateModal
from bot.slack.request import SlackRequest

FORM_NOT_OPENED = "Slack did not open the form. Please try again."
FORM_TOO_LATE = "Slack did not open the form in time. Please try again."

MOST_ACKNOWLEDGED = 10_000
"""The most bytes of an answer within an acknowledgement, well below what a socket accepts in a frame."""

ESCAPED = 12
"""The most bytes of a character that is escaped."""

EXPIRED_TRIGGERS = frozenset({"expired_trigger_id", "exchanged_trigger_id"})
"""Slack's codes for a form that is opened after three seconds, or a second time."""

GONE_VIEWS = frozenset({"gone", "hash_conflict"})
"""The codes for a form that was closed, or changed since the person saw it."""

log = structlog.get_logger()


class Responder:
    """Sends answers and opens forms."""

    def __init__(
        self, chat: Chat, publish_home: Callable[[str, str], None] = lambda _user, _said: None
    ) -> None:
        self._chat = chat
        self._publish_home = publish_home

    def open(self, request: SlackRequest, view: dict[str, Any]) -> str:
        """Open a form for the person who asked, and return its id.

        Raises:
            UserError, RetryLater: Slack did not open it.
        """
        try:
            return self._chat.open_view(request.trigger, view)
        except RetryLater as exc:
            raise RetryLater(FORM_NOT_OPENED) from exc
        except UserError as exc:
            if exc.code not in EXPIRED_TRIGGERS:
                raise
            raise UserError(FORM_TOO_LATE) from exc

    def push(self, request: SlackRequest, view: dict[str, Any]) -> None:
        """Open a form above the one in which a button was pressed.

        Raises:
            UserError, RetryLater: Slack did not open it.
        """
        try:
            self._chat.push_view(request.trigger, view)
        except RetryLater as exc:
            raise RetryLater(FORM_NOT_OPENED) from exc
        except UserError as exc:
            if exc.code not in EXPIRED_TRIGGERS:
                raise
            raise UserError(FORM_TOO_LATE) from exc

    def update(self, change: UpdateModal) -> None:
        """Put a form in the place of an open one; nothing happens if that was closed or has changed since.

        Raises:
            UserError, RetryLater: Slack did not change it.
        """
        try:
            self._chat.update_view(change.id, change.view, hash_=change.hash)
        except UserError as exc:
            if exc.code not in GONE_VIEWS:
                raise

    def say(
        self,
        request: SlackRequest,
        reply: EphemeralReply,
        respond: Respond | None,
        *,
        channel: str = "",
    ) -> None:
        """Show a reply to the person who asked, in the reply's own channel, ``channel``, or where they asked.

        A failure is logged and changes nothing: what the answer is about is stored.
        """
        if request.is_home:
            self._say_in_home(request, reply)
            return
        where = reply.channel or channel or request.channel
        try:
            for post in (reply.post, *reply.more):
                if self._respond(post, respond, replace=reply.replace):
                    continue
                if where:
                    self._post_ephemeral(where, request, post)
                else:
                    self._post_directly(request, post)
        except Exception:
            log.exception("responder.failed", user=request.user, channel=where)

    def _say_in_home(self, request: SlackRequest, reply: EphemeralReply) -> None:
        """Show a sentence at the top of the app's Home; what is longer in a window, else directly."""
        try:
            if len(reply.post.blocks) <= 1 and not reply.more:
                self._publish_home(request.user, reply.post.text)
                return
            blocks = [dict(block) for post in (reply.post, *reply.more) for block in post.blocks]
            try:
                self._chat.open_view(request.trigger, modal("", "mayday", blocks, close="Close"))
            except UserError:  # it came too late
                self._post_directly(request, reply.post)
        except Exception:
            log.exception("responder.failed", user=request.user, channel="home")

    def _respond(self, post: Post, respond: Respond | None, *, replace: bool) -> bool:
        """Whether Slack accepted the answer at the address that came with the request."""
        if respond is None or not respond.response_url:
            return False
        try:
            accepted = self._chat.respond(respond.response_url, post, replace=replace)
        except RetryLater as exc:
            log.warning("responder.response_url_failed", error=str(exc))
            return False
        if not accepted:
            log.warning("responder.response_url_failed")
        return accepted

    def _post_ephemeral(self, channel: str, request: SlackRequest, post: Post) -> None:
        """Show it in the channel, or send it directly where mayday may not post there."""
        try:
            self._chat.post_ephemeral(channel, request.user, post)
        except UserError:
            self._post_directly(request, post)

    def _post_directly(self, request: SlackRequest, post: Post) -> None:
        self._chat.post(
            self._chat.open_dm(request.user), post, effect=f"answer/{request.idempotency_key}"
        )


def fits(answer: Mapping[str, Any]) -> bool:
    """Whether an acknowledgement can carry an answer, measured as it is sent: escaping triples some texts."""
    return len(json.dumps(answer)) <= MOST_ACKNOWLEDGED


def shortened(errors: Mapping[str, str]) -> dict[str, str]:
    """Return the errors of a form as an acknowledgement can carry them: nothing else can show them."""
    shown = dict(errors)
    if not fits(shown):
        each = MOST_ACKNOWLEDGED // ESCAPED // len(shown) - max(map(len, shown))
        shown = {name: cut(error, max(each, 1)) for name, error in shown.items()}
    return shown


def content(post: Post) -> dict[str, Any]:
    """A message as Slack's methods take it."""
    return {"text": post.text, **({"blocks": list(post.blocks)} if post.blocks else {})}
