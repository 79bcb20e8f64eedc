"""Stores published reports that people import, and indexes them for the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.ports import Clock
from bot.reports import ImportedReport, ended, read_report
from bot.store import published
from bot.store import search as index
from bot.store.engine import Store
from bot.store.published import PublishedReport
from bot.store.search import Searchable


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A report that was stored. ``is_new``: it was not known before."""

    report: ImportedReport
    is_new: bool


class Library:
    """The imported reports."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now

    def take(
        self,
        text: str,
        *,
        source: str,
        url: str = "",
        revision: str = "",
        opened: date | None = None,
    ) -> Taken:
        """Store a report, in place of what was read of it before, and index it.

        ``opened`` is the day on which it was opened, if it is an issue.
        """
        report = read_report(text, path=source.rpartition(":")[2], opened=opened)
        value = PublishedReport(
            source=source,
            url=url,
            revision=revision,
            title=report.title,
            date=report.date,
            format=report.format.value,
            raw=text,
        )
        with self._store.write() as tx:
            report_id, is_new = published.put(tx, value, self._now())
            index.put(tx, searchable(report, report_id=report_id, url=url))
        return Taken(report=report, is_new=is_new)

    def revisions(self, sources: str) -> Mapping[str, str]:
        """Return the revision of each report whose source begins with these words, by its source."""
        with self._store.read() as tx:
            return published.revisions(tx, sources)

    def reports(self) -> list[ImportedReport]:
        """Return all imported reports, read again from their texts."""
        with self._store.read() as tx:
            stored = published.all_reports(tx)
        return [
            read_report(one.report.raw, path=one.report.source, opened=one.report.date)
            for one in stored
        ]


def searchable(report: ImportedReport, *, report_id: str, url: str) -> Searchable:
    """Return what is searched of an imported report: all of it except its front matter."""
    sections = [each for each in report.sections if each.title != "Front matter"]
    return Searchable(
        title=report.title,
        date=report.date,
        url=url,
        ended=ended(report),
        body="\n\n".join([report.summary, *(each.text for each in sections)]),
        report_id=report_id,
    )
