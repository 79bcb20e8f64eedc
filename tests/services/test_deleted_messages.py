"""A deleted message is shown nowhere, and what it said is erased unless the configuration keeps it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.timeline import FileRef, Heading, chosen
from bot.domain.typed_time import TypedTime
from bot.errors import UserError
from bot.services.inbox import Inbox
from bot.services.record import Record
from bot.store import timeline as rows
from bot.store.engine import Store
from bot.store.tables import entry_revision, inbox, message, revision
from tests.support.events import deleted, edited, posted, reaction, take
from tests.support.readings import show
from tests.support.rows import NOW, Hands, act, end_claims, settings
from tests.support.rows import message as said

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

INCIDENT = "abc123abc123"
SECRET = "the password is hunter2"
FILES: dict[str, Any] = {"raw": {"text": SECRET, "blocks": [SECRET]}}


def recorder(store: Store, *, keep: bool) -> Record:
    chosen = settings(reactions={"pushpin": Heading.TIMELINE}, keep_deleted=keep)
    return Record(store, Hands(NOW), chosen, team_url=lambda: "https://practice.slack.com/")


def dump(store: Store) -> str:
    """Everything that the database has of messages."""
    with store.read() as tx:
        return "".join(
            str(tuple(row))
            for table in (message, revision, entry_revision, inbox)
            for row in tx.execute(table.select())
        )


def tell(record: Record) -> None:
    """Post, edit and pin a message that says a secret."""
    first = said(text=SECRET, **FILES)
    take(record, posted(first))
    take(record, edited(f"{SECRET}!", 1, before=first, edited_ts="1487895910.000001", **FILES))
    take(record, reaction(said().ts))


@pytest.mark.parametrize("keep", [False, True])
def test_a_deleted_message_is_shown_nowhere(store: Store, keep: bool) -> None:
    record = recorder(store, keep=keep)
    tell(record)
    entry = record.latest(INCIDENT, 9).lines[0].entry.id
    take(record, deleted(said().ts, 5, before=said(text=SECRET)))
    latest = record.latest(INCIDENT, 9)
    assert (latest.lines, latest.count) == ([], 0)
    assert chosen(record.lines(INCIDENT), Heading.TIMELINE) == ()
    assert all(SECRET not in repr(line) for line in record.lines(INCIDENT))
    for attempt in (
        lambda: record.line(INCIDENT, entry),
        lambda: record.rewrite(act(), entry, text="x", time=None),
        lambda: record.hide_entry(act(), entry),
    ):
        with pytest.raises(UserError, match="no longer"):
            attempt()


@pytest.mark.parametrize("keep", [False, True])
def test_what_it_said_is_kept_only_as_configured(store: Store, keep: bool) -> None:
    record = recorder(store, keep=keep)
    tell(record)
    take(record, deleted(said().ts, 5, before=said(text=SECRET, **FILES)))
    assert (SECRET in dump(store)) is keep
    with store.read() as tx:
        known = rows.message_by_key(tx, said().key)
        changes = [one["change"] for one in rows.revisions(tx, said().key)]
    assert known is not None
    assert known.deleted_at is not None
    assert (known.author, changes) == ("U0ANA", ["edited", "deleted"])


@pytest.mark.parametrize("posting_first", [False, True])
def test_what_comes_after_the_deletion_brings_no_words_back(
    store: Store, posting_first: bool
) -> None:
    record = recorder(store, keep=False)
    if posting_first:
        tell(record)
    gone = deleted(said().ts, 5, before=said(text=SECRET, **FILES))
    take(record, gone)
    tell(record)
    take(record, gone, edited(SECRET, 9, edited_ts="1487895990.000001", **FILES))
    record.file_message(said(text=SECRET, edited_ts="1487895999.000001", **FILES), by="U0ANA")
    assert SECRET not in dump(store)


def test_text_that_somebody_wrote_for_the_report_stays(store: Store) -> None:
    record = recorder(store, keep=False)
    tell(record)
    entry = record.lines(INCIDENT)[0].entry.id
    record.rewrite(act(), entry, text="A password was posted.", time=None)
    take(record, deleted(said().ts, 5))
    assert [line.text for line in record.latest(INCIDENT, 9).lines] == ["A password was posted."]
    (line,) = chosen(record.lines(INCIDENT), Heading.TIMELINE)
    assert line.text == "A password was posted."
    assert line.message is not None
    assert (line.message.permalink, line.message.files) == ("", ())
    assert SECRET not in dump(store)


def test_saving_a_new_time_keeps_no_copy_of_the_words(store: Store) -> None:
    record = recorder(store, keep=False)
    tell(record)
    line = record.lines(INCIDENT)[0]
    record.rewrite(
        act(), line.entry.id, text=line.text, time=TypedTime(at=NOW - timedelta(hours=1))
    )
    take(record, deleted(said().ts, 5))
    assert record.latest(INCIDENT, 9).lines == []
    assert SECRET not in dump(store)


@pytest.mark.parametrize("keep", [False, True])
def test_stored_deliveries_are_erased_too(store: Store, keep: bool) -> None:
    record, kept = recorder(store, keep=keep), Inbox(store, owner="one")
    told = {"type": "message", "channel": "C0INCIDENT", "ts": said().ts, "text": SECRET}
    other = {**told, "ts": "1487895999.000100", "text": "unrelated"}
    changed = {"message": told, "previous_message": told, "ts": "1487895998.000100"}
    for key, event in (("Ev1", told), ("Ev2", other), ("Ev3", changed)):
        kept.store_failed(key, {"type": "event_callback", "event": event}, ValueError("x"))
    take(record, posted(said(text=SECRET)), deleted(said().ts, 5))
    assert (SECRET in dump(store)) is keep
    assert "unrelated" in dump(store)
    end_claims(store)
    with store.read() as tx:
        payloads = {row.key: row.payload for row in tx.execute(inbox.select())}
    assert payloads["Ev1"]["event"]["ts"] == said().ts


def test_what_an_earlier_version_kept_is_erased_at_the_start(store: Store) -> None:
    tell(recorder(store, keep=True))
    take(recorder(store, keep=True), deleted(said().ts, 5))
    take(recorder(store, keep=True), posted(said("1487895999.000100", text="unrelated")))
    recorder(store, keep=True).erase_deleted()
    assert SECRET in dump(store)
    recorder(store, keep=False).erase_deleted()
    assert SECRET not in dump(store)
    assert "unrelated" in dump(store)


@pytest.mark.parametrize("keep", [False, True])
def test_a_page_that_lags_brings_no_words_back(store: Store, keep: bool) -> None:
    """The page shows an edit whose event was lost, of a message that was deleted meanwhile."""
    record = recorder(store, keep=keep)
    take(record, posted(said(text="first")), deleted(said().ts, 5))
    before = dump(store)
    late = said(text=SECRET, edited_ts="1487895910.000001", **FILES)
    show(settings(keep_deleted=keep), store, late)
    assert dump(store) == before


@pytest.mark.parametrize("at", ["revision", "raw", "files"])
def test_words_are_erased_wherever_an_earlier_version_kept_them(store: Store, at: str) -> None:
    """It kept no text of what an app posted in attachments, nor of a message that was edited to nothing."""
    old = recorder(store, keep=True)
    values: dict[str, Any] = {
        "revision": {},
        "raw": {"raw": {"attachments": [{"text": SECRET}]}},
        "files": {"files": (FileRef(id="F1", name=SECRET, mimetype="", permalink=""),)},
    }[at]
    take(old, posted(said(text=SECRET if at == "revision" else "", **values)))
    if at == "revision":
        take(old, edited("", 4))
    take(old, deleted(said().ts, 5))
    assert SECRET in dump(store)
    recorder(store, keep=False).erase_deleted()
    assert SECRET not in dump(store)


def test_a_delivery_of_another_channel_is_not_erased(store: Store) -> None:
    record, kept = recorder(store, keep=False), Inbox(store, owner="one")
    event = {"type": "message", "channel": "C0OTHER", "ts": said().ts, "text": "unrelated"}
    kept.store_failed("Ev1", {"type": "event_callback", "event": event}, ValueError("x"))
    take(record, posted(said()), deleted(said().ts, 5))
    assert "unrelated" in dump(store)
