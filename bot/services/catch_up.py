"""Reads what a person who comes late to an incident needs to know, for everything that shows it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.catch_up import NEWS, TRIED, CatchUp, TriedRun
from bot.domain.item_states import ItemState
from bot.domain.leading import provisional_leader
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind, Line
from bot.services.items import every_item
from bot.services.settings import Settings
from bot.store import catch_up as rows
from bot.store import incidents as incident_rows
from bot.store import runs as run_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run

MOST = 5
"""How many of each are read; the timeline has all of them."""
LOOKED_THROUGH = 50
"""Among how many of the latest entries questions are looked for."""


class CatchUps:
    """Reads incidents as a newcomer needs them."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def of(self, incident_id: str) -> CatchUp:
        """The incident as of now, read in one transaction."""
        with self._store.read() as tx:
            return self.read(tx, incident_id)

    def read(self, tx: Tx, incident_id: str) -> CatchUp:
        """The incident as the transaction ``tx`` sees it."""
        incident = incident_rows.get(tx, incident_id)
        runs = run_rows.of_incident(tx, incident_id)
        items = every_item(tx, incident_id, group=self._settings.groups[-1])
        reminder = incident_rows.reminder_of(tx, incident_id) if incident.is_open else None
        published = rows.latest(tx, incident_id, {EntryKind.PUBLISHED}, limit=1)
        urls = {**self._settings.hub_urls, **incident.report_options.hub_urls}
        return CatchUp(
            incident=incident,
            roles=self._settings.policy.roles,
            lead=self._settings.policy.lead,
            provisional=provisional_leader(incident, self._settings.policy),
            news=rows.latest(tx, incident_id, NEWS, limit=MOST),
            runs=[_tried(run) for run in runs if run.state in TRIED][-MOST:],
            findings=rows.latest(tx, incident_id, {EntryKind.FINDING}, limit=MOST),
            waiting=[_tried(run) for run in runs if run.state is RunState.PLANNED][-MOST:],
            questions=_questions(tx, incident_id)[-MOST:],
            items=[item for item in items if item.state == ItemState.OPEN],
            due_at=reminder.due_at if reminder else None,
            hubs={name: urls.get(name, "") for name in incident.hubs},
            report_url=str(published[0].entry.data.get("url") or "") if published else "",
        )


def _tried(run: Run) -> TriedRun:
    return TriedRun(
        runbook=run.runbook,
        hub=run.hub,
        state=run.state,
        at=run.finished_at or run.decided_at or run.asked_at,
        by=run.decided_by or run.asked_by,
        error=run.error,
    )


def _questions(tx: Tx, incident_id: str) -> Sequence[Line]:
    """Notes and filed messages that ask something and that nobody else answered in their thread."""
    latest = timeline_rows.latest_lines(tx, incident_id, limit=LOOKED_THROUGH).lines
    asked = [
        line
        for line in latest
        if line.entry.kind in (EntryKind.NOTE, EntryKind.MESSAGE) and line.text.rstrip()[-1:] == "?"
    ]
    answered = rows.answered(tx, [line.message for line in asked if line.message])
    return [line for line in asked if line.entry.message_key not in answered]
