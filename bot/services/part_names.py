"""What the parts of a report are called: headings of sections, titles of action items."""

from __future__ import annotations

from bot.domain import report_parts as parts
from bot.domain.incident import Incident
from bot.domain.report_form import RESERVED
from bot.services.items import every_item
from bot.services.settings import Settings
from bot.store.engine import Tx


def sections(settings: Settings, incident: Incident) -> dict[str, str]:
    """The headings of the sections by their keys: those of the forms, and those with a text."""
    usual = {section.key: section.heading for section in settings.written_sections}
    options, texts = incident.report_options, incident.answers.texts
    others = [
        key
        for key in (*texts, *options.headings)
        if key not in usual and key not in parts.OTHER_HEADINGS and key not in RESERVED
    ]
    return {**usual, **{key: key.replace("_", " ").capitalize() for key in others}}


def own_name(tx: Tx, settings: Settings, incident: Incident, part: str) -> str:
    """The name that people gave to a part: a section's heading or an action item's title; else empty."""
    kind, key = parts.split(part)
    if kind == parts.SECTION:
        heading = incident.report_options.headings.get(key)
        return heading or sections(settings, incident).get(key, key)
    if kind == parts.ITEM:
        items = every_item(tx, incident.id, group=settings.groups[-1])
        return next((item.title for item in items if item.id == key), "")
    return ""
