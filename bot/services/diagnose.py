"""Diagnosing a hub: read everything within seconds, run the rules, keep what was found.

Nothing outside is changed. What was found is kept for the buttons below it, with a line in the audit log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, tzinfo
from typing import Any

from bot import deadline
from bot.diagnose import Finding, Severity
from bot.diagnose.found import Found
from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.command import COMMAND
from bot.domain.facts import MORE, Part
from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryChange, EntryKind
from bot.errors import UserError
from bot.ports import JSON, Clock, Durable, Post
from bot.render.diagnose import Audience, diagnosis_post
from bot.render.text import escape, mention
from bot.runbook.site import Site
from bot.services import sync
from bot.services.facts import Since, read_facts
from bot.services.run import NO_HUB, NO_HUBS
from bot.services.sightings import Sightings
from bot.store import audit, entry_revisions
from bot.store import diagnoses as rows
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

READING = 2.6
"""Seconds for reading, so that the answer is there within three. What takes longer is unknown."""

KEEP = timedelta(days=7)
"""How long what was found is kept: its buttons work as long."""

POSTED_SERVERS, POSTED_FINDINGS = 10, 12

GONE = f"mayday no longer has this diagnosis. Make a new one with {COMMAND} diagnose."
NO_SUCH_FINDING = "This diagnosis has no such finding."


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A diagnosis that is kept, by its id, with the person who asked for it."""

    id: str
    by: str
    found: Found


def read_and_diagnose(
    site: Site, wall: Clock, since: Since = lambda _servers: {}, *, zone: tzinfo = UTC
) -> Found:
    """Return what is wrong with a hub now, with times in ``zone``.

    A part that does not answer in time is unknown.
    """
    with deadline.patience(READING):
        facts = read_facts(site, wall().astimezone(zone), since=since, more=MORE - {Part.NOTICE})
    return Found.of(facts)


class Diagnoses:
    """Makes and keeps diagnoses. ``now`` is the domain's time, ``wall`` real time, ``zone`` the team's."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        *,
        sites: Mapping[str, Site],
        wall: Clock,
        zone: tzinfo = UTC,
    ) -> None:
        self._zone = zone
        self._store = store
        self._durable = durable
        self._now = now
        self._sites = sites
        self._wall = wall
        self._sightings = Sightings(store)

    @property
    def hubs(self) -> list[str]:
        """The hubs that can be diagnosed."""
        return list(self._sites)

    def site(self, hub: str) -> Site:
        """Return one hub with the systems behind it.

        Raises:
            UserError: there is no such hub.
        """
        if not self._sites:
            raise UserError(NO_HUBS)
        if hub not in self._sites:
            raise UserError(NO_HUB.format(hub=hub, known=", ".join(self._sites)))
        return self._sites[hub]

    def make(
        self,
        hub: str,
        *,
        by: str,
        idempotency_key: str,
        origin: str = "",
        incident_id: str | None = None,
    ) -> Kept:
        """Diagnose a hub now; the person must have been authorised. The same request again reads nothing.

        Raises:
            UserError: there is no such hub.
        """
        site = self.site(hub)
        diagnosis_id = hashlib.sha256(f"{hub}/{by}/{idempotency_key}".encode()).hexdigest()[:12]
        with self._store.read() as tx:
            before = rows.get(tx, diagnosis_id)
        if before is not None:
            return _kept(before)
        found = read_and_diagnose(
            site,
            self._wall,
            lambda servers: self._sightings.of(hub, servers, self._wall()),
            zone=self._zone,
        )
        made = rows.Diagnosed(
            id=diagnosis_id, hub=hub, at=found.read_at, by=by, found=found.to_json()
        )
        with self._store.write() as tx:
            rows.add(tx, made)
            audit.add(tx, line(made, found, origin=origin, incident_id=incident_id))
        return Kept(id=diagnosis_id, by=by, found=found)

    def get(self, diagnosis_id: str) -> Kept:
        """Return a diagnosis.

        Raises:
            UserError: it is no longer kept.
        """
        with self._store.read() as tx:
            made = rows.get(tx, diagnosis_id)
        if made is None:
            raise UserError(GONE)
        return _kept(made)

    def post(self, change: StateChange, kept: Kept, *, channel: str) -> None:
        """Have a diagnosis shown to everybody in the incident's channel, once."""
        with self._store.write() as tx:
            self._add_post(tx, change.incident_id, kept)
            key = f"diagnosis/{kept.id}"
            sync.enqueue(self._durable, tx, change.incident_id, key)
            audit.add(tx, shared(kept, "diagnose.post", channel, change))

    def take_into(self, tx: Tx, change: StateChange, diagnosis_id: str) -> None:
        """Show a diagnosis in a new incident, and put what is known to be wrong into its timeline.

        Only findings with a time of their own are taken; people can add the others. A diagnosis that is no
        longer kept must not prevent an incident.
        """
        made = rows.get(tx, diagnosis_id)
        if made is None:
            return
        kept = _kept(made)
        wrong = [
            finding
            for _, finding in kept.found.known
            if finding.severity >= Severity.WARNING and finding.at is not None
        ]
        self._add_post(tx, change.incident_id, kept)
        self._add_entries(tx, change, kept, wrong)

    def add_finding(
        self, change: StateChange, diagnosis_id: str, number: int
    ) -> tuple[Finding, bool]:
        """Put a finding into the timeline at its own time; return it, and whether it is new there.

        Raises:
            UserError: the diagnosis is no longer kept.
        """
        kept = self.get(diagnosis_id)
        if not 0 < number <= len(kept.found.findings):
            raise UserError(NO_SUCH_FINDING)
        finding = kept.found.findings[number - 1]
        with self._store.write() as tx:
            return finding, self._add_entries(tx, change, kept, [finding]) > 0

    def _add_post(self, tx: Tx, incident_id: str, kept: Kept) -> None:
        shown = kept.found.shortened(servers=POSTED_SERVERS, findings=POSTED_FINDINGS)
        resource_rows.add(
            tx,
            incident_id,
            ResourceKind.DIAGNOSIS,
            kept.id,
            spec={"id": kept.id, "by": kept.by, "found": shown.to_json()},
            now=self._now(),
        )

    def _add_entries(
        self, tx: Tx, change: StateChange, kept: Kept, findings: Iterable[Finding]
    ) -> int:
        """Add findings as entries, or bring back those that were removed; return how many there were."""
        added = 0
        for number, finding in enumerate(findings, start=1):
            source = _source(kept.found, finding)
            is_new = timeline_rows.add_entry(
                tx,
                incident_id=change.incident_id,
                at=finding.at or kept.found.read_at,
                now=self._now(),
                kind=EntryKind.FINDING,
                author=change.by,
                data=_data(kept.found, finding),
                source=source,
            )
            if not is_new:
                restored = timeline_rows.restore_entry(tx, change.incident_id, source)
                if restored is None:
                    continue
                entry_revisions.add(
                    tx,
                    restored,
                    EntryChange.RESTORED,
                    by=change.by,
                    at=self._now(),
                    source=change.idempotency_key,
                )
            added += 1
            after = {"rule": finding.rule, "hub": kept.found.place.hub, "diagnosis": kept.id}
            act = replace(change, idempotency_key=f"{change.idempotency_key}/{number}")
            audit.add(tx, act.line("entry.finding", target=source, after=after))
        return added


