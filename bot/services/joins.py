"""People who join an incident's channel on their own: each is shown its state once.

Slack says who invited a person: they know from those people what they are to do, and mayday adds nothing.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.access import Act, Rules
from bot.domain.audit import AuditOutcome
from bot.domain.events import ChannelEvent
from bot.domain.resources import ResourceKind
from bot.ports import Durable
from bot.services import sync
from bot.services.authorize import seen_line
from bot.store import audit
from bot.store import resources as rows
from bot.store.engine import Tx


def take(tx: Tx, durable: Durable, incident_id: str, event: ChannelEvent, *, now: datetime) -> None:
    """Request a catch-up for the person who joined, in the transaction that records the event."""
    if event.inviter:
        return
    line = seen_line(Rules(), Act.READ, incident_id, event.user, f"join of {event.channel_id}")
    audit.add(tx, line)
    if line.outcome is not AuditOutcome.ALLOWED:
        return
    subject = f"{event.user}/{event.event_ts or now.isoformat()}"
    spec = {"user": event.user}
    if rows.add(tx, incident_id, ResourceKind.CATCH_UP, subject, spec=spec, now=now):
        sync.enqueue(durable, tx, incident_id, f"join/{subject}")
