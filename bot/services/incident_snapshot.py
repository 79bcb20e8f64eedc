"""The rows of one incident as they stood at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from bot.domain.actions import ActionItem
from bot.domain.incident import LEFT, Incident
from bot.domain.resources import PERSONAL_KINDS, ResourceKind, ResourceState, resource_key
from bot.domain.subscriptions import Subscription
from bot.domain.timeline import EntryKind, PostedEntry
from bot.ports import JSON
from bot.render.posts import POSTED_KINDS
from bot.store import declaring
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store import runs as run_rows
from bot.store import subscriptions as subscription_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Tx
from bot.store.resources import ResourceRow
from bot.store.runs import Run, RunStep

_REPORTED_AT_ONCE = (ResourceState.FAILED, ResourceState.NEEDS_HUMAN)
"""States whose error is shown at once; in others only after a second attempt."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The rows of one incident, read in one transaction. ``entries`` are those that are posted,
    and those that say how the channel is."""

    incident: Incident
    entries: Sequence[PostedEntry]
    resources: Mapping[str, ResourceRow]
    runs: Sequence[tuple[Run, Sequence[RunStep]]]
    items: Mapping[str, ActionItem] = field(default_factory=lambda: MappingProxyType({}))
    """The action items by id, where there are reminders of them."""
    other: Incident | None = None
    """The incident that this one is a duplicate of."""
    duplicates: Sequence[Incident] = ()
    """The incidents that are duplicates of this one."""
    subscriptions: Sequence[Subscription] = ()
    next_at: datetime | None = None
    """When the next update is due."""
    filed: frozenset[str] = frozenset()
    """The ts of the messages that are filed, of those that were at some time."""

    @property
    def channel(self) -> str:
        """The incident's channel.

        Raises:
            LookupError: it has none yet.
        """
        if self.incident.channel_id is None:
            raise LookupError(f"{self.incident.id} has no channel")
        return self.incident.channel_id

    @property
    def other_channel(self) -> str:
        """The channel of the incident that this is a duplicate of, if people may be told of it."""
        return _public_channel(self.other) if self.other else ""

    @property
    def duplicate_channels(self) -> list[str]:
        """The channels of its duplicates that people may be told of."""
        return [channel for each in self.duplicates if (channel := _public_channel(each))]

    @property
    def problems(self) -> list[str]:
        """What failed, each sentence once; not what concerns one person, nor the messages about failures."""
        hidden = {ResourceKind.NOTICE, ResourceKind.CHANNEL_NOTICE} | PERSONAL_KINDS
        return sorted(
            {
                row.error
                for row in self.resources.values()
                if row.error
                and row.kind not in hidden
                and (row.state in _REPORTED_AT_ONCE or row.attempts > 1)
            }
        )

    def row(self, kind: ResourceKind, subject: str = "") -> ResourceRow | None:
        """A resource as it is stored."""
        return self.resources.get(resource_key(self.incident.id, kind, subject))

    def ref(self, kind: ResourceKind, subject: str = "") -> JSON:
        """How to find a resource outside; empty while it is not known to exist."""
        row = self.row(kind, subject)
        return row.ref if row else {}


def _public_channel(incident: Incident) -> str:
    is_public = not incident.private and incident.channel_state != LEFT
    return (incident.channel_id or "") if is_public else ""


def read(tx: Tx, incident_id: str) -> Snapshot:
    """Read an incident's rows, in the transaction ``tx``."""
    resources = resource_rows.of_incident(tx, incident_id)
    reminder = incident_rows.reminder_of(tx, incident_id)
    has_nags = any(row.kind is ResourceKind.ITEM_NAG for row in resources.values())
    filed = [row.subject for row in resources.values() if row.kind is ResourceKind.FILED]
    incident = incident_rows.get(tx, incident_id)
    keys = [f"{incident.team_id}:{incident.channel_id}:{ts}" for ts in filed]
    return Snapshot(
        incident=incident,
        entries=timeline_rows.posted_entries(tx, incident_id, POSTED_KINDS | {EntryKind.CHANNEL}),
        resources=resources,
        runs=run_rows.with_steps(tx, incident_id),
        items={item.id: item for item in incident_rows.items(tx, incident_id)} if has_nags else {},
        other=incident_rows.get(tx, other) if (other := incident.duplicate_of) else None,
        duplicates=declaring.duplicates_of(tx, incident_id),
        subscriptions=subscription_rows.of_incident(tx, incident_id),
        next_at=reminder.due_at if reminder else None,
        filed=frozenset(key.rpartition(":")[2] for key in timeline_rows.tagged(tx, keys)),
    )
