"""``/incident edit``: opens the report's pages, from which each part is edited."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render.edit_pages import Page
from bot.slack.context import HandlerContext
from bot.slack.edit_view import view
from bot.slack.replies import OpenModal
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> OpenModal:
    """The first page, before and after closing."""
    return OpenModal(view=view(context, incident, Page.REPORT, may_publish=request.may_publish))
