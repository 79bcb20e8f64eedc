"""The form that edits one part of a report, filled with what is stored."""

from __future__ import annotations

from typing import Any

from bot.domain import report_parts as parts
from bot.domain.incident import Incident
from bot.render import edit_forms
from bot.services.part_names import sections
from bot.slack.context import HandlerContext
from bot.slack.edit_fields import Fields
from bot.slack.edit_publishing import notice
from bot.slack.request import SlackRequest


def part_form(
    context: HandlerContext, request: SlackRequest, incident: Incident, name: str
) -> dict[str, Any]:
    """The form of a part."""
    fields = Fields(context, incident, name)
    shown = fields.shown(context.edits.values(incident.id, fields.stored_part))
    return edit_forms.form(
        incident.id,
        name,
        inputs_of(context, incident, fields),
        shown,
        notice=notice(context, incident, may_publish=request.may_publish),
    )


def inputs_of(
    context: HandlerContext, incident: Incident, fields: Fields
) -> tuple[edit_forms.Input, ...]:
    """The inputs of a part's form."""
    heading = sections(context.settings, incident).get(parts.split(fields.part)[1], "")
    zone = context.settings.zone
    return edit_forms.inputs(
        fields.part,
        heading=heading,
        hubs=fields.hubs,
        categories=context.settings.items.categories,
        zone=zone,
    )
