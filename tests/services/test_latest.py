"""The latest lines of a timeline and the latest incidents, selected by the database."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.timeline import EntryKind, Heading, Line, Message, Tag
from bot.errors import UserError
from bot.services.record import Record
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store
from bot.store.tables import tag
from tests.support import looks
from tests.support.rows import CHANNEL, NOW, TEAM, Hands, act, message, settings, stored

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

INCIDENT = "abc123abc123"


@pytest.fixture
def record(store: Store) -> Record:
    chosen = settings(intervals={}, reactions={}, zone=ZoneInfo("America/Los_Angeles"))
    return Record(store, Hands(NOW), chosen, team_url=lambda: "https://practice.slack.com/")


def add_note(store: Store, number: int, *, minutes: int) -> None:
    with store.write() as tx:
        rows.add_entry(
            tx,
            incident_id=INCIDENT,
            at=NOW + timedelta(minutes=minutes),
            now=NOW,
            kind=EntryKind.NOTE,
            author="U0ANA",
            data={"text": f"note {number}"},
            source=f"note/{number}",
        )


def add_message(store: Store, number: int, *, minutes: int, headings: tuple[Heading, ...]) -> None:
    """A message that is an entry, with a tag for each heading."""
    said: Message = message(ts=f"1487895900.{number:06}", text=f"message {number}")
    with store.write() as tx:
        rows.add_message(tx, said)
        for heading in headings:
            rows.add_tag(
                tx,
                Tag(
                    message_key=said.key,
                    user="U0ANA",
                    name=heading.value,
                    heading=heading,
                    seen_at=NOW,
                ),
            )
        rows.add_entry(
            tx,
            incident_id=INCIDENT,
            at=NOW + timedelta(minutes=minutes),
            now=NOW,
            kind=EntryKind.MESSAGE,
            author="U0ANA",
            data={},
            source=f"message/{said.key}",
            message_key=said.key,
        )


def shown(lines: list[Line]) -> list[Line]:
    """The lines of the timeline among all, as they were selected before the database did it."""
    kept = [line for line in lines if line.entry.deleted_at is None and line.headings]
    return sorted(kept, key=lambda line: (line.entry.at, line.entry.id))


@pytest.fixture
def busy(store: Store, record: Record) -> list[Line]:
    """A timeline whose entries were recorded out of order, some without a tag and some removed."""
    for number in range(12):
        add_note(store, number, minutes=number * 7 % 12)
    for number in range(12):
        headings = ((), (Heading.TIMELINE,), (Heading.TIMELINE, Heading.WRONG))[number % 3]
        add_message(store, number, minutes=number * 5 % 12, headings=headings)
    with store.write() as tx:
        untagged = f"{TEAM}:{CHANNEL}:1487895900.000001"
        tx.execute(tag.update().where(tag.c.message_key == untagged).values(removed_at=NOW))
    for line in record.lines(INCIDENT)[:20:6]:
        record.hide_entry(act(), line.entry.id)
    return shown(record.lines(INCIDENT))


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_the_latest_lines_are_the_end_of_the_timeline(
    record: Record, busy: list[Line], limit: int
) -> None:
    latest = record.latest(INCIDENT, limit)
    assert list(latest.lines) == busy[-limit:]
    assert latest.count == len(busy)
    assert 0 < len(busy) < len(record.lines(INCIDENT))


def test_no_line_of_another_incident_is_among_the_latest(record: Record, busy: list[Line]) -> None:
    assert record.latest("another", 5).count == 0
    with pytest.raises(UserError, match="no longer in the timeline"):
        record.line("another", busy[0].entry.id)


def test_one_line_has_its_message_and_its_headings(record: Record, busy: list[Line]) -> None:
    for line in busy:
        assert record.line(INCIDENT, line.entry.id) == line


def test_private_incidents_do_not_crowd_others_out_of_the_list(store: Store) -> None:
    """The list was limited before the private incidents were removed from it."""
    with store.write() as tx:
        public = incident_rows.get(tx, INCIDENT)
    for number in range(25):
        stored(
            store,
            id=f"private{number}",
            private=True,
            channel_id=f"C0PRIVATE{number}",
            channel_name=f"private-{number}",
            declared_at=public.declared_at + timedelta(hours=number + 1),
        )
    incidents = looks.incidents(store)
    assert [one.id for one in incidents.listed(TEAM, "C0OTHER")] == [INCIDENT]
    from_inside = incidents.listed(TEAM, "C0PRIVATE3")
    assert [one.id for one in from_inside] == ["private3", INCIDENT]
