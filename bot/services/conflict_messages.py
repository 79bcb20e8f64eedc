"""The messages that ask people which text stays, where a published text and the report have both changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.resources import ResourceKind, digest, resource_key
from bot.render.conflicts import SHOWN, Decision
from bot.store import resources as resource_rows
from bot.store.documents import DocumentRow
from bot.store.engine import Tx


def ask(tx: Tx, incident_id: str, document: DocumentRow, place: str, *, now: datetime) -> None:
    """Have the channel ask people which of both texts stays, unless it asks already."""
    keys = [one.key for one in document.conflicts]
    subject = digest([document.key, keys])[:16]
    first = document.conflicts[0]
    spec: dict[str, Any] = {"incident_id": incident_id, "subject": subject, "place": place}
    spec |= {"document": document.key, "keys": keys, "state": Decision.OPEN.value}
    spec |= {"ours": first.ours[: SHOWN + 1], "theirs": first.theirs[: SHOWN + 1]}
    settle(tx, incident_id, document.key, but=subject)
    if not resource_rows.add(tx, incident_id, ResourceKind.CONFLICT, subject, spec=spec, now=now):
        key = resource_key(incident_id, ResourceKind.CONFLICT, subject)
        resource_rows.change(tx, key, spec=spec)


def settle(tx: Tx, incident_id: str, document: str, *, but: str = "") -> None:
    """Have the open questions about a text say that they are outdated; ``but`` is the subject of one."""
    for row in resource_rows.of_incident(tx, incident_id).values():
        is_other = row.kind is ResourceKind.CONFLICT and row.subject != but
        if is_other and row.spec["document"] == document and row.spec["state"] == Decision.OPEN:
            spec = {**row.spec, "state": Decision.OUTDATED.value}
            resource_rows.change(tx, row.key, spec=spec)
