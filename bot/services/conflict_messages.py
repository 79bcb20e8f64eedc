"""The messages that ask people which text stays, where a published text and the report have both changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.resources import ResourceKind, digest
from bot.render.conflicts import SHOWN, Decision
from bot.store import documents as rows
from bot.store import resources as resource_rows
from bot.store.documents import DocumentRow
from bot.store.engine import Tx
from bot.store.resources import ResourceRow


def ask(tx: Tx, incident_id: str, document: DocumentRow, place: str, *, now: datetime) -> None:
    """Have the channel ask people which of both texts stays, unless it asks already or they have decided.

    The incident is locked.
    """
    keys = [one.key for one in document.conflicts]
    if set(keys) <= rows.get(tx, document.key).decided.keys():
        return
    asked = [row for row in _questions(tx, incident_id, document.key) if row.spec["keys"] == keys]
    is_open = [row for row in asked if row.spec["state"] == Decision.OPEN]
    subject = is_open[0].subject if is_open else digest([document.key, keys, len(asked)])[:16]
    settle(tx, incident_id, document.key, but=subject)
    first = document.conflicts[0]
    spec: dict[str, Any] = {"incident_id": incident_id, "subject": subject, "place": place}
    spec |= {"document": document.key, "keys": keys, "state": Decision.OPEN.value}
    spec |= {"ours": first.ours[: SHOWN + 1], "theirs": first.theirs[: SHOWN + 1]}
    resource_rows.add(tx, incident_id, ResourceKind.CONFLICT, subject, spec=spec, now=now)


def settle(tx: Tx, incident_id: str, document: str, *, but: str = "") -> None:
    """Have the open questions about a text say that they are outdated; ``but`` is the subject of one."""
    for row in _questions(tx, incident_id, document):
        if row.subject != but and row.spec["state"] == Decision.OPEN:
            spec = {**row.spec, "state": Decision.OUTDATED.value}
            resource_rows.change(tx, row.key, spec=spec)


def _questions(tx: Tx, incident_id: str, document: str) -> list[ResourceRow]:
    found = resource_rows.of_incident(tx, incident_id).values()
    asked = [row for row in found if row.kind is ResourceKind.CONFLICT]
    return [row for row in asked if row.spec["document"] == document]
