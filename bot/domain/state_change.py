"""Who changes an incident, from where, and by which act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.audit import AuditLine, AuditOutcome


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """Who changes which incident; ``incident_id`` is empty for a run outside of incidents.

    ``idempotency_key`` is unique to this act, ``origin`` is as in :class:`bot.domain.audit.AuditLine`.
    ``may_publish`` is whether this person may approve the incident's report, as far as that was asked.
    """

    incident_id: str
    by: str
    idempotency_key: str
    origin: str = ""
    may_publish: bool = False

    def line(
        self,
        act: str,
        *,
        target: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> AuditLine:
        """The line of the audit log that says that this was done."""
        return AuditLine(
            actor=self.by,
            act=act,
            outcome=AuditOutcome.DONE,
            target=target,
            incident_id=self.incident_id or None,
            origin=self.origin,
            before=before or {},
            after=after or {},
            source=f"{act}/{self.incident_id}/{self.idempotency_key}",
        )
