"""The submitted closing form."""

from __future__ import annotations

from bot.domain.incident import Answers, Incident
from bot.domain.report_form import HUBS, RESERVED, SUMMARY
from bot.slack.context import HandlerContext
from bot.slack.request import SlackRequest


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Close the incident with what the form says. What it didn't ask for stays as it is."""
    form = request.form
    others = {SUMMARY, HUBS, *RESERVED}
    context.changes.close(
        request.change(incident),
        Answers(
            texts={key: form.text(key).strip() for key in form.values if key not in others},
            report_date=form.day("report_date"),
        ),
        title=form.text("title"),
        summary=form.text(SUMMARY) if form.has(SUMMARY) else incident.summary,
        hubs=form.names(HUBS) if form.has(HUBS) else incident.hubs,
    )
