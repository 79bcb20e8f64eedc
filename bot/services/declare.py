"""Declaring an incident: everything is committed before the form is acknowledged.

The incident's id is made from the id of the form it was declared in, so a form that is sent twice, by an
impatient person or a redelivery, names the same incident and changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.incident import Incident, clean_title
from bot.domain.milestones import Milestone
from bot.domain.reminders import Reminder
from bot.domain.resources import as_json
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.domain.typed_time import TypedTime
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.services import sync
from bot.services.channel import reserve_name
from bot.services.settings import Settings
from bot.store import audit
from bot.store import incidents as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

NO_SUCH_SEVERITY = "Choose a severity: {severities}."
NO_SUCH_HUB = "“{hub}” isn't a configured hub. Choose one from the list."


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What the form says. ``idempotency_key`` is unique to the opened form (Slack's view id), ``origin`` is
    as in :class:`bot.domain.audit.AuditLine`. ``diagnosis`` is the id of one that it begins with, ``began``
    the start of impact if it was typed.
    """

    idempotency_key: str
    team_id: str
    declared_by: str
    title: str
    severity: str
    summary: str = ""
    hubs: tuple[str, ...] = ()
    private: bool = False
    origin_channel: str | None = None
    origin: str = ""
    diagnosis: str = ""
    began: TypedTime | None = None


TakeDiagnosis = Callable[[Tx, StateChange, str], None]
"""Takes what a diagnosis found into a new incident; see :meth:`bot.services.diagnose.Diagnoses.take_into`."""


class Declare:
    """Declares incidents. ``begin`` is called with the id of each, once it is committed."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        settings: Settings,
        begin: Callable[[str], None] = lambda _incident_id: None,
        take_diagnosis: TakeDiagnosis = lambda _tx, _change, _diagnosis: None,
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._settings = settings
        self._begin = begin
        self._take_diagnosis = take_diagnosis

    def check(self, declaration: Declaration) -> None:
        """Return if the declaration is valid.

        Raises:
            UserError: a field is wrong; the error names it.
        """
        clean_title(declaration.title)
        severities = self._settings.policy.severities
        if declaration.severity not in severities:
            raise UserError(
                NO_SUCH_SEVERITY.format(severities=", ".join(severities)), field="severity"
            )
        for hub in declaration.hubs:
            if hub not in self._settings.hubs:
                raise UserError(NO_SUCH_HUB.format(hub=hub), field="hubs")

    def declare(self, declaration: Declaration) -> Incident:
        """The incident, committed with its timeline entry, reminder and work; the same form sent again
        returns the same incident.

        Raises:
            UserError: the declaration is not valid; nothing was stored.
        """
        self.check(declaration)
        incident_id = _incident_id(declaration)
        now = self._now()
        incident = Incident(
            id=incident_id,
            team_id=declaration.team_id,
            title=clean_title(declaration.title),
            severity=declaration.severity,
            status=self._settings.policy.open_statuses[0],
            summary=declaration.summary.strip(),
            private=declaration.private,
            hubs=declaration.hubs,
            declared_by=declaration.declared_by,
            declared_at=now,
            channel_name="",
            origin_channel=declaration.origin_channel,
            milestones=MappingProxyType(
                {Milestone.IMPACT: declaration.began} if declaration.began else {}
            ),
        )
        with self._store.write() as tx:
            if not self._add(tx, incident):
                return rows.get(tx, incident_id)
            timeline_rows.add_entry(
                tx,
                incident_id=incident_id,
                at=now,
                now=now,
                kind=EntryKind.DECLARED,
                author=incident.declared_by,
                data={
                    "title": incident.title,
                    "severity": incident.severity,
                    "hubs": list(incident.hubs),
                },
                source="declared",
            )
            rows.set_reminder(
                tx,
                Reminder(
                    incident_id=incident_id,
                    number=1,
                    due_at=self._settings.opening(
                        incident.severity, now + self._settings.interval(incident.severity)
                    ),
                ),
            )
            if declaration.diagnosis:
                change = StateChange(
                    incident_id=incident_id,
                    by=declaration.declared_by,
                    idempotency_key=declaration.idempotency_key,
                    origin=declaration.origin,
                )
                self._take_diagnosis(tx, change, declaration.diagnosis)
            sync.enqueue(self._durable, tx, incident_id, "declared")
            declared = rows.get(tx, incident_id)
            audit.add(
                tx,
                AuditLine(
                    actor=declared.declared_by,
                    act="incident.declared",
                    outcome=AuditOutcome.DONE,
                    incident_id=incident_id,
                    origin=declaration.origin,
                    after=as_json(declared),
                    source=f"incident.declared/{incident_id}",
                ),
            )
        self._begin(incident_id)
        return declared

    def _add(self, tx: Tx, incident: Incident) -> bool:
        """Store the incident under a free channel name; False when the form was already declared."""
        taken = 0
        while not rows.exists(tx, incident.id):
            name, count = reserve_name(tx, self._settings, incident, taken=taken)
            if rows.add(tx, replace(incident, channel_name=name)):
                return True
            taken = count + 1  # another declaration reserved this name in the meantime
        return False


def _incident_id(declaration: Declaration) -> str:
    digest = hashlib.sha256(f"{declaration.team_id}/{declaration.idempotency_key}".encode())
    return digest.hexdigest()[:12]
