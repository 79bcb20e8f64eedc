"""Published reports that were imported, each once, with its text as published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath

from sqlalchemy import select, update

from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.report_tables import published_report as table


@dataclass(frozen=True, kw_only=True)
class PublishedReport:
    """An imported report.

    Attributes:
        source: where it was read: a path, or ``owner/name:path`` in a repository.
        url: its page, empty for a file.
        revision: that of a repository's file, empty for another file.
        raw: the text as published.
    """

    source: str
    url: str
    revision: str
    title: str
    date: date | None
    format: str
    raw: str

    @property
    def digest(self) -> str:
        """The fingerprint of the text."""
        return hashlib.sha256(self.raw.encode(errors="replace")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class StoredReport:
    """A report's row."""

    id: str
    report: PublishedReport


def put(tx: Tx, value: PublishedReport, now: datetime) -> tuple[str, bool]:
    """Store a report, in place of what was read of it before; return its id and whether it was new.

    It is the same report if it has the same source, or the same text, or the same file name, title and date.
    """
    known = _known(tx, value)
    columns = {
        "source": value.source,
        "url": value.url,
        "revision": value.revision,
        "title": value.title,
        "date": value.date,
        "format": value.format,
        "raw": value.raw,
        "digest": value.digest,
        "stored_at": now,
    }
    if known is None:
        new_id = hashlib.sha256(value.source.encode(errors="replace")).hexdigest()[:32]
        if insert_new(tx, "published_report", {"id": new_id, **columns}):
            return new_id, True
        known = (new_id, "", "")
    known_id, known_source, known_url = known
    if known_source and value.source != known_source and (known_url or not value.url):
        # A copy. Where it was found first stays the source; a page is read again at its next import.
        columns |= {"source": known_source, "url": known_url, "revision": ""}
    tx.execute(update(table).where(table.c.id == known_id).values(**columns))
    return known_id, False


def _known(tx: Tx, value: PublishedReport) -> tuple[str, str, str] | None:
    columns = (table.c.id, table.c.source, table.c.url)
    for where in (table.c.source == value.source, table.c.digest == value.digest):
        if row := tx.execute(select(*columns).where(where).order_by(table.c.id)).first():
            return row.id, row.source, row.url
    if not value.title or value.date is None:
        return None
    where = (table.c.title == value.title) & (table.c.date == value.date)
    name = _name(value.source)
    rows = tx.execute(select(*columns).where(where).order_by(table.c.id))
    return next(((row.id, row.source, row.url) for row in rows if _name(row.source) == name), None)


def _name(source: str) -> str:
    return PurePosixPath(source.replace("\\", "/")).name


def revisions(tx: Tx, sources: str) -> Mapping[str, str]:
    """Return the revision of each report whose source begins with these words, by its source."""
    where = table.c.source.startswith(sources, autoescape=True)
    rows = tx.execute(select(table.c.source, table.c.revision).where(where))
    return {row.source: row.revision for row in rows}


def all_reports(tx: Tx) -> list[StoredReport]:
    """Return all imported reports, by date."""
    rows = tx.execute(select(table).order_by(table.c.date, table.c.id)).mappings()
    return [
        StoredReport(
            id=row["id"],
            report=PublishedReport(
                **{name: row[name] for name in PublishedReport.__dataclass_fields__}
            ),
        )
        for row in rows
    ]
