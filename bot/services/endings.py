"""Ends incidents without a report, merges duplicates, and reopens what was ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.domain import endings
from bot.domain import incident as verbs
from bot.domain.incident import Ending, Incident, Transition
from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.services import sync
from bot.services.change import Changes, record
from bot.store import audit
from bot.store import incidents as rows
from bot.store import resources as resource_rows
from bot.store.engine import Tx


class Endings(Changes):
    """Changes incidents, and ends them."""

    def reopen(self, change: StateChange) -> Incident:
        """Reopen the incident. A duplicate is none any more, which the other incident's channel says."""
        with self._store.read() as tx:
            other = rows.get(tx, change.incident_id).duplicate_of

        def extra(tx: Tx, now: datetime) -> None:
            if other:
                reopened = rows.get(tx, change.incident_id)
                undone = endings.merged(reopened, rows.get(tx, other), is_undone=True)
                self._record_in(tx, other, change, undone, now)

        return self._apply(
            change,
            lambda incident, _now: verbs.reopen(incident, policy=self._settings.policy),
            extra,
        )

    def end(self, change: StateChange, ending: Ending, text: str = "") -> Incident:
        """End the incident without a report.

        Raises:
            UserError: it is closed already.
        """
        return self._apply(
            change,
            lambda incident, now: endings.end(incident, ending, at=now, text=text.strip()),
        )

    def merge(self, change: StateChange, into_id: str, people: Iterable[str]) -> Incident:
        """End the incident as a duplicate of another one, to whose channel its people are invited.

        Its entries stay where they are, and both channels link to each other.

        Raises:
            UserError: it is closed already, or they can't be merged.
        """
        with self._store.read() as tx:
            into = rows.get(tx, into_id)

        def verb(incident: Incident, now: datetime) -> Transition:
            endings.check_merge(incident, into)
            return endings.end(incident, Ending.DUPLICATE, at=now, into=into)

        def extra(tx: Tx, now: datetime) -> None:
            duplicate, other = rows.get(tx, change.incident_id), rows.get(tx, into_id)
            endings.check_merge(duplicate, other)
            self._record_in(tx, other.id, change, endings.merged(duplicate, other), now)
            for user in people:
                spec = {"user": user}
                resource_rows.ask_again(tx, other.id, ResourceKind.INVITE, user, spec=spec, now=now)

        return self._apply(change, verb, extra, also=into_id)

    def _record_in(
        self, tx: Tx, incident_id: str, change: StateChange, transition: Transition, now: datetime
    ) -> None:
        """Record in another incident what a change of this one means there."""
        there = replace(change, incident_id=incident_id)
        record(tx, there, transition, now)
        audit.add(tx, there.line(f"incident.{transition.kind}", after=dict(transition.data)))
        sync.enqueue(self._durable, tx, incident_id, change.idempotency_key)
