"""``/incident declare``: opens the form that declares an incident."""

from __future__ import annotations

from bot.render import forms
from bot.slack.context import HandlerContext
from bot.slack.replies import OpenModal
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> OpenModal:
    """The declare form, with the title that was typed, if any."""
    return OpenModal(
        view=forms.declare(
            title=" ".join(context.reports.plain(request.team_id, request.text).split()),
            policy=context.settings.policy,
            descriptions=context.severity_help,
            hubs=list(context.settings.hubs),
            origin=request.channel,
        )
    )
