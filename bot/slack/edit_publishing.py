"""What handlers say of a report's publication when somebody edits it."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.state_change import StateChange
from bot.render import edit_notice
from bot.slack.context import HandlerContext


def notice(context: HandlerContext, incident: Incident, *, may_publish: bool) -> str:
    """Where a change goes and who can read it there; empty while the incident is not closed."""
    if incident.closed_at is None:
        return ""
    places = context.edits.places(incident.id)
    if not context.settings.goes_outside:
        return edit_notice.notice(places, (), may_publish=True, is_approved=True)
    found = context.edit_publishing.outlook(incident.id)
    return edit_notice.notice(
        places, found.places, may_publish=may_publish, is_approved=found.is_approved
    )


def done(context: HandlerContext, incident: Incident, change: StateChange) -> str:
    """What became of a change; empty where nothing is reviewed."""
    if incident.closed_at is None or not context.settings.goes_outside:
        return ""
    found = context.edit_publishing.outcome(change)
    if found.is_waiting:
        return f"\n{edit_notice.WAITS}"
    return edit_notice.published(found.replaced) if found.is_approved else ""
