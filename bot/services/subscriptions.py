"""Subscriptions to an incident: its news as direct messages, until it is closed."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import CLOSED, Incident
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.ports import Chat
from bot.services.people import People
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import subscriptions as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store

IS_OVER = f"This incident is closed, so there will be no news. {COMMAND} report shows its report."
FOREIGN = (
    "mayday can't message people of other workspaces directly. Follow the incident in its channel."
)


class Subscriptions:
    """Begins and ends them. :mod:`bot.services.readers` sends the news."""

    def __init__(self, store: Store, chat: Chat, people: People) -> None:
        self._store = store
        self._chat = chat
        self._people = people

    def begin(self, change: StateChange) -> Incident:
        """Subscribe the person who asks; nothing changes for one who is subscribed.

        Raises:
            UserError: the incident is closed, or the person is of another workspace.
        """
        me = self._chat.identity()
        if self._people.recent_profile(me.team_id, change.by).is_foreign(me):
            raise UserError(FOREIGN)
        with self._store.write() as tx:
            incident = incident_rows.get(tx, change.incident_id, lock=True)
            if incident.status == CLOSED:
                raise UserError(IS_OVER)
            known = {one.user: one for one in rows.of_incident(tx, incident.id)}
            closings = timeline_rows.posted_entries(tx, incident.id, {EntryKind.CLOSED})
            if change.by not in known or known[change.by].has_ended(closings):
                rows.begin(tx, incident.id, change.by)
                audit.add(tx, change.line("incident.subscribe"))
        return incident

    def end(self, change: StateChange) -> bool:
        """End the subscription of the person who asks; False if there was none."""
        with self._store.write() as tx:
            was = rows.end(tx, change.incident_id, change.by)
            if was:
                audit.add(tx, change.line("incident.unsubscribe"))
        return was

    def has(self, incident_id: str, user: str) -> bool:
        """Whether a person is subscribed to an incident."""
        with self._store.read() as tx:
            return any(one.user == user for one in rows.of_incident(tx, incident_id))
