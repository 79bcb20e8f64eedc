"""The hubs that match what a person types into a menu, where they are too many for a plain one."""

from __future__ import annotations

from bot.slack.context import HandlerContext
from bot.slack.matching import containing
from bot.slack.replies import Suggestions
from bot.slack.request import SlackRequest


def suggest(context: HandlerContext, request: SlackRequest) -> Suggestions:
    """Return the hubs whose names contain the text, each under the name of its cluster."""
    clusters = context.settings.hub_clusters
    return Suggestions(names=containing(request.text, clusters), groups=clusters)
