"""The report of an incident as it stands: for the preview, for closing, and for publishing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.domain.actions import ActionItem
from bot.domain.incident import Incident
from bot.domain.report import Form, Gap, Report, assemble, gaps
from bot.domain.timeline import Line
from bot.render.report import report_text
from bot.services.people import People
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store

_MENTION = re.compile(r"<@([A-Z0-9]+)")


class Reports:
    """Reports by incident."""

    def __init__(self, store: Store, people: People, settings: Settings) -> None:
        self._store = store
        self._people = people
        self._settings = settings

    def report(self, incident_id: str) -> Report:
        """The report as of now."""
        with self._store.read() as tx:
            incident = incident_rows.get(tx, incident_id)
            lines = timeline_rows.lines(tx, incident_id)
            items = incident_rows.items(tx, incident_id)
        users = _named(incident, lines, items)
        return assemble(
            incident,
            lines,
            items,
            form=Form(self._settings.report_form),
            zone=self._settings.zone,
            people=self._people.names(incident.team_id, users),
            hub_urls=self._settings.hub_urls,
        )

    def draft(self, incident_id: str) -> str:
        """The report as Markdown, every gap marked."""
        return report_text(self.report(incident_id), draft=True)

    def missing(self, incident_id: str) -> tuple[Gap, ...]:
        """What a finished report would still need."""
        return gaps(self.report(incident_id))


def _named(incident: Incident, lines: Iterable[Line], items: Iterable[ActionItem]) -> set[str]:
    """Every person whom the report will name."""
    lines, items = list(lines), list(items)
    texts = [incident.summary, incident.answers.impact, incident.answers.conclusion]
    texts += [line.text for line in lines]
    texts += [item.title for item in items]
    users = {user for text in texts for user in _MENTION.findall(text)}
    users |= {item.owner for item in items}
    for line in lines:
        users |= {line.entry.author, line.message.author if line.message else ""}
        users |= {str(line.entry.data.get(key) or "") for key in ("user", "before")}
    return users - {""}
