"""Declaring an incident: everything is committed before the form is acknowledged.

The incident's id is made from the id of the form it was declared in, so a form that is sent twice, by an
impatient person or a redelivery, names the same incident and changes nothing.

Who declares locks the team's last number, so that of two people who declare one outage at once the second
one is offered the first one's incident.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

import structlog

from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.declaring import LIKE_FOR, is_like
from bot.domain.incident import RESOLVED, Incident, OriginMessage, clean_title
from bot.domain.milestones import Milestone, Times
from bot.domain.reminders import Reminder
from bot.domain.resources import as_json
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.services import sync
from bot.services.channel import reserve_name
from bot.services.settings import Settings
from bot.store import audit
from bot.store import declaring as numbers
from bot.store import incidents as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

NO_SUCH_SEVERITY = "Choose a severity: {severities}."
NO_SUCH_HUB = "“{hub}” isn't a configured hub. Choose one from the list."
IS_INCIDENT = "This channel is already that of an incident: “{title}”."
OPEN_ALREADY = "Somebody has declared an incident like this one. Join it, or declare yours anyway."
MOST_LIKE = 3
"""How many open incidents are shown to a person who declares one like them."""


class AlreadyOpenError(UserError):
    """Incidents like the declared one are open, which the person hasn't seen. Nothing was stored."""

    def __init__(self, found: tuple[Incident, ...]) -> None:
        super().__init__(OPEN_ALREADY, field="title")
        self.found = found


