"""The submitted closing form."""

from __future__ import annotations

from bot.domain.incident import Answers, Incident
from bot.slack.context import HandlerContext
from bot.slack.request import SlackRequest


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Close the incident with what the form says."""
    form = request.form
    context.changes.close(
        request.change(incident),
        Answers(
            texts={key: form.text(key).strip() for key in ("impact", "conclusion")},
            report_date=form.day("report_date"),
        ),
        title=form.text("title"),
        summary=form.text("summary"),
        hubs=form.names("hubs") if form.has("hubs") else incident.hubs,
    )
