"""A page of history is applied in few statements, and never overrides what came after it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select, text, update

from bot.domain.timeline import Heading, Message, chosen, ts_moment
from bot.services.backfill import Backfill
from bot.services.record import SHORTCUT
from bot.store import timeline as rows
from bot.store.engine import Store
from bot.store.tables import incident, message, tag
from tests.support.history import SETTINGS, TEAM, History, add_incident, ts
from tests.support.readings import pass_time

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
CHANNEL = "C1"
REFUSE = {
    "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON message WHEN NEW.text = 'bad' "
    "BEGIN SELECT RAISE(ABORT, 'refused'); END",
    "postgresql": "ALTER TABLE message ADD CONSTRAINT refuse CHECK (text <> 'bad')",
}


class Room:
    """One incident's channel, its history and what is stored of it."""

    def __init__(self, store: Store, channel: str = CHANNEL) -> None:
        self.store = store
        self.channel = channel
        self.history = History()
        self.incident = add_incident(store, channel)
        self.backfill = Backfill(
            store, self.history.chat, lambda: datetime.now(UTC), SETTINGS, owner="one"
        )

    def read(self) -> None:
        """Read the whole channel."""
        self.backfill.gather(self.incident)

    def key(self, number: int) -> str:
        return f"{TEAM}:{self.channel}:{ts(number)}"

    def message(self, number: int) -> Message | None:
        with self.store.read() as tx:
            return rows.message_by_key(tx, self.key(number))

    def is_deleted(self, number: int) -> bool:
        known = self.message(number)
        return known is not None and known.deleted_at is not None

    def tags(self, number: int) -> set[tuple[str, str]]:
        with self.store.read() as tx:
            return {(one.user, one.name) for one in rows.tags(tx, [self.key(number)])}

    def timeline(self, heading: Heading = Heading.TIMELINE) -> list[str]:
        with self.store.read() as tx:
            return [line.text for line in chosen(rows.lines(tx, self.incident), heading)]

    def tell(self, number: int, **columns: object) -> None:
        """Change a message as an event does."""
        with self.store.write() as tx:
            known = update(message).where(message.c.key == self.key(number))
            tx.execute(known.values(changed_at=self.store.now(tx), event_ts="9", **columns))

    def tell_tag(self, number: int, name: str, *, is_removed: bool) -> None:
        """Add or remove a reaction of U2 as an event does, which keeps a removed one as a row."""
        with self.store.write() as tx:
            now = self.store.now(tx)
            of = {"message_key": self.key(number), "user": "U2", "name": name}
            tx.execute(tag.delete().filter_by(**of))
            tx.execute(
                tag.insert().values(
                    heading=SETTINGS.reactions.get(name, Heading.TIMELINE).value,
                    seen_at=now,
                    event_ts="9",
                    changed_at=now,
                    removed_at=now if is_removed else None,
                    **of,
                )
            )


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    store = Store(database_url)
    store.migrate()
    yield Room(store)
    store.close()


def on_the_way(room: Room, act: Callable[[], None]) -> None:
    """Read the channel, and act while its first page is on the way."""
    acts = [act]

    def hook(_method: str, _channel: str) -> None:
        if acts:
            acts.pop()()

    room.history.on_the_way = hook
    room.read()


@BOTH
def test_a_page_is_stored_with_its_tags_and_entries(room: Room) -> None:
    one = room.history.say(CHANNEL, 1, "routes are gone")
    one.reactions = {"pushpin": ("U2", "U3"), "fire::skin-tone-2": ("U2",), "eyes": ("U2",)}
    room.history.say(CHANNEL, 2, "which hub?", under=1)
    room.read()
    known, reply = room.message(1), room.message(2)
    assert known is not None
    assert reply is not None
    assert known.permalink == f"https://t.test/archives/C1/p{ts(1).replace('.', '')}"
    assert reply.thread_ts == ts(1)
    assert f"thread_ts={ts(1)}" in reply.permalink
    assert room.tags(1) == {("U2", "pushpin"), ("U3", "pushpin"), ("U2", "fire::skin-tone-2")}
    assert room.timeline() == room.timeline(Heading.WRONG) == ["routes are gone"]
    one.text, one.edited_ts = "routes are back", "1790000009.000000"
    one.reactions = {"fire": ("U2",)}
    room.read()
    assert room.timeline(Heading.WRONG) == ["routes are back"]
    assert room.timeline() == []
    with room.store.read() as tx:
        before = rows.revisions(tx, room.key(1))
    assert [(r["change"], r["text"]) for r in before] == [("edited", "routes are gone")]


