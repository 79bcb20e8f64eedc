"""What a diagnosis found, as it is kept in the database, shown to people and printed as JSON.

Tokens and cookies are taken out here, so that neither the database nor a message ever has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from bot.diagnose import diagnose
from bot.diagnose.finding import Finding, Severity
from bot.diagnose.headline import headline
from bot.domain.facts import HubFacts, UnknownPart
from bot.domain.hubs import Condition, Diagnosis, Place, RouteState, Row
from bot.domain.redaction import without_secrets

WELL = frozenset({Condition.OK, Condition.STARTING, Condition.STOPPING, Condition.CHECKING})
"""The conditions that need nobody. ``UNKNOWN`` is not among them."""

CUT_OFF_FIRST = (
    Condition.UNROUTED,
    Condition.STALE_ROUTE,
    Condition.LOST_NODE,
    Condition.STALE_RECORD,
    Condition.CRASHING,
    Condition.STUCK_SPAWN,
    Condition.STUCK_STOP,
    Condition.UNSENT_STOP,
    Condition.LOST_EVENTS,
    Condition.HUNG_CHECK,
    Condition.ORPHAN,
    Condition.STUCK_ORPHAN,
    Condition.UNKNOWN,
)
"""The order in which unwell servers are listed."""


class Verdict(StrEnum):
    """What a diagnosis comes to. Where something is unknown and nothing known is wrong, it is unknown."""

    WELL = "well"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class UnwellServer:
    """A server that is not well. ``pod`` and ``node`` are empty without a pod; ``state`` is the pod's."""

    user: str
    server: str
    hub: str
    condition: Condition
    why: str = ""
    route: RouteState = RouteState.UNKNOWN
    pod: str = ""
    state: str = ""
    node: str = ""
    last_activity: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found. ``counts`` are all servers by condition; ``servers`` are those that are not well.

    ``ready``, ``routed`` and ``unrouted`` are as in :class:`bot.domain.facts.HubFacts`. ``more`` is how many
    findings :meth:`shortened` left out.
    """

    place: Place
    read_at: datetime
    headline: str
    diagnosis: Diagnosis
    ready: int | None
    routed: int | None
    unrouted: int | None
    counts: Mapping[Condition, int] = field(default_factory=dict)
    servers: tuple[UnwellServer, ...] = ()
    findings: tuple[Finding, ...] = ()
    unknown: tuple[UnknownPart, ...] = ()
    more: int = 0

    @classmethod
    def of(cls, facts: HubFacts) -> Found:
        """Run every rule and return what they found."""
        findings = diagnose(facts)
        return cls(
            place=facts.place,
            read_at=facts.read_at,
            headline=without_secrets(headline(facts, findings)),
            diagnosis=facts.diagnosis,
            ready=facts.ready,
            routed=facts.routed,
            unrouted=facts.unrouted,
            counts=dict(facts.counts),
            servers=_unwell(facts),
            findings=tuple(_clean(finding) for finding in findings),
            unknown=tuple(replace(part, why=without_secrets(part.why)) for part in facts.unknown),
        )

    @property
    def verdict(self) -> Verdict:
        """Whether something is wrong, everything is well, or nobody can say."""
        known = sum(n for kind, n in self.counts.items() if kind not in {*WELL, Condition.UNKNOWN})
        worst = max((finding.severity for finding in self.findings), default=Severity.NOTE)
        if known or worst >= Severity.WARNING or self.diagnosis not in _UNDECIDED:
            return Verdict.WRONG
        unread = self.unknown or self.counts.get(Condition.UNKNOWN) or worst is Severity.UNKNOWN
        return Verdict.UNKNOWN if unread or self.diagnosis is not Diagnosis.WELL else Verdict.WELL

    @property
    def unwell(self) -> int:
        """How many servers are not well, listed or not."""
        return sum(number for kind, number in self.counts.items() if kind not in WELL)

    @property
    def unread(self) -> tuple[str, ...]:
        """What could not be read and why, each sentence once: unknown parts, and rules that say so."""
        said = [f.text for f in self.findings if f.severity is Severity.UNKNOWN]
        whys = [part.why for part in self.unknown]
        told = " ".join(said)
        return tuple(dict.fromkeys((*said, *(why for why in whys if why.rstrip(".") not in told))))

    @property
    def known(self) -> tuple[tuple[int, Finding], ...]:
        """The findings except those about what could not be read, each with its number, from 1."""
        return tuple(
            (number, finding)
            for number, finding in enumerate(self.findings, start=1)
            if finding.severity is not Severity.UNKNOWN
        )

    def shortened(self, *, servers: int, findings: int) -> Found:
        """Return the same with at most so many servers and findings."""
        return replace(
            self,
            servers=self.servers[:servers],
            findings=self.findings[:findings],
            more=sum(f.severity is not Severity.UNKNOWN for f in self.findings[findings:]),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, with severities by name."""
        data = dict(_FOUND.dump_python(self, mode="json"))
        data["findings"] = [
            {**finding, "severity": Severity(finding["severity"]).name.lower()}
            for finding in data["findings"]
        ]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Found:
        """What ``to_json`` gave."""
        findings = [
            {**finding, "severity": Severity[finding["severity"].upper()]}
            for finding in data["findings"]
        ]
        return _FOUND.validate_python({**data, "findings": findings})


_FOUND = TypeAdapter(Found)
_UNDECIDED = frozenset({Diagnosis.WELL, Diagnosis.UNKNOWN})


def _unwell(facts: HubFacts) -> tuple[UnwellServer, ...]:
    rows = [row for row in facts.rows if row.condition not in WELL]
    servers = [_server(row) for row in rows]
    return tuple(
        sorted(
            servers,
            key=lambda each: (
                CUT_OFF_FIRST.index(each.condition),
                each.hub,
                each.state,
                each.route,
                each.user,
                each.server,
            ),
        )
    )


def _server(row: Row) -> UnwellServer:
    return UnwellServer(
        user=row.user,
        server=row.server,
        hub=row.hub,
        condition=row.condition,
        why=without_secrets(row.why),
        route=row.route,
        pod=row.pod.name if row.pod else "",
        state=_state(row),
        node=row.pod.node if row.pod else "",
        last_activity=row.last_activity,
    )


def _state(row: Row) -> str:
    if row.pod is None:
        return ""
    return "Terminating" if row.pod.deleting_since else row.pod.reason or row.pod.phase


def _clean(finding: Finding) -> Finding:
    return replace(
        finding,
        text=without_secrets(finding.text),
        evidence=tuple(without_secrets(line) for line in finding.evidence),
    )
