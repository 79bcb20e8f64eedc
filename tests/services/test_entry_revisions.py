"""Changes to entries: each is a revision with its author, and what mayday recorded can't be changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bot.domain.audit import text_hash
from bot.domain.timeline import EntryChange, EntryKind, EntryRevision, Heading
from bot.domain.typed_time import TypedTime
from bot.errors import UserError
from bot.services.audit import Audit
from bot.services.record import Record
from bot.store import audit, entry_revisions
from bot.store import timeline as rows
from bot.store.engine import Store
from tests.support.events import posted, reaction, take
from tests.support.rows import NOW, Hands, act, message, settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

INCIDENT = "abc123abc123"


@pytest.fixture
def record(store: Store) -> Record:
    chosen = settings(reactions={"pushpin": Heading.TIMELINE})
    return Record(store, Hands(NOW), chosen, team_url=lambda: "https://practice.slack.com/")


def noted(record: Record, store: Store) -> int:
    """Add Ana's note; return its id."""
    assert record.note(
        act(by="U0ANA", idempotency_key="c/1"),
        text="it fell",
        time=TypedTime(at=NOW),
    )
    with store.read() as tx:
        return rows.entries(tx, INCIDENT)[-1].id


def recorded(store: Store, kind: EntryKind) -> int:
    """Add an entry of mayday's; return its id."""
    with store.write() as tx:
        rows.add_entry(
            tx,
            incident_id=INCIDENT,
            at=NOW,
            now=NOW,
            kind=kind,
            author="U0ANA",
            data={"to": "fixing"},
            source=f"x/{kind}",
        )
        return rows.entries(tx, INCIDENT)[-1].id


def revisions(store: Store, entry_id: int) -> tuple[EntryRevision, ...]:
    with store.read() as tx:
        return entry_revisions.of_entries(tx, [entry_id]).get(entry_id, ())


def acts(store: Store) -> list[str]:
    """The acts in the audit log."""
    with store.read() as tx:
        return [one.line.act for one in audit.latest(tx, limit=99)]


def test_an_edit_of_somebody_elses_entry_says_who_and_what_was_before(
    record: Record, store: Store
) -> None:
    note = noted(record, store)
    record.rewrite(act(), note, text="it rose", time=TypedTime(at=NOW - timedelta(hours=1)))
    (revision,) = revisions(store, note)
    assert (revision.change, revision.by, revision.at) == (EntryChange.EDITED, "U0BEN", NOW)
    assert revision.before == {"text": "it fell", "at": NOW.isoformat()}
    assert revision.after == {"text": "it rose", "at": (NOW - timedelta(hours=1)).isoformat()}
    assert record.line(INCIDENT, note).edited_by == "U0BEN"


def test_removing_is_a_revision(record: Record, store: Store) -> None:
    note = noted(record, store)
    record.hide_entry(act(), note)
    (revision,) = revisions(store, note)
    assert (revision.change, revision.by) == (EntryChange.REMOVED, "U0BEN")
    assert revision.before["text"] == "it fell"


def test_restoring_by_a_reaction_is_a_revision(record: Record, store: Store) -> None:
    take(record, posted(message()), reaction(message().ts))
    entry = record.lines(INCIDENT)[0].entry.id
    record.hide_entry(act(), entry)
    take(record, reaction(message().ts, user="U0CLEO"))
    found = [(one.change, one.by) for one in revisions(store, entry)]
    assert found == [(EntryChange.REMOVED, "U0BEN"), (EntryChange.RESTORED, "U0CLEO")]
    assert record.lines(INCIDENT)[0].entry.deleted_at is None


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if not kind.is_editable])
def test_what_mayday_recorded_is_neither_changed_nor_removed(
    record: Record, store: Store, kind: EntryKind
) -> None:
    entry = recorded(store, kind)
    with pytest.raises(UserError, match="annotate"):
        record.rewrite(act(), entry, text="nothing happened", time=None)
    with pytest.raises(UserError, match="annotate"):
        record.hide_entry(act(), entry)
    record.annotate(act(), entry, " that was a mistake ")
    line = record.line(INCIDENT, entry)
    assert line.entry.deleted_at is None
    assert line.entry.data == {"to": "fixing"}
    assert [(note.by, note.after["text"]) for note in line.annotations] == [
        ("U0BEN", "that was a mistake")
    ]


@pytest.mark.parametrize("text", [" ", "x" * 501])
def test_an_annotation_has_some_words_and_not_too_many(
    record: Record, store: Store, text: str
) -> None:
    entry = recorded(store, EntryKind.STATUS)
    with pytest.raises(UserError):
        record.annotate(act(), entry, text)
    assert revisions(store, entry) == ()


def test_the_same_act_again_is_one_revision_and_one_line(record: Record, store: Store) -> None:
    note, status = noted(record, store), recorded(store, EntryKind.STATUS)
    edit, addition, removal = act(), act(), act()
    for _ in range(2):
        record.rewrite(edit, note, text="it rose", time=None)
        record.annotate(addition, status, "by mistake")
    for _ in range(2):
        record.hide_entry(removal, note)
    changes = [one.change for one in revisions(store, note) + revisions(store, status)]
    assert changes == [EntryChange.EDITED, EntryChange.REMOVED, EntryChange.ANNOTATED]
    assert acts(store) == ["entry.note", "entry.edited", "entry.annotated", "entry.removed"]


def test_the_same_act_at_once_is_one_revision(record: Record, store: Store) -> None:
    note, edit = noted(record, store), act()
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(
                lambda _n: record.rewrite(edit, note, text="it rose", time=None),
                range(8),
            )
        )
    assert len(revisions(store, note)) == 1
    assert acts(store).count("entry.edited") == 1
    assert Audit(store).verify().faults == ()


def test_saving_a_form_unchanged_is_no_revision(record: Record, store: Store) -> None:
    take(record, posted(message()), reaction(message().ts))
    line = record.lines(INCIDENT)[0]
    record.rewrite(act(), line.entry.id, text=line.text, time=line.entry.time)
    assert revisions(store, line.entry.id) == ()
    assert "text" not in record.lines(INCIDENT)[0].entry.data


def test_the_audit_log_has_the_hash_of_a_text_and_not_the_text(
    record: Record, store: Store
) -> None:
    note = noted(record, store)
    record.rewrite(act(), note, text="it rose", time=None)
    with store.read() as tx:
        _note, edit = audit.latest(tx, limit=9)
    assert edit.line.actor == "U0BEN"
    assert edit.line.target == f"entry/{note}"
    assert edit.line.origin == "button entry.menu in C0INCIDENT"
    assert edit.line.before["text"] == text_hash("it fell")
    assert edit.line.after["text"] == text_hash("it rose")


def test_reactions_are_in_the_audit_log_and_messages_are_not(record: Record, store: Store) -> None:
    pin = reaction(message().ts)
    take(record, posted(message()), posted(message("1487895901.000100")))
    assert acts(store) == []
    take(record, pin, pin, reaction(message().ts, added=False))
    decided = "record"
    assert acts(store) == [decided, "message.tag", decided, decided, "message.untag"]
    with store.read() as tx:
        line = audit.latest(tx, limit=9)[1].line
    assert (line.actor, line.after) == ("U0ANA", {"name": "pushpin", "heading": "timeline"})
    assert line.origin == "reaction in C0INCIDENT"