@BOTH
def test_an_unchanged_page_writes_nothing(room: Room) -> None:
    for number in range(1, 30):
        room.history.say(CHANNEL, number).reactions = {"pushpin": ("U2",)}
    room.history.say(CHANNEL, 40, under=5)
    room.read()
    written: list[str] = []

    @event.listens_for(room.store.engine, "before_cursor_execute")
    def note(_conn, _cursor, statement: str, *_more) -> None:  # type: ignore[no-untyped-def]
        if not statement.lstrip().startswith(("SELECT", "BEGIN")):
            written.append(statement.split(" SET ")[0].split(" (")[0])

    room.read()
    assert set(written) <= {"INSERT INTO reading", "UPDATE reading"}


@BOTH
def test_a_reaction_made_while_the_page_is_on_the_way_is_kept(room: Room) -> None:
    for number in (1, 2):
        room.history.say(CHANNEL, number)
    room.history.channels[CHANNEL][2].reactions = {"pushpin": ("U2",)}
    room.read()

    def act() -> None:
        room.tell_tag(1, "pushpin", is_removed=False)
        room.tell_tag(2, "pushpin", is_removed=True)

    on_the_way(room, act)
    assert room.tags(1) == {("U2", "pushpin")}
    assert room.tags(2) == set()


@BOTH
def test_a_page_that_was_asked_for_after_a_removal_brings_the_tag_back(room: Room) -> None:
    room.history.say(CHANNEL, 1, "back").reactions = {"pushpin": ("U2",)}
    room.read()
    with room.store.write() as tx:
        [entry] = rows.entries(tx, room.incident)
        rows.change_entry(tx, entry.id, deleted_at=datetime.now(UTC))
    room.tell_tag(1, "pushpin", is_removed=True)
    assert room.tags(1) == set()
    room.read()
    assert room.tags(1) == {("U2", "pushpin")}
    assert room.timeline() == ["back"]


def test_an_entry_that_was_taken_out_stays_out_when_it_is_read_again(room: Room) -> None:
    room.history.say(CHANNEL, 1, "never mind").reactions = {"pushpin": ("U2",)}
    room.read()
    with room.store.write() as tx:
        [entry] = rows.entries(tx, room.incident)
        rows.change_entry(tx, entry.id, deleted_at=datetime.now(UTC))
    room.read()
    assert room.tags(1) == {("U2", "pushpin")}
    assert room.timeline() == []


@pytest.mark.parametrize("late", ["1790000001.000001", ""])
def test_an_older_edit_changes_nothing(room: Room, late: str) -> None:
    """Edits are compared digit by digit."""
    line = room.history.say(CHANNEL, 1, "newest")
    line.edited_ts = "1790000001.000002"
    room.read()
    line.text, line.edited_ts = "older", late
    room.read()
    known = room.message(1)
    assert known is not None
    assert known.text == "newest"
    line.text, line.edited_ts = "newer", "1790000001.000003"
    room.read()
    known = room.message(1)
    assert known is not None
    assert known.text == "newer"


def test_a_page_removes_what_slack_does_not_show_but_not_the_shortcut(room: Room) -> None:
    room.history.say(CHANNEL, 1)
    room.read()
    room.tell_tag(1, "pushpin", is_removed=False)
    room.tell_tag(1, SHORTCUT, is_removed=False)
    room.read()
    assert room.tags(1) == {("U2", SHORTCUT)}


@BOTH
def test_an_edit_and_a_deletion_while_the_page_is_on_the_way_are_kept(room: Room) -> None:
    said, gone = room.history.say(CHANNEL, 1, "28"), room.history.say(CHANNEL, 2)
    room.read()
    said.text, said.edited_ts = "29", "1790000001.000000"

    def act() -> None:
        room.tell(1, text="30", edited_ts="1790000000.500000")
        room.tell(2, deleted_at=datetime.now(UTC))

    on_the_way(room, act)
    known = room.message(1)
    assert known is not None
    assert known.text == "30"
    assert room.is_deleted(2)
    gone.text, gone.edited_ts = "again", "1790000001.000000"
    room.read()
    known = room.message(1)
    assert known is not None
    assert known.text == "29", "a page that was asked for later shows the newer edit"
    assert room.is_deleted(2), "a deletion by an event is final"


def test_a_tombstone_is_a_deletion(room: Room) -> None:
    room.history.say(CHANNEL, 1)
    room.history.say(CHANNEL, 2, under=1)
    room.read()
    room.history.channels[CHANNEL][1].subtype = "tombstone"
    room.history.say(CHANNEL, 3).subtype = "tombstone"
    room.read()
    assert room.is_deleted(1)
    known = room.message(1)
    assert known is not None
    assert known.text == "", "what it said is erased"
    assert room.message(3) is None


