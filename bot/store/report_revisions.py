"""What people changed of reports besides their entries. A revision is added with its change and stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select

from bot.domain.report_parts import Revision, Values
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.report_tables import report_revision


def add(
    tx: Tx,
    incident_id: str,
    part: str,
    *,
    by: str,
    at: datetime,
    before: Values,
    after: Values,
    source: str,
) -> None:
    """Record a change of a part, unless this act is recorded."""
    values = {"part": part, "by": by, "at": at, "source": source}
    changes: dict[str, Any] = {"before": dict(before), "after": dict(after)}
    insert_new(tx, "report_revision", {"incident_id": incident_id, **values, **changes})


def is_known(tx: Tx, incident_id: str, source: str) -> bool:
    """Whether this act is recorded."""
    return of_source(tx, incident_id, source) is not None


def of_source(tx: Tx, incident_id: str, source: str) -> Revision | None:
    """The revision that an act made."""
    statement = select(report_revision).where(
        report_revision.c.incident_id == incident_id, report_revision.c.source == source
    )
    row = tx.execute(statement).mappings().first()
    return _revision(row) if row else None


def get(tx: Tx, revision_id: int) -> Revision | None:
    """One revision."""
    row = tx.execute(select(report_revision).where(report_revision.c.id == revision_id))
    found = row.mappings().first()
    return _revision(found) if found else None


def latest(tx: Tx, incident_id: str, *, part: str = "", limit: int) -> list[Revision]:
    """The latest revisions, of one part if it is given, the newest first."""
    where = report_revision.c.incident_id == incident_id
    if part:
        where &= report_revision.c.part == part
    rows = tx.execute(
        select(report_revision).where(where).order_by(report_revision.c.id.desc()).limit(limit)
    )
    return [_revision(row) for row in rows.mappings()]


def _revision(row: RowMapping) -> Revision:
    return Revision(**{name: row[name] for name in row if name != "source"})
