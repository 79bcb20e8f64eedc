"""What an attempt may still change once another one has begun, and what is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind
from bot.errors import RetryLater
from bot.services.reconciler import LONGEST_WAIT, Resource
from bot.store import resources as rows
from tests.support.reconciling import KEY, Desk, on

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

LIMITS = Limits(call=10)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk on each kind of database."""
    with on(database_url) as made:
        yield made


def let_the_call_end(desk: Desk) -> None:
    """Have the attempt under way begin eleven seconds earlier, as in a process that was suspended."""
    with desk.store.write() as tx:
        rows.change(tx, KEY, attempted_at=desk.store.now(tx) - timedelta(seconds=11))


def posting(desk: Desk, create: Any) -> Resource:
    """The desk's message, posted by ``create``."""
    return Resource(
        incident_id="abc123abc123",
        kind=ResourceKind.CARD,
        spec={"value": "one"},
        create=create,
        find=desk.outside.find,
    )


def test_an_attempt_that_ends_too_late_leaves_the_next_one_alone(desk: Desk) -> None:
    def suspended() -> dict[str, Any]:
        let_the_call_end(desk)

        def killed() -> dict[str, Any]:
            raise KeyboardInterrupt  # its request is still on its way

        with pytest.raises(KeyboardInterrupt):
            desk.reconciler(LIMITS).ensure(posting(desk, killed))
        raise RetryLater("mayday was interrupted.", maybe_done=False)

    desk.reconciler(LIMITS).ensure(posting(desk, suspended))
    assert desk.reconciler(LIMITS).ensure(desk.resource()).is_busy
    assert desk.outside.posts == []


def test_a_result_that_comes_too_late_replaces_no_later_one(desk: Desk) -> None:
    def update(_ref: Any) -> dict[str, Any]:
        desk.outside.update({"number": 0}, "two")
        let_the_call_end(desk)
        desk.reconciler(LIMITS).ensure(desk.resource("three", changeable=True))
        return {}

    desk.ensure("one", changeable=True)
    late = Resource(
        incident_id="abc123abc123",
        kind=ResourceKind.CARD,
        spec={"value": "two"},
        create=dict,
        update=update,
    )
    desk.reconciler(LIMITS).ensure(late)
    assert desk.outside.posts == ["three"]
    assert desk.row.applied_spec == {"value": "three"}


def test_after_a_kill_during_an_update_the_old_values_are_shown_again(desk: Desk) -> None:
    def killed(_ref: Any) -> dict[str, Any]:
        desk.outside.update({"number": 0}, "two")
        raise KeyboardInterrupt

    desk.ensure("one", changeable=True)
    update = Resource(
        incident_id="abc123abc123",
        kind=ResourceKind.CARD,
        spec={"value": "two"},
        create=dict,
        update=killed,
    )
    with pytest.raises(KeyboardInterrupt):
        desk.reconciler().ensure(update)
    assert desk.outside.posts == ["two"]
    wanted = desk.resource("one", changeable=True)  # a person took the change back
    assert wanted.is_due(desk.row, None)
    assert desk.reconciler().ensure(wanted).done
    assert desk.outside.posts == ["one"]
    assert desk.row.retry_at is None


def test_values_that_change_during_an_attempt_are_due_after_it(desk: Desk) -> None:
    def create() -> dict[str, Any]:
        changed = desk.resource("two", changeable=True)
        assert desk.reconciler(LIMITS).ensure(changed).is_busy
        return desk.outside.create("one")

    desk.reconciler(LIMITS).ensure(posting(desk, create))
    due = desk.row.retry_at
    assert due is not None
    assert due <= desk.clock()


def test_an_unforeseen_error_is_shown_and_tried_again_with_pauses(desk: Desk) -> None:
    desk.outside.after = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        desk.reconciler(LIMITS).ensure(desk.resource())
    row = desk.row
    assert row.error
    assert row.retry_at is not None
    assert row.retry_at >= desk.clock() + LONGEST_WAIT
    assert desk.reconciler(LIMITS).ensure(desk.resource()).is_busy, "it may have been posted"