@dataclass(frozen=True, kw_only=True)
class AdoptedChannel:
    """A channel that becomes an incident's."""

    id: str
    name: str
    is_private: bool


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What the form says. ``idempotency_key`` is unique to the opened form (Slack's view id), ``origin`` is
    as in :class:`bot.domain.audit.AuditLine`. ``diagnosis`` is the id of one that it begins with. ``times``
    are those that were typed; with that of the resolution the incident is over already. ``seen`` are the ids
    of the open incidents like this one that the person was shown before, ``may_see`` whether they may be
    shown any. ``adopted`` is the channel to take over, ``message`` the one that it is declared from.
    """

    idempotency_key: str
    team_id: str
    declared_by: str
    title: str
    severity: str
    summary: str = ""
    hubs: tuple[str, ...] = ()
    private: bool = False
    drill: bool = False
    origin_channel: str | None = None
    origin: str = ""
    diagnosis: str = ""
    times: Times = field(default_factory=lambda: MappingProxyType({}))
    seen: Collection[str] = ()
    may_see: bool = True
    adopted: AdoptedChannel | None = None
    message: OriginMessage | None = None

    @property
    def is_over(self) -> bool:
        """Whether the incident was resolved before it is declared."""
        return Milestone.RESOLVED in self.times


log = structlog.get_logger()

TakeDiagnosis = Callable[[Tx, StateChange, str], None]
"""Takes what a diagnosis found into a new incident; see :meth:`bot.services.diagnose.Diagnoses.take_into`."""


class Declare:
    """Declares incidents. ``begin`` is called with the id of each, once it is committed.

    ``latch`` records which channels have become private; it raises :class:`UserError` if Slack doesn't say.
    """

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        settings: Settings,
        begin: Callable[[str], None] = lambda _incident_id: None,
        take_diagnosis: TakeDiagnosis = lambda _tx, _change, _diagnosis: None,
        latch: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._settings = settings
        self._begin = begin
        self._take_diagnosis = take_diagnosis
        self._latch = latch

    def like(
        self, team_id: str, title: str, hubs: Collection[str], *, drill: bool = False
    ) -> tuple[Incident, ...]:
        """The open public incidents of the last hours that may be the same outage, the latest first.

        None if Slack doesn't say which channels are private.
        """
        with self._store.read() as tx:
            found = self._like(tx, team_id, title, hubs, drill=drill)
        if not found:
            return ()
        try:
            self._latch()
        except UserError as exc:
            log.warning("declare.not_latched", error=str(exc))
            return ()
        with self._store.read() as tx:
            return self._like(tx, team_id, title, hubs, drill=drill)

    def _like(
        self, tx: Tx, team_id: str, title: str, hubs: Collection[str], *, drill: bool
    ) -> tuple[Incident, ...]:
        known = numbers.open_since(tx, team_id, self._now() - LIKE_FOR, drill=drill)
        return tuple(each for each in known if is_like(title, hubs, each))[:MOST_LIKE]

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
            AlreadyOpenError: an open incident that the person hasn't seen may be the same outage.
            UserError: the declaration is not valid; nothing was stored.
        """
        self.check(declaration)
        try:
            declared = self._commit(declaration)
        except AlreadyOpenError:
            found = self.like(
                declaration.team_id, declaration.title, declaration.hubs, drill=declaration.drill
            )
            if found := tuple(each for each in found if each.id not in declaration.seen):
                raise AlreadyOpenError(found) from None
            declared = self._commit(declaration, looks=False)
        self._begin(declared.id)
        return declared

    def _commit(self, declaration: Declaration, *, looks: bool = True) -> Incident:
        """Store the incident; ``looks`` is whether others that are open may stand against it."""
        incident_id = _incident_id(declaration)
        now = self._now()
        with self._store.write() as tx:
            last = numbers.lock(tx, declaration.team_id)
            if rows.exists(tx, incident_id):
                return rows.get(tx, incident_id)
            looks = looks and declaration.may_see
            if looks and not (declaration.is_over or declaration.adopted):
                title, hubs = declaration.title, declaration.hubs
                found = self._like(tx, declaration.team_id, title, hubs, drill=declaration.drill)
                if unseen := tuple(each for each in found if each.id not in declaration.seen):
                    raise AlreadyOpenError(unseen)
            self._add(tx, self._incident(declaration, incident_id, number=last + 1, now=now))
            numbers.take_number(tx, declaration.team_id, last + 1)
            self._record(tx, declaration, incident_id, now)
            return rows.get(tx, incident_id)

    def _incident(
        self, declaration: Declaration, incident_id: str, *, number: int, now: datetime
    ) -> Incident:
        adopted = declaration.adopted
        return Incident(
            id=incident_id,
            number=number,
            team_id=declaration.team_id,
            title=clean_title(declaration.title),
            severity=declaration.severity,
            status=RESOLVED if declaration.is_over else self._settings.policy.open_statuses[0],
            summary=declaration.summary.strip(),
            private=adopted.is_private if adopted else declaration.private,
            drill=declaration.drill,
            hubs=declaration.hubs,
            declared_by=declaration.declared_by,
            declared_at=now,
            resolved_at=now if declaration.is_over else None,
            channel_id=adopted.id if adopted else None,
            channel_name=adopted.name if adopted else "",
            adopted=adopted is not None,
            origin_channel=declaration.origin_channel,
            origin_message=declaration.message,
            milestones=MappingProxyType(dict(declaration.times)),
        )

    def _record(self, tx: Tx, declaration: Declaration, incident_id: str, now: datetime) -> None:
        """Store what belongs to a new incident: its first entry, reminder and audit line, and the work."""
        incident = rows.get(tx, incident_id)
        message = declaration.message
        # The report, which has this entry, names no private channel.
        link = {"link": message.permalink} if message and message.can_reply else {}
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
                **link,
            },
            source="declared",
        )
        if incident.is_open:
            due_at = self._settings.opening(
                incident.severity, now + self._settings.interval(incident.severity)
            )
            rows.set_reminder(tx, Reminder(incident_id=incident_id, number=1, due_at=due_at))
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
        line = AuditLine(
            actor=declared.declared_by,
            act="incident.declared",
            outcome=AuditOutcome.DONE,
            incident_id=incident_id,
            origin=declaration.origin,
            after=as_json(declared),
            source=f"incident.declared/{incident_id}",
        )
        audit.add(tx, line)

    def _add(self, tx: Tx, incident: Incident) -> None:
        """Store the incident, under a free channel name unless it takes over a channel.

        Raises:
            UserError: the channel to take over is another incident's.
        """
        if incident.channel_id is not None:
            if holder := rows.by_channel(tx, incident.channel_id):
                raise UserError(IS_INCIDENT.format(title=holder.title))
            if rows.by_name(tx, incident.team_id, incident.channel_name):
                # Another incident has reserved the name; the channel's is recorded when it is free.
                incident = replace(incident, channel_name=incident.channel_id.lower())
            rows.add(tx, incident)
            return
        taken = 0
        while True:
            name, count = reserve_name(tx, self._settings, incident, taken=taken)
            if rows.add(tx, replace(incident, channel_name=name)):
                return
            taken = count + 1  # an incident of an earlier version reserved this name meanwhile


def _incident_id(declaration: Declaration) -> str:
    digest = hashlib.sha256(f"{declaration.team_id}/{declaration.idempotency_key}".encode())
    return digest.hexdigest()[:12]
