"""The boundary to Slack: every delivery is recorded or routed, acknowledged and answered here.

What a handler stores, and what an event says, is committed before the acknowledgement. Where outside
systems have to be asked first (:class:`DurableReply`), and where an event cannot be recorded, the delivery
itself is committed before the acknowledgement and replayed later. Every failure becomes a sentence.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from slack_bolt import Ack, Respond

from bot.domain.command import named
from bot.domain.events import Event, HomeEvent
from bot.domain.mrkdwn import typed
from bot.errors import MaydayError, RetryLater
from bot.ports import Chat
from bot.render import answers
from bot.render.blocks import MOST_OPTIONS, option, plain
from bot.services.inbox import Inbox
from bot.slack import access, intake, reactions, routes
from bot.slack.access import Route
from bot.slack.context import HandlerContext
from bot.slack.replies import (
    DeferredReply,
    DurableReply,
    EphemeralReply,
    FieldErrors,
    OpenModal,
    PushModal,
    Reply,
    StaleFormError,
    Suggestions,
    UpdateModal,
    say,
)
from bot.slack.request import Kind, SlackRequest
from bot.slack.responder import Responder, content, fits, shortened
from bot.slack.shorthand import Vocabulary

log = structlog.get_logger()


class Dispatcher:
    """Runs the handler of each delivery, live or replayed.

    ``replay_soon`` is called when a delivery is stored that :meth:`replay` processes.
    """

    def __init__(
        self,
        context: HandlerContext,
        chat: Chat,
        inbox: Inbox,
        *,
        replay_soon: Callable[[], None] = lambda: None,
    ) -> None:
        self._context = context
        self._replay_soon = replay_soon
        self._inbox = inbox
        self._responder = Responder(chat, context.homes.publish)
        self._identity = chat.identity
        self._command = context.settings.command
        self._vocabulary = Vocabulary(
            commands=routes.ROUTES[Kind.COMMAND],
            policy=context.settings.policy,
            runbooks=context.runs.runbooks,
        )

    def take_event(self, body: Mapping[str, Any]) -> None:
        """Record a delivery that is an event, in one transaction; return at once for any other delivery.

        One by which a person asks for something is only stored, since Slack has to be asked who they are.
        One that cannot be recorded is stored and replayed. Raises where that fails too, so that Slack
        delivers it again.
        """
        if intake.kind_of(body) is not Kind.EVENT:
            return
        key = intake.event_id(body)
        try:
            event = intake.parse_event_of(body)
            if self._asked_by(event):
                if self._inbox.leave(key, intake.without_secrets(body)):
                    self._replay_soon()
                return
            if isinstance(event, HomeEvent):
                self._open_home(key, body, event)
                return
            self._context.record.take(event, once=self._inbox.first(key))
        except Exception as exc:
            log.exception("dispatcher.event_failed", key=key)
            self._inbox.store_failed(key, intake.without_secrets(body), exc)

    def _asked_by(self, event: Event) -> SlackRequest | None:
        """What a person asks for by an event."""
        return reactions.request_of(self._context, event, team_id=self._identity().team_id)

    def _open_home(self, key: str, body: Mapping[str, Any], event: HomeEvent) -> None:
        """Store that a person opened the app's Home, and publish it in the background."""
        if self._inbox.store(key, intake.without_secrets(body)):
            homes = self._context.homes
            work = partial(homes.publish, event.user)
            homes.begin(partial(self._inbox.process, key, work))

    def serve(self, body: Mapping[str, Any], ack: Ack, respond: Respond) -> None:
        """Run the handler of a request, acknowledge it, and answer."""
        request = self._vocabulary.expand(
            intake.parse_request(body, team_id=self._identity().team_id)
        )
        with self._context.audit.request():
            self._serve(request, body, ack, respond)

    def _serve(
        self, request: SlackRequest, body: Mapping[str, Any], ack: Ack, respond: Respond
    ) -> None:
        reply = self._reply(request, routes.find(request) or routes.UNKNOWN)
        if isinstance(reply, DurableReply):
            reply = self._guarded(request, partial(self._stored, request, body, reply))
        match reply:
            case _ if request.kind is Kind.OPTIONS:
                ack(**_options(reply if isinstance(reply, Suggestions) else Suggestions(names=())))
            case FieldErrors(errors=errors, update=update):
                ack(response_action="errors", errors=shortened(named(errors, self._command)))
                self._finish(request, update, respond)
            case EphemeralReply(post=post) if request.kind is Kind.COMMAND and fits(
                answer := named(content(post), self._command)
            ):
                # The acknowledgement of a slash command can carry the answer.
                ack(**answer)
            case DurableReply():
                ack()
                self._inbox.process(
                    request.idempotency_key, partial(self._finish, request, reply, respond)
                )
            case _:
                ack()
                self._finish(request, reply, respond)

    def replay(self) -> None:
        """Process the stored deliveries that a kill or a failure left."""
        self._inbox.replay(self._process)

    def _process(self, key: str, body: Mapping[str, Any]) -> None:
        """Do what a stored delivery asks for. The addresses for its answer may have expired.

        Raises:
            LookupError: this version does not know what it asks for.
        """
        delivery = intake.parse(body, team_id=self._identity().team_id)
        if isinstance(delivery, HomeEvent):
            self._context.homes.publish(delivery.user)
            return
        if not isinstance(delivery, SlackRequest):
            delivery = self._asked_by(delivery) or delivery
        if not isinstance(delivery, SlackRequest):
            self._context.record.take(delivery, once=self._inbox.finish(key))
            return
        delivery = self._vocabulary.expand(delivery)
        route = routes.find(delivery)
        if route is None:
            raise LookupError(f"no route: {delivery.kind} {delivery.name}")
        with self._context.audit.request():
            self._finish(delivery, self._reply(delivery, route, form_is_open=False), None)

    def _stored(
        self, request: SlackRequest, body: Mapping[str, Any], reply: DurableReply
    ) -> DurableReply | None:
        """The reply once its request is stored; None for one that was delivered before."""
        payload = intake.without_secrets(body)
        return reply if self._inbox.store(request.idempotency_key, payload) else None

    def _reply(self, request: SlackRequest, route: Route, *, form_is_open: bool = True) -> Reply:
        return self._guarded(
            request,
            lambda: access.answer(self._context, request, route),
            form_is_open=form_is_open,
        )

    def _finish(self, request: SlackRequest, reply: Reply, respond: Respond | None) -> None:
        """Do what a reply leaves for after the acknowledgement.

        Raises:
            RetryLater: a stored request could not be done now: it stays stored and is replayed.
        """
        channel = ""
        if isinstance(reply, DeferredReply):
            channel, is_stored = reply.channel, isinstance(reply, DurableReply)
            reply = self._guarded(request, reply.work, form_is_open=False, is_stored=is_stored)
        if isinstance(reply, OpenModal):
            opened = reply
            reply = self._guarded(
                request, lambda: self._opened(request, opened), form_is_open=False
            )
        if isinstance(reply, UpdateModal):
            change = reply
            reply = self._guarded(
                request, lambda: self._responder.update(change), form_is_open=False
            )
        if isinstance(reply, PushModal):
            above = reply.view
            reply = self._guarded(
                request, lambda: self._responder.push(request, above), form_is_open=False
            )
        if isinstance(reply, EphemeralReply):
            self._responder.say(request, reply, respond, channel=channel)
        elif request.is_home and reply is None:
            self._context.homes.publish(request.user)

    def _opened(self, request: SlackRequest, form: OpenModal) -> Reply:
        """Open a form, and return what takes its place."""
        view_id = self._responder.open(request, form.view)
        view = form.then() if form.then else None
        return UpdateModal(id=view_id, hash="", view=view) if view else None

    def _guarded(
        self,
        request: SlackRequest,
        work: Callable[[], Reply],
        *,
        form_is_open: bool = True,
        is_stored: bool = False,
    ) -> Reply:
        """What ``work`` returns, or its failure as a reply: at the form's input while the form is open."""
        try:
            return work()
        except MaydayError as exc:
            if is_stored and isinstance(exc, RetryLater):
                raise
            log.info(
                "dispatcher.refused",
                user=request.user,
                idempotency_key=request.idempotency_key,
                error=str(exc),
            )
            if form_is_open and isinstance(exc, StaleFormError):
                self._context.audit.failed(str(exc))
                form = request.form
                update = UpdateModal(id=form.id, hash=form.hash, view=exc.view)
                return FieldErrors(errors=exc.errors, update=update)
            text, field = str(exc), str(getattr(exc, "field", ""))
            others = dict(getattr(exc, "others", {}))
        except Exception:
            error_id = uuid.uuid4().hex[:8]
            log.exception(
                "dispatcher.failed",
                error_id=error_id,
                user=request.user,
                idempotency_key=request.idempotency_key,
            )
            text, field, others = answers.internal_error(error_id), "", {}
        self._context.audit.failed(text)
        if form_is_open and request.kind is Kind.FORM:
            known = {name: why for name, why in others.items() if name in request.form.inputs}
            return FieldErrors(errors={**known, _input(request, field): text})
        refused = say(f"⚠️ {typed(text)}")
        if request.kind is not Kind.COMMAND or not request.text:
            return refused
        line = answers.again(f"{request.name} {request.text}")
        return replace(refused, post=replace(refused.post, blocks=(*refused.post.blocks, *line)))


def _input(request: SlackRequest, name: str) -> str:
    """The input to show an error at: the one it is about, else the first."""
    inputs = request.form.inputs
    return name if name in inputs or not inputs else inputs[0]


def _options(found: Suggestions) -> dict[str, Any]:
    """The options of a menu, under their headings if there are several; with long names, fewer of them."""
    names = found.names[:MOST_OPTIONS]
    while True:
        offered = [option(name, name) for name in names]
        headings = dict.fromkeys(found.groups.get(name, "") for name in names)
        answer: dict[str, Any] = {"options": offered}
        if len(headings) > 1:
            groups = [
                {
                    "label": plain(heading),
                    "options": [each for each in offered if found.groups[each["value"]] == heading],
                }
                for heading in headings
            ]
            answer = {"option_groups": groups}
        if fits(answer):
            return answer
        names = names[: len(names) * 3 // 4]
