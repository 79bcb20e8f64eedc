"""Edits of a report: one transaction each, once each, and nothing of two people's work is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.audit import text_hash
from bot.domain.incident import Incident
from bot.domain.report import timeline_lines
from bot.domain.report_parts import Revision
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryChange, Heading
from bot.domain.typed_time import TypedTime, Unit
from bot.errors import UserError
from bot.services.audit import Audit
from bot.services.edits import ChangedMeanwhileError, Edits, published
from bot.services.record import Record
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store.engine import Store, Tx
from tests.support.events import posted, reaction, take
from tests.support.rows import NOW, Hands, NoWork, act, incident, message, settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

INCIDENT = "abc123abc123"
UTC = ZoneInfo("UTC")
REACTIONS = {"pushpin": Heading.TIMELINE, "wrench": Heading.ACTION}


class Killed(BaseException):
    """The process is killed."""


class DyingWork(NoWork):
    """Durable work before which the process is killed."""

    def enqueue(self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Any) -> None:
        raise Killed


@pytest.fixture
def work() -> NoWork:
    return NoWork()


@pytest.fixture
def edits(store: Store, work: NoWork) -> Edits:
    return Edits(store, work, Hands(NOW), settings(reactions=REACTIONS))


@pytest.fixture
def record(store: Store, work: NoWork) -> Record:
    def edited(tx: Tx, change: StateChange, of: Incident, part: str) -> None:
        published(work, tx, change, of, part)

    chosen = settings(reactions=REACTIONS)
    return Record(store, Hands(NOW), chosen, team_url=lambda: "https://x.slack.com/", edited=edited)


def saved(edits: Edits, part: str, change: StateChange | None = None, **wanted: Any) -> Revision:
    """Change fields of a part as they are now."""
    values = edits.values(INCIDENT, part)
    made = edits.save(change or act(), part, expected=values, wanted=wanted)
    assert made is not None
    return made


def stored(store: Store) -> Incident:
    with store.read() as tx:
        return incident_rows.get(tx, INCIDENT)


def close(store: Store) -> None:
    with store.write() as tx:
        incident_rows.save(tx, incident(status="closed", resolved_at=NOW, closed_at=NOW))


def lines_of(store: Store) -> list[audit.AuditLine]:
    with store.read() as tx:
        return [one.line for one in audit.latest(tx, limit=99)]


def note(record: Record, text: str, minutes: int = 0) -> int:
    return record.note(
        act(by="U0ANA", idempotency_key=f"note/{text}"),
        text=text,
        time=TypedTime(at=NOW - timedelta(minutes=minutes)),
    ).entry_id


def order(record: Record, store: Store) -> list[str]:
    lines = record.lines(INCIDENT)
    return [line.text for line in timeline_lines(stored(store), lines, UTC)]


def test_a_change_is_a_revision_a_line_and_work(edits: Edits, store: Store, work: NoWork) -> None:
    revision = saved(edits, "section/impact", text="Nobody could work.")
    assert (revision.by, revision.at) == ("U0BEN", NOW)
    assert (revision.before, revision.after) == ({"text": ""}, {"text": "Nobody could work."})
    (line,) = lines_of(store)
    assert (line.act, line.target) == ("report.edited", "section/impact")
    assert "Nobody" not in str(line)
    assert line.after["text"].startswith(text_hash("")[:7])
    assert [key.split("/")[0] for key in work.keys] == ["sync"]


def test_after_closing_it_is_published(edits: Edits, store: Store, work: NoWork) -> None:
    close(store)
    saved(edits, "section/impact", text="Nobody could work.")
    assert [key.split("/")[0] for key in work.keys] == ["sync", "publish"]
    assert stored(store).status == "closed"


def test_the_same_act_again_is_one_change(edits: Edits, store: Store, work: NoWork) -> None:
    close(store)
    change, values = act(), edits.values(INCIDENT, "section/impact")
    for _ in range(2):
        edits.save(change, "section/impact", expected=values, wanted={"text": "once"})
    assert len(edits.history(INCIDENT, limit=9)) == 1
    assert len(lines_of(store)) == 1
    assert len(work.keys) == 2


def test_the_same_act_at_once_is_one_change(edits: Edits, store: Store) -> None:
    change, values = act(), edits.values(INCIDENT, "section/impact")

    def save(_number: int) -> None:
        edits.save(change, "section/impact", expected=values, wanted={"text": "once"})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(save, range(8)))
    assert len(edits.history(INCIDENT, limit=9)) == 1
    assert Audit(store).verify().faults == ()


def test_of_two_people_at_once_one_is_told(edits: Edits, store: Store) -> None:
    values = edits.values(INCIDENT, "section/impact")

    def save(number: int) -> str:
        try:
            edits.save(act(), "section/impact", expected=values, wanted={"text": str(number)})
        except ChangedMeanwhileError:
            return "told"
        return "saved"

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(save, range(4)))
    assert sorted(results) == ["saved", "told", "told", "told"]
    (revision,) = edits.history(INCIDENT, limit=9)
    assert stored(store).answers.impact == revision.after["text"]


def test_two_people_at_once_in_different_fields_both_keep_theirs(
    edits: Edits, store: Store
) -> None:
    values = edits.values(INCIDENT, "section/impact")

    def save(wanted: dict[str, str]) -> None:
        edits.save(act(), "section/impact", expected=values, wanted=wanted)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(save, [{"text": "Ana's"}, {"heading": "Ben's"}]))
    now = stored(store)
    assert (now.answers.impact, now.report_options.headings) == ("Ana's", {"impact": "Ben's"})


def test_a_kill_before_the_commit_leaves_nothing_and_the_act_can_be_done_again(
    edits: Edits, store: Store
) -> None:
    change, values = act(), edits.values(INCIDENT, "section/impact")
    dying = Edits(store, DyingWork(), Hands(NOW), settings())
    with pytest.raises(Killed):
        dying.save(change, "section/impact", expected=values, wanted={"text": "it fell"})
    assert stored(store).answers.impact == ""
    assert lines_of(store) == []
    edits.save(change, "section/impact", expected=values, wanted={"text": "it fell"})
    assert stored(store).answers.impact == "it fell"


PARTS: list[tuple[str, dict[str, Any]]] = [
    ("section/summary", {"text": "It fell."}),
    ("section/lucky", {"text": "It was night.", "heading": "Luck"}),
    ("headings", {"timeline": "What happened", "actions": "To do"}),
    ("extra", {"sections": [{"heading": "Costs", "text": "$ 10"}]}),
    ("times", {"impact": {"at": NOW.isoformat(), "until": None, "is_about": True}}),
    (
        "about",
        {
            "title": "It fell",
            "hubs": ["datahub"],
            "hub_urls": {"datahub": "https://hub.example.org"},
            "report_date": "2017-02-25",
            "labels": [],
            "assignees": ["ana"],
        },
    ),
]


@pytest.mark.parametrize(("part", "wanted"), PARTS)
def test_every_part_is_changed_and_taken_back(
    edits: Edits, store: Store, part: str, wanted: dict[str, Any]
) -> None:
    before = stored(store)
    revision = saved(edits, part, **wanted)
    assert stored(store) != before
    assert set(revision.after) == set(wanted)
    undo = act()
    for _ in range(2):
        assert edits.undo(undo, revision.id) == part
    assert stored(store) == before
    assert len(edits.history(INCIDENT, limit=9)) == 2
    again = edits.history(INCIDENT, limit=1)[0]
    edits.undo(act(), again.id)
    assert edits.values(INCIDENT, part) == {**edits.values(INCIDENT, part), **revision.after}


def test_what_was_changed_again_is_not_taken_back(edits: Edits, store: Store) -> None:
    first = saved(edits, "about", title="One")
    saved(edits, "about", title="Two")
    with pytest.raises(UserError, match="changed again since"):
        edits.undo(act(), first.id)
    assert stored(store).title == "Two"


def test_the_item_of_a_reaction_is_stored_when_it_is_edited(
    edits: Edits, record: Record, store: Store
) -> None:
    take(record, posted(message()), reaction(message().ts, name="wrench"))
    (item,) = edits.items(INCIDENT)
    revision = saved(edits, f"item/{item.id}", due_on="2017-03-01", owner="U0ANA")
    with store.read() as tx:
        (kept,) = incident_rows.items(tx, INCIDENT)
    assert (kept.id, kept.title, kept.owner) == (item.id, item.title, "U0ANA")
    assert edits.items(INCIDENT) == [kept]
    edits.undo(act(), revision.id)
    assert edits.items(INCIDENT)[0].due_on is None


@pytest.mark.parametrize("part", ["section/", "item/none", "nothing", ""])
def test_an_unknown_part_is_refused(edits: Edits, part: str) -> None:
    with pytest.raises(UserError, match=r"no such part"):
        edits.values(INCIDENT, part)


def test_nothing_of_another_incident_is_taken_back(edits: Edits, store: Store) -> None:
    revision = saved(edits, "about", title="One")
    with store.write() as tx:
        incident_rows.add(tx, incident(id="other", channel_name="x", channel_id="C0OTHER"))
    with pytest.raises(UserError):
        edits.undo(act(incident_id="other"), revision.id)
    assert stored(store).title == "One"


def test_entries_of_one_time_keep_the_order_that_people_give_them(
    record: Record, store: Store
) -> None:
    one, two, three = (note(record, text) for text in ("one", "two", "three"))
    note(record, "earlier", minutes=9)
    change = act()
    for _ in range(2):
        record.move(change, three, two, zone=UTC)
    assert order(record, store) == ["earlier", "one", "three", "two"]
    record.move(act(), three, one, zone=UTC)
    assert order(record, store) == ["earlier", "three", "one", "two"]
    note(record, "four")
    assert order(record, store) == ["earlier", "three", "one", "two", "four"]


def test_a_move_that_is_out_of_date_is_refused(record: Record, store: Store) -> None:
    one, two, three = (note(record, text) for text in ("one", "two", "three"))
    early = note(record, "earlier", minutes=9)
    record.move(act(), three, two, zone=UTC)
    for neighbour in (one, early):
        with pytest.raises(UserError):
            record.move(act(), two, neighbour, zone=UTC)
    assert order(record, store) == ["earlier", "one", "three", "two"]


def test_a_removed_entry_is_restored_once(record: Record, store: Store) -> None:
    entry, change = note(record, "it fell"), act()
    record.hide_entry(act(), entry)
    for _ in range(2):
        record.restore_entry(change, entry)
    line = record.line(INCIDENT, entry)
    assert line.text == "it fell"
    kinds = [one.change for one in line.revisions]
    assert kinds == [EntryChange.REMOVED, EntryChange.RESTORED]


@pytest.mark.parametrize("minutes", [0, 5])
def test_an_edit_of_an_entry_is_taken_back(record: Record, store: Store, minutes: int) -> None:
    entry = note(record, "it fell", minutes=minutes)
    before = record.line(INCIDENT, entry)
    moved = TypedTime(at=NOW, until=NOW + timedelta(minutes=1), is_about=True, unit=Unit.SECOND)
    record.rewrite(act(), entry, text="it rose", time=moved)
    (revision,) = record.line(INCIDENT, entry).revisions
    undo = act()
    for _ in range(2):
        record.undo_change(undo, revision.id)
    after = record.line(INCIDENT, entry)
    assert (after.text, after.entry.time) == (before.text, before.entry.time)
    record.rewrite(act(), entry, text="it hangs", time=None)
    with pytest.raises(UserError, match="changed again since"):
        record.undo_change(act(), revision.id)


def test_taking_back_the_edit_of_a_message_shows_the_message_again(record: Record) -> None:
    take(record, posted(message()), reaction(message().ts))
    (entry,) = [line.entry for line in record.lines(INCIDENT)]
    record.rewrite(act(), entry.id, text="everything fell", time=None)
    (revision,) = record.line(INCIDENT, entry.id).revisions
    record.undo_change(act(), revision.id)
    line = record.line(INCIDENT, entry.id)
    assert line.text == message().text
    assert not line.entry.data.get("text")


def test_each_edit_of_an_entry_is_published_once_after_closing(
    record: Record, store: Store, work: NoWork
) -> None:
    one, two = note(record, "one"), note(record, "two")
    close(store)
    work.keys.clear()
    acts = [act() for _ in range(5)]
    for _ in range(2):
        record.rewrite(acts[0], one, text="uno", time=None)
        record.move(acts[1], two, one, zone=UTC)
        record.annotate(acts[2], one, "as the log shows")
        record.hide_entry(acts[3], one)
    record.restore_entry(acts[4], one)
    kinds = [key.split("/")[0] for key in work.keys]
    assert kinds.count("publish") == len(acts)