@BOTH
def test_a_message_that_cannot_be_stored_stops_no_other(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    with room.store.write() as tx:
        tx.execute(text(REFUSE[tx.dialect.name]))
    for number, said in enumerate(("one", "bad", "two"), start=1):
        room.history.say(CHANNEL, number, said).reactions = {"pushpin": ("U2",)}
    room.history.say(CHANNEL, 4, "three", under=1)
    room.read()
    assert room.timeline() == ["one", "two"]
    assert [room.message(number) is None for number in (1, 2, 3, 4)] == [False, True, False, False]
    assert "failed=1" in capsys.readouterr().out


@BOTH
def test_a_message_is_deleted_when_two_readings_a_minute_apart_do_not_show_it(room: Room) -> None:
    for number in (1, 2, 3):
        room.history.say(CHANNEL, number)
    room.history.say(CHANNEL, 4, under=1)
    room.read()
    pass_time(room.store)
    del room.history.channels[CHANNEL][2]
    room.history.channels[CHANNEL][1].replies.clear()
    room.read()
    assert not room.is_deleted(2)
    room.read()
    assert not room.is_deleted(2), "the readings were not a minute apart"
    pass_time(room.store)
    room.read()
    assert [room.is_deleted(number) for number in (1, 2, 3, 4)] == [False, True, False, True]


def test_a_message_that_was_just_recorded_may_be_missing_from_history(room: Room) -> None:
    room.history.say(CHANNEL, 1)
    line = room.history.say(CHANNEL, 2)
    room.read()
    pass_time(room.store)
    room.tell(2, text="just now")
    del room.history.channels[CHANNEL][2]
    room.read()
    with room.store.read() as tx:
        absent = tx.execute(select(message.c.absent_at)).scalars().all()
    assert absent == [None, None]
    room.history.channels[CHANNEL][2] = line
    room.read()
    assert not room.is_deleted(2)


@pytest.mark.parametrize("readings", [1, 2])
def test_a_message_that_is_shown_again_was_not_deleted(room: Room, readings: int) -> None:
    room.history.say(CHANNEL, 1)
    line = room.history.say(CHANNEL, 2)
    room.read()
    del room.history.channels[CHANNEL][2]
    for _ in range(readings):
        pass_time(room.store)
        room.read()
    assert room.is_deleted(2) == (readings == 2)
    room.history.channels[CHANNEL][2] = line
    pass_time(room.store)
    room.read()
    assert not room.is_deleted(2)
    del room.history.channels[CHANNEL][2]
    pass_time(room.store)
    room.read()
    assert not room.is_deleted(2), "its absence counts from the beginning again"


def test_messages_that_slack_shows_no_more_because_of_their_age_stay(room: Room) -> None:
    for number in (1, 2, 3):
        room.history.say(CHANNEL, number)
    room.history.say(CHANNEL, 4, under=1)
    room.read()
    del room.history.channels[CHANNEL][1]
    for _ in range(3):
        pass_time(room.store)
        room.read()
    assert [room.is_deleted(number) for number in (1, 2, 3, 4)] == [False] * 4


def test_nothing_compares_slacks_time_with_ours(room: Room) -> None:
    """Slack's clock is a year ahead here."""
    ahead = int(timedelta(days=400) / timedelta(seconds=1))
    for number in (ahead, ahead + 1):
        room.history.say(CHANNEL, number)
    room.read()
    del room.history.channels[CHANNEL][ahead + 1]
    for _ in range(2):
        pass_time(room.store)
        room.read()
    assert not room.is_deleted(ahead)
    assert room.is_deleted(ahead + 1)


def test_messages_are_stored_under_the_team_of_the_incident(room: Room) -> None:
    """An earlier version stored incidents, and what events said, under the team that Slack named."""
    with room.store.write() as tx:
        tx.execute(update(incident).values(team_id="T2"))
        told = Message(
            team_id="T2",
            channel_id=CHANNEL,
            ts=ts(1),
            author="U1",
            text="hello",
            posted_at=ts_moment(ts(1)),
        )
        rows.add_message(tx, told, event_ts=ts(1))
    room.history.say(CHANNEL, 0)
    room.history.say(CHANNEL, 1)
    for _ in range(2):
        pass_time(room.store)
        room.read()
    with room.store.read() as tx:
        found = rows.messages(tx, "T2", CHANNEL)
        assert rows.messages(tx, TEAM, CHANNEL) == []
    assert [(one.ts, one.deleted_at) for one in found] == [(ts(0), None), (ts(1), None)]