def incident_post(spec: JSON) -> Post:
    """Return the message of a diagnosis in an incident's channel, from the resource's values."""
    return diagnosis_post(
        Found.from_json(spec["found"]),
        id=str(spec["id"]),
        by=str(spec["by"]),
        audience=Audience.INCIDENT,
    )


def line(
    made: rows.Diagnosed, found: Found, *, origin: str = "", incident_id: str | None = None
) -> AuditLine:
    """The line of the audit log that says that a hub was diagnosed, without users' names."""
    return AuditLine(
        actor=made.by,
        act="diagnose",
        outcome=AuditOutcome.DONE,
        target=f"hub/{made.hub}",
        incident_id=incident_id,
        origin=origin,
        after={
            "diagnosis": made.id,
            "verdict": found.verdict.value,
            "rules": sorted({finding.rule for finding in found.findings}),
        },
        source=f"diagnose/{made.id}",
    )


def shared(kept: Kept, act: str, channel: str, change: StateChange) -> AuditLine:
    """The line that says who showed a diagnosis, or its evidence, to the people of which channel."""
    after = {"diagnosis": kept.id, "channel": channel}
    return change.line(act, target=f"hub/{kept.found.place.hub}", after=after)


def _kept(made: rows.Diagnosed) -> Kept:
    return Kept(id=made.id, by=made.by, found=Found.from_json(made.found))


def _source(found: Found, finding: Finding) -> str:
    """What is the same for the same finding in every diagnosis."""
    at = finding.at.isoformat() if finding.at else ""
    name = "/".join((found.place.hub, finding.rule, finding.key, at))
    return f"finding/{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _data(found: Found, finding: Finding) -> dict[str, Any]:
    return {
        "hub": found.place.hub,
        "rule": finding.rule,
        "key": finding.key,
        "severity": finding.severity.name.lower(),
        "text": escape(finding.text) + (f" By {mention(finding.by)}." if finding.by else ""),
        "precision": "second" if finding.at else "minute",
    }
