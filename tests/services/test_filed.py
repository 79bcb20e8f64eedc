"""A message that is filed has mayday's reaction, and only while it is filed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.domain.timeline import Heading
from bot.errors import RetryLater, UserError
from bot.ports import Chat
from bot.services.confirm import Confirm
from bot.services.filed import HARMLESS, SIGN, confirmations
from bot.services.incident_snapshot import read
from bot.services.reconciler import Resource
from bot.services.record import Record
from bot.store.engine import Store
from tests.support.events import posted, reaction, take
from tests.support.rows import CHANNEL, NOW, Hands, NoWork, message, settings

ID = "abc123abc123"
TS = "1487895900.000100"


@dataclass
class Marked:
    """Slack's reactions by the bot, as it is asked for them."""

    on: set[tuple[str, str, str]] = field(default_factory=set)
    fails: Exception | None = None

    def react(self, *of: str) -> None:
        if self.fails:
            raise self.fails
        self.on.add(cast(Any, of))

    def unreact(self, *of: str) -> None:
        self.on.discard(cast(Any, of))


@pytest.fixture
def record(store: Store) -> Record:
    return recording(store, pushpin=Heading.TIMELINE, fire=Heading.WRONG)


def recording(store: Store, **reactions: Heading) -> Record:
    chosen, clock = settings(reactions=reactions), Hands(NOW)
    confirm = Confirm(NoWork(), clock, chosen)
    return Record(
        store, clock, chosen, team_url=lambda: "https://practice.slack.com/", confirm=confirm
    )


def wanted(store: Store, slack: Marked) -> list[Resource]:
    """What Slack must show of the messages."""
    with store.read() as tx:
        return list(confirmations(read(tx, ID), cast(Chat, slack)))


def show(store: Store, slack: Marked) -> set[tuple[str, str, str]]:
    """The reactions after everything was shown."""
    for resource in wanted(store, slack):
        resource.create()
    return slack.on


def test_it_is_shown_until_the_last_tag_is_gone(store: Store, record: Record) -> None:
    slack, mine = Marked(), (CHANNEL, TS, SIGN)
    take(record, posted(message()), posted(message(ts="1487895901.000100")))
    assert show(store, slack) == set()
    take(record, reaction(TS), reaction(TS, user="U0BEN", name="fire"))
    assert show(store, slack) == {mine}
    take(record, reaction(TS, added=False))
    assert show(store, slack) == {mine}
    take(record, reaction(TS, user="U0BEN", name="fire", added=False))
    assert show(store, slack) == set()
    record.file_message(message(), by="U0ANA")
    assert show(store, slack) == {mine}


def test_what_happens_at_the_same_moment_ends_the_same(store: Store, record: Record) -> None:
    """A removal that Slack delivers before its own reaction, and late, leaves nothing."""
    slack = Marked()
    take(record, posted(message()), reaction(TS, added=False, number=2), reaction(TS, number=1))
    assert show(store, slack) == set()


def test_a_reaction_without_a_meaning_is_not_confirmed(store: Store, record: Record) -> None:
    take(record, posted(message()), reaction(TS, name="eyes"))
    assert wanted(store, Marked()) == []


def test_a_team_that_files_with_it_has_none(store: Store) -> None:
    record = recording(store, white_check_mark=Heading.TIMELINE)
    take(record, posted(message()), reaction(TS, name="white_check_mark"))
    assert wanted(store, Marked()) == []


@pytest.mark.parametrize("code", sorted(HARMLESS))
def test_a_message_that_cannot_have_it_is_filed_all_the_same(
    store: Store, record: Record, code: str
) -> None:
    slack = Marked(fails=UserError("No.", code=code))
    take(record, posted(message()), reaction(TS))
    assert show(store, slack) == set()


@pytest.mark.parametrize("failure", [RetryLater("Later."), UserError("No.", code="fatal_error")])
def test_any_other_failure_is_one(store: Store, record: Record, failure: Exception) -> None:
    take(record, posted(message()), reaction(TS))
    with pytest.raises(type(failure)):
        show(store, Marked(fails=failure))
