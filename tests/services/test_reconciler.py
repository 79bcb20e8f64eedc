"""A resource is created once, despite repeated attempts and lost answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.errors import LeaseLost, NeedsHuman, RetryLater, UserError
from bot.render.renderings import RENDERINGS
from bot.services.reconciler import GONE, EnsureResult, Reconciler, Resource
from bot.store import resources as rows
from bot.store.engine import Store, Tx
from bot.store.resources import ResourceRow
from tests.support.leases import AT_ONCE, AlwaysHeld
from tests.support.rows import NOW, Hands, stored
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

KEY = "abc123abc123/card"


@dataclass(kw_only=True)
class Outside:
    """A place where messages can be posted, found and updated. ``before`` and ``after`` are raised
    once, before or after a post succeeds; ``blind`` on every find."""

    posts: list[str] = field(default_factory=list)
    before: Exception | None = None
    after: Exception | None = None
    blind: Exception | None = None
    looked: int = 0
    updates: int = 0

    def create(self, text: str) -> dict[str, Any]:
        """Post."""
        before, self.before = self.before, None
        if before:
            raise before
        self.posts.append(text)
        after, self.after = self.after, None
        if after:
            raise after
        return {"number": len(self.posts) - 1}

    def find(self, _since: datetime | None) -> dict[str, Any] | None:
        """Find what was posted."""
        self.looked += 1
        if self.blind:
            raise self.blind
        return {"number": 0} if self.posts else None

    def update(self, ref: Mapping[str, Any], text: str) -> dict[str, Any]:
        """Update what was posted."""
        self.updates += 1
        if ref["number"] >= len(self.posts) or self.posts[ref["number"]] == "":
            raise UserError("It is gone.", code=GONE)
        self.posts[ref["number"]] = text
        return {}


@dataclass(kw_only=True)
class Desk:
    """A test's objects."""

    store: Store
    clock: Hands
    outside: Outside

    def reconciler(self, limits: Limits = AT_ONCE) -> Reconciler:
        """A new reconciler."""
        lease = AlwaysHeld(self.store)
        return Reconciler(self.store, self.clock, lease=lease, limits=limits, slack_time=self.clock)

    def ensure(
        self, value: str = "one", *, changeable: bool = False, words: str = "{value}"
    ) -> EnsureResult:
        """Ensure that ``value`` is posted, in these words."""
        return self.reconciler().ensure(self.resource(value, changeable=changeable, words=words))

    def resource(
        self, value: str = "one", *, changeable: bool = False, words: str = "{value}"
    ) -> Resource:
        """A message with ``value`` in these words."""
        text = words.format(value=value)
        update: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
        if changeable:
            update = lambda ref: self.outside.update(ref, text)  # noqa: E731
        return Resource(
            incident_id="abc123abc123",
            kind=ResourceKind.CARD,
            spec={"value": value},
            create=lambda: self.outside.create(text),
            find=self.outside.find,
            update=update,
        )

    def stored(self) -> ResourceRow | None:
        """The stored resource, if there is one."""
        with self.store.read() as tx:
            return rows.get(tx, KEY)

    @property
    def row(self) -> ResourceRow:
        """The stored resource."""
        with self.store.read() as tx:
            found = rows.get(tx, KEY)
        assert found is not None
        return found


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    store = Store(database_url)
    store.migrate()
    stored(store)
    yield Desk(store=store, clock=Hands(), outside=Outside())
    store.close()


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


def attempted(desk: Desk, *, ago: float) -> None:
    """Leave an attempt without a result that began ``ago`` seconds ago, as a kill does."""
    desk.outside.after = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
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
