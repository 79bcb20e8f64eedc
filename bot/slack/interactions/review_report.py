"""The review of a report: open it, show or replace an original, approve and publish."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.replies import (
    DeferredReply,
    DurableReply,
    EphemeralReply,
    OpenModal,
    UpdateModal,
    say,
)
from bot.slack.request import SlackRequest
from bot.slack.reviewing import form, open_review


def handle(context: HandlerContext, _request: SlackRequest, incident: Incident) -> OpenModal:
    """Open the form."""
    return open_review(context, incident)


def show(context: HandlerContext, request: SlackRequest, incident: Incident) -> DeferredReply:
    """Publish an original after all."""
    return _decided(context, request, incident, is_kept=True)


def replace(context: HandlerContext, request: SlackRequest, incident: Incident) -> DeferredReply:
    """Replace an original again."""
    return _decided(context, request, incident, is_kept=False)


def _decided(
    context: HandlerContext, request: SlackRequest, incident: Incident, *, is_kept: bool
) -> DeferredReply:
    context.approvals.keep(request.change(incident), request.value, is_kept=is_kept)

    def work() -> UpdateModal:
        view = form(context, incident.id)
        return UpdateModal(id=request.form.id, hash=request.form.hash, view=view)

    return DeferredReply(work=work)


def turn(context: HandlerContext, request: SlackRequest, incident: Incident) -> DeferredReply:
    """Another page of the text."""
    token = request.form.subject.partition("|")[0]

    def work() -> UpdateModal:
        view = form(context, incident.id, page=int(request.value), token=token)
        return UpdateModal(id=request.form.id, hash=request.form.hash, view=view)

    return DeferredReply(work=work)


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> DurableReply:
    """Approve the text that the form showed, and publish it."""

    def work() -> EphemeralReply:
        token = request.form.subject.partition("|")[0]
        context.approvals.approve(request.change(incident), token)
        return say(answers.APPROVED)

    return DurableReply(work=work)
