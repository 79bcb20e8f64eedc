"""A resource is created once, despite repeated attempts and lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.domain.resources import ResourceKind, ResourceState
from bot.errors import NeedsHuman, RetryLater, UserError
from bot.render.renderings import RENDERINGS
from bot.services.reconciler import EnsureResult
from bot.store import resources as rows
from tests.support.reconciling import Desk, on
from tests.support.rows import NOW

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk on each kind of database."""
    with on(database_url) as made:
        yield made


def test_done_once_and_then_left_alone(desk: Desk) -> None:
    first, second = desk.ensure(), desk.ensure()
    assert desk.outside.posts == ["one"]
    assert first == second == EnsureResult(state=ResourceState.DONE, ref={"number": 0})


def test_an_answer_that_was_lost_is_looked_for(desk: Desk) -> None:
    desk.outside.after = RetryLater("no answer")
    assert desk.ensure().state is ResourceState.ATTEMPTING
    assert desk.ensure().done
    assert desk.outside.posts == ["one"]


def test_a_request_that_was_lost_is_sent_again(desk: Desk) -> None:
    desk.outside.before = RetryLater("no answer")
    assert desk.ensure().state is ResourceState.ATTEMPTING
    assert desk.ensure().done
    assert desk.outside.posts == ["one"]


def test_a_kill_before_the_answer_was_stored(desk: Desk) -> None:
    desk.outside.after = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        desk.ensure()
    assert desk.row.state is ResourceState.ATTEMPTING
    assert desk.ensure().done
    assert desk.outside.posts == ["one"]


def test_what_evidently_did_not_happen_is_not_looked_for(desk: Desk) -> None:
    desk.outside.before = RetryLater("wait", after=30, maybe_done=False)
    assert desk.ensure().state is ResourceState.PENDING
    assert desk.row.retry_at is not None
    assert desk.row.retry_at >= NOW + timedelta(seconds=30)
    assert desk.ensure().done
    assert desk.outside.looked == 0


@pytest.mark.parametrize(
    "blind",
    [
        UserError("Add the scope.", code="missing_scope"),
        RetryLater("Slack asks to wait.", after=30, maybe_done=False),
        RetryLater("No answer."),
    ],
    ids=["refused", "limited", "silent"],
)
def test_who_cannot_look_does_not_repeat(desk: Desk, blind: Exception) -> None:
    desk.outside.after = RetryLater("no answer")
    desk.ensure()
    desk.outside.blind = blind
    for _ in range(3):
        assert not desk.ensure().done
    assert desk.outside.posts == ["one"]
    desk.outside.blind = None
    assert desk.ensure().done
    assert desk.outside.posts == ["one"]


def test_what_is_wanted_differently_is_changed_in_place(desk: Desk) -> None:
    desk.ensure("one", changeable=True)
    assert desk.ensure("two", changeable=True).ref == {"number": 0}
    assert desk.outside.posts == ["two"]


def test_what_was_found_is_brought_up_to_date(desk: Desk) -> None:
    desk.outside.after = RetryLater("no answer")
    desk.ensure("one", changeable=True)
    assert desk.ensure("two", changeable=True).done
    assert desk.outside.posts == ["two"]


def test_what_is_gone_is_made_again(desk: Desk) -> None:
    desk.ensure("one", changeable=True)
    desk.outside.posts[0] = ""
    assert desk.ensure("two", changeable=True).ref == {"number": 1}
    assert desk.outside.posts == ["", "two"]


def test_other_words_for_the_same_values_call_nobody(desk: Desk) -> None:
    desk.ensure("one", changeable=True)
    assert desk.ensure("one", changeable=True, words="Now it is {value}.").done
    assert desk.outside.posts == ["one"]
    assert desk.outside.updates == 0


def test_a_changed_value_is_shown_in_the_words_of_now(desk: Desk) -> None:
    desk.ensure("one", changeable=True)
    desk.ensure("two", changeable=True, words="Now it is {value}.")
    assert desk.outside.posts == ["Now it is two."]


def test_a_raised_rendering_updates_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ensure("one", changeable=True)
    assert desk.row.rendering == RENDERINGS[ResourceKind.CARD]
    raised = RENDERINGS[ResourceKind.CARD] + 1
    monkeypatch.setitem(RENDERINGS, ResourceKind.CARD, raised)
    for _ in range(2):
        assert desk.ensure("one", changeable=True, words="Right at last: {value}.").done
    assert desk.outside.posts == ["Right at last: one."]
    assert desk.outside.updates == 1
    assert desk.row.rendering == raised


def test_what_cannot_be_changed_stays_as_made(desk: Desk) -> None:
    desk.ensure("one")
    assert desk.ensure("two").done
    assert desk.outside.posts == ["one"]


def test_a_refusal_is_told_and_tried_again_later(desk: Desk) -> None:
    desk.outside.before = UserError("Add the scope pins:write.", code="missing_scope")
    outcome = desk.ensure()
    assert outcome.state is ResourceState.FAILED
    assert outcome.error == "Add the scope pins:write."
    assert desk.row.retry_at == NOW + timedelta(minutes=10)
    assert desk.ensure().done
    assert desk.row.error == ""
    assert desk.row.retry_at is None


def test_what_needs_a_human_is_not_tried_by_itself(desk: Desk) -> None:
    desk.outside.before = NeedsHuman("Look first.")
    assert desk.ensure().state is ResourceState.NEEDS_HUMAN
    assert desk.row.retry_at is None
    again = desk.ensure()
    assert (again.state, again.error) == (ResourceState.NEEDS_HUMAN, "Look first.")
    assert desk.outside.posts == []


def test_what_a_human_asks_for_again_is_looked_for_first(desk: Desk) -> None:
    desk.outside.after = NeedsHuman("Look first.")
    desk.ensure()
    with desk.store.write() as tx:
        rows.resume_needing_human(tx, "abc123abc123")
    assert desk.ensure().done
    assert desk.outside.posts == ["one"]


def test_tries_are_further_and_further_apart_up_to_five_minutes(desk: Desk) -> None:
    pauses = []
    for _ in range(10):
        desk.outside.before = RetryLater("no answer", after=5)
        desk.ensure()
        retry_at = desk.row.retry_at
        assert retry_at is not None
        pauses.append((retry_at - desk.clock.at).total_seconds())
        desk.clock.at = retry_at
    assert pauses == sorted(pauses)
    assert pauses[0] < 30
    assert pauses[-1] == 300


def test_an_error_nobody_foresaw_is_not_swallowed(desk: Desk) -> None:
    desk.outside.before = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        desk.ensure()
    assert desk.row.state is ResourceState.ATTEMPTING
    assert desk.row.retry_at is not None, "nobody would ever try it again"
