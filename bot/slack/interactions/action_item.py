"""Action items by form: opened on a message, and submitted."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.mrkdwn import without_quotes
from bot.render import forms
from bot.slack.context import HandlerContext
from bot.slack.replies import OpenModal
from bot.slack.request import SlackRequest


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Add the action item."""
    form = request.form
    context.changes.action_item(
        request.change(incident),
        form.text("title"),
        group=form.text("group"),
        owner=form.text("owner"),
        link=form.text("link").strip(),
        due_on=form.day("due_on"),
        category=form.text("category"),
        repository=form.text("repository"),
        source=form.subject,
    )


def shortcut(context: HandlerContext, request: SlackRequest, incident: Incident) -> OpenModal:
    """The form, filled with the message's words."""
    message = request.message
    words = without_quotes(message.text) if message else ""
    return OpenModal(
        view=forms.action_item(
            incident.id,
            groups=context.settings.groups,
            categories=context.settings.items.categories,
            title=" ".join(context.reports.plain(request.team_id, words).split()),
            source=f"message/{message.key}" if message else "",
        )
    )
