"""An attempt has one owner, and is looked for only once it can have no more effect."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.errors import LeaseLost, RetryLater, UserError
from bot.services.reconciler import EnsureResult, Reconciler
from bot.store import resources as rows
from bot.store.engine import Tx
from tests.support.leases import AlwaysHeld
from tests.support.reconciling import KEY, Desk, on
from tests.support.rows import NOW
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk on each kind of database."""
    with on(database_url) as made:
        yield made


def attempted(desk: Desk, *, ago: float) -> None:
    """Leave an attempt without a result that began ``ago`` seconds ago, as a kill does."""
    desk.outside.after = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        desk.ensure()
    with desk.store.write() as tx:
        moment = desk.store.now(tx) - timedelta(seconds=ago)
        rows.change(tx, KEY, attempted_at=moment)


def ensure_late(desk: Desk) -> EnsureResult:
    """Ensure the message, with a reconciler whose calls may take effect for ten seconds."""
    return desk.reconciler(Limits(call=10)).ensure(desk.resource())


def test_an_attempt_that_may_still_take_effect_is_left_alone(desk: Desk) -> None:
    attempted(desk, ago=8)
    desk.outside.posts.clear()  # the request is still on its way
    result = ensure_late(desk)
    assert result.is_busy
    assert desk.outside.posts == []
    assert desk.outside.looked == 0, "a look now would prove nothing"
    due = desk.row.retry_at
    assert due is not None
    assert timedelta(0) < due - desk.clock() < timedelta(seconds=3)


def test_it_is_looked_for_once_it_can_have_no_more_effect(desk: Desk) -> None:
    attempted(desk, ago=11)
    assert ensure_late(desk).done
    assert desk.outside.posts == ["one"]


def test_an_answer_that_was_lost_is_waited_for(desk: Desk) -> None:
    desk.outside.before = RetryLater("no answer", maybe_done=True)
    assert not ensure_late(desk).done
    assert ensure_late(desk).is_busy
    desk.outside.before = RetryLater("refused for now", maybe_done=False)
    with desk.store.write() as tx:
        rows.change(tx, KEY, attempted_at=None)
    assert not ensure_late(desk).done
    assert ensure_late(desk).done, "a refusal needs no wait"
    assert desk.outside.posts == ["one"]


def test_two_at_once_create_it_once(desk: Desk) -> None:
    gate = threading.Event()
    create = desk.outside.create

    def slow(text: str) -> dict[str, Any]:
        assert gate.wait(20)
        return create(text)

    desk.outside.create = slow  # type: ignore[method-assign]
    first = threading.Thread(target=ensure_late, args=[desk])
    first.start()
    wait_until(lambda: desk.stored() is not None, "announced")
    assert ensure_late(desk).is_busy
    gate.set()
    first.join(20)
    assert desk.outside.posts == ["one"]
    assert ensure_late(desk).done


def test_without_its_lease_a_replica_creates_nothing(desk: Desk) -> None:
    class Lost(AlwaysHeld):
        def check(self, tx: Tx) -> None:
            raise LeaseLost

    fenced = Reconciler(
        desk.store,
        desk.clock,
        lease=Lost(desk.store),
        limits=Limits(),
        slack_time=desk.clock,
    )
    with pytest.raises(LeaseLost):
        fenced.ensure(desk.resource())
    assert desk.outside.posts == []
    assert desk.stored() is None, "nothing is announced"


def test_what_people_do_meanwhile_makes_the_pause_no_longer(desk: Desk) -> None:
    desk.outside.before = UserError("The token is revoked.")
    desk.ensure()
    due = desk.row.retry_at
    for number in range(8):
        desk.outside.before = UserError("The token is revoked.")
        desk.ensure(f"change {number}")
    assert desk.row.retry_at == due
    assert desk.row.attempts == 1


def test_a_success_makes_the_same_kind_due_elsewhere(desk: Desk) -> None:
    with desk.store.write() as tx:
        for subject, kind in (("a", ResourceKind.CARD), ("b", ResourceKind.TOPIC)):
            rows.add(tx, "abc123abc123", kind, subject, spec={}, now=NOW)
            rows.change(
                tx,
                resource_key("abc123abc123", kind, subject),
                state=ResourceState.FAILED.value,
                error="The token is revoked.",
                retry_at=NOW + timedelta(hours=12),
            )
    assert desk.ensure().done
    with desk.store.read() as tx:
        found = rows.of_incident(tx, "abc123abc123")
    assert found["abc123abc123/card/a"].retry_at == NOW
    assert found["abc123abc123/topic/b"].retry_at == NOW + timedelta(hours=12)


def test_what_follows_from_it_is_recorded_when_it_is_found_too(desk: Desk) -> None:
    recorded: list[Mapping[str, Any]] = []
    attempted(desk, ago=11)
    resource = replace(desk.resource(), record=lambda _tx, ref: recorded.append(ref))
    assert desk.reconciler(Limits(call=10)).ensure(resource).done
    assert recorded == [{"number": 0}]
