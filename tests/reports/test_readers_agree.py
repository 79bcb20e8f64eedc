"""Times of published reports are read the same by the reader of typed times, as far as it reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.time_grammar import RELATIVE
from bot.domain.time_parsing import Reader
from bot.errors import UserError
from bot.reports import ImportedEntry, read_report
from bot.reports.zones import zone_of
from tests.support.reports import REPORTS

BY_ORDER = {"1:05", "1:15"}
"""Times that a report reads in the afternoon because the entries are in order."""
FEWEST = 0.9


def typed(entry: ImportedEntry, zone: str) -> tuple[datetime, datetime | None] | None:
    assert entry.at
    home = zone_of(zone) or UTC
    reader = Reader(
        zone=home, now=datetime(2030, 1, 1, tzinfo=UTC), order="mdy", day=entry.at.date()
    )
    try:
        time = reader.time(entry.raw)
    except UserError:
        return None
    ours = entry.at.tzinfo or home
    until = time.until.astimezone(ours) if time.until else None
    return time.at.astimezone(ours), until


def _is_of_the_report(raw: str) -> bool:
    """Return whether a time is read by those around it, or is one that only a report may have."""
    return raw in BY_ORDER or raw.endswith("24:00") or RELATIVE.match(raw) is not None


def test_both_readers_understand_the_same() -> None:
    entries = [
        (entry, report.zone)
        for path in REPORTS
        for report in [read_report(path.read_text(encoding="utf-8"), path=path.name)]
        for entry in report.timeline
        if entry.at and not _is_of_the_report(entry.raw)
    ]
    read = [(entry, both) for entry, zone in entries if (both := typed(entry, zone))]
    for entry, (at, until) in read:
        assert entry.at
        shown = [each and each.replace(tzinfo=at.tzinfo) for each in (entry.at, entry.until)]
        assert [at, until] == shown, entry.raw
    assert len(read) >= FEWEST * len(entries)


@pytest.mark.parametrize(
    "text", ["19. April 2018, 11:00", "19 April 2018 11:00", "April 19th 2018, 11:00"]
)
def test_days_with_a_point(text: str) -> None:
    reader = Reader(zone=UTC, now=datetime(2030, 1, 1, tzinfo=UTC))
    assert reader.time(text).at == datetime(2018, 4, 19, 11, tzinfo=UTC)
