"""Stores what people change of a report besides its entries, and who changed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.report_tables import report_revision


def is_known(tx: Tx, incident_id: str, source: str) -> bool:
    """Whether this act is recorded already."""
    where = (report_revision.c.incident_id == incident_id) & (report_revision.c.source == source)
    return tx.execute(select(report_revision.c.id).where(where)).first() is not None


def add_revision(
    tx: Tx,
    incident_id: str,
    part: str,
    *,
    by: str,
    at: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    source: str,
) -> bool:
    """Record a change; False when its act was recorded before."""
    values = {
        "incident_id": incident_id,
        "part": part,
        "by": by,
        "at": at,
        "before": before,
        "after": after,
        "source": source,
    }
    return insert_new(tx, report_revision.name, values)
