"""``/incident close`` and ``/incident reopen``: end a resolved incident, or continue it."""

from __future__ import annotations

from bot.domain.incident import Incident, require_resolved
from bot.domain.report_form import HUBS
from bot.render import forms
from bot.slack.context import HandlerContext
from bot.slack.replies import OpenModal
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, _request: SlackRequest, incident: Incident) -> OpenModal:
    """The form that asks for what the report still needs.

    Raises:
        UserError: the incident is still open or already closed, or its action items lack what closing
            requires.
    """
    require_resolved(incident)
    context.changes.check_gates(incident.id)
    settings = context.settings
    return OpenModal(
        view=forms.close(
            incident,
            questions=settings.questions,
            zone=settings.zone,
            now=context.now(),
            gaps=context.reports.missing(incident.id),
            hubs=list(settings.hubs),
            wants_hubs=any(form.section(HUBS) for form in settings.target_forms),
        )
    )


def reopen(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Reopen the incident."""
    context.changes.reopen(request.change(incident))
