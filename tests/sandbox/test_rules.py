"""The rule engine: which faults strike, how often, and how long."""

from __future__ import annotations

import pytest

from sandbox.faults import (
    Fault,
    Garbled,
    drop_after,
    drop_before,
    garbled,
    hangs,
    hours,
    late,
    missing,
    rate_limited,
    says,
    slow,
)
from sandbox.rules import (
    Breakable,
    Direction,
    Faults,
    Passage,
    Rule,
    on_call,
    on_delivery,
    on_event,
    on_request,
)
from tests.support.waiting import wait_until

POST = Passage(direction=Direction.CALL, name="chat.postMessage")
OTHER = Passage(direction=Direction.CALL, name="chat.update")
MESSAGE = Passage(direction=Direction.DELIVERY, name="message", kind="events_api")
COMMAND = Passage(direction=Direction.DELIVERY, name="/incident", kind="slash_commands")


def struck(faults: Faults, passage: Passage, times: int) -> list[int]:
    """Returns the numbers of the struck passages, from 1."""
    return [n + 1 for n in range(times) if faults.pass_through(passage).fault != Fault()]


def request(method: str, path: str) -> Passage:
    return Passage(direction=Direction.REQUEST, name=method, path=path)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (on_call("chat.postMessage", drop_after()), [1, 2, 3, 4, 5]),
        (on_call("chat.postMessage", drop_after(), numbers=(1, 3)), [1, 3]),
        (on_call("chat.postMessage", drop_after(), first=4), [4, 5]),
        (on_call("chat.postMessage", drop_after(), times=2), [1, 2]),
        (on_call("chat.postMessage", drop_after(), first=2, times=2), [2, 3]),
        (on_call("chat.update", drop_after()), []),
        (on_call("chat.*", drop_after(), times=1), [1]),
        (on_call("pins.add|chat.postMessage", drop_after(), times=1), [1]),
        (on_delivery("chat.postMessage", drop_after()), []),
    ],
)
def test_which_matches_are_struck(rule: Rule, expected: list[int]) -> None:
    faults = Faults()
    faults.append(rule)
    assert struck(faults, POST, 5) == expected


def test_matches_are_counted_from_when_the_rule_stands() -> None:
    faults = Faults()
    assert struck(faults, POST, 3) == []
    faults.append(on_call("chat.postMessage", drop_before(), numbers=(1,)))
    assert struck(faults, OTHER, 2) == []
    assert struck(faults, POST, 3) == [1]


def test_a_request_is_struck_by_its_method_and_path() -> None:
    faults = Faults()
    faults.append(on_request("POST|PATCH", r"/repos/.*/issues$", says(502)))
    assert struck(faults, request("POST", "/repos/a/b/issues"), 1) == [1]
    assert struck(faults, request("PATCH", "/repos/a/b/issues"), 1) == [1]
    assert struck(faults, request("GET", "/repos/a/b/issues"), 1) == []
    assert struck(faults, request("POST", "/repos/a/b/issues/1/comments"), 1) == []


def test_a_body_can_tell_which_is_meant() -> None:
    faults = Faults()
    faults.append(on_call("chat.postMessage", drop_after(), holding="card"))
    card = Passage(direction=Direction.CALL, name="chat.postMessage", body={"metadata": '"card"'})
    assert struck(faults, POST, 1) == []
    assert struck(faults, card, 1) == [1]


def test_every_event_is_no_command() -> None:
    faults = Faults()
    faults.append(on_event("*", missing()))
    assert struck(faults, MESSAGE, 1) == [1]
    assert struck(faults, COMMAND, 1) == []


def test_the_first_rule_decides_and_the_others_count_on() -> None:
    faults = Faults()
    faults.append(on_call("chat.postMessage", drop_after(), numbers=(1,)))
    faults.append(on_call("*", rate_limited(3), numbers=(2,)))
    found = [faults.pass_through(POST).fault for _ in range(3)]
    assert found == [drop_after(), rate_limited(3), Fault()]
    assert [(each.seen, each.struck) for each in faults.standing()] == [(3, 1), (3, 1)]


def test_code_sees_the_number_and_is_asked_in_turn() -> None:
    faults = Faults()
    seen: list[int] = []

    def second(passage: Passage) -> Fault | None:
        seen.append(passage.number)
        return drop_before() if passage.number == 2 else None

    faults.replace([on_call("chat.postMessage", drop_after(), numbers=(3,)), second])
    assert struck(faults, POST, 4) == [2, 3]
    assert seen == [1, 2, 4]


def test_a_rule_that_lasts_ends_by_itself() -> None:
    faults = Faults()
    faults.append(on_call("*", rate_limited(1), lasts=0.05))
    strike = faults.pass_through(POST)
    assert strike.stands()
    wait_until(lambda: not strike.stands(), "the end of the rule")
    assert struck(faults, POST, 1) == []
    assert faults.standing() == []


def test_what_a_rule_holds_goes_with_the_rule() -> None:
    faults = Faults()
    faults.replace([on_call("*", hangs()), on_delivery("*", late(hours(1)))])
    call, delivery = faults.pass_through(POST), faults.pass_through(MESSAGE)
    assert faults.take_away(faults.standing()[0].id)
    assert (call.stands(), delivery.stands()) == (False, True)
    faults.let_go()
    assert not delivery.stands()
    assert len(faults) == 1
    assert not faults.take_away("nothing")


def test_the_rules_are_a_list_and_go_on_counting_when_others_come() -> None:
    class Thing(Breakable):
        def __init__(self) -> None:
            self.rules = Faults()

        def start(self) -> None: ...

        def stop(self) -> None: ...

    thing = Thing()
    rule = on_call("*", drop_after(), times=2)
    thing.faults = [rule]
    thing.faults.pass_through(POST)
    thing.faults += [on_call("chat.update", drop_after())]
    assert [each.struck for each in thing.faults.standing()] == [1, 0]
    assert len(thing.faults) == 2
    thing.faults = []
    assert struck(thing.faults, POST, 1) == []
    thing.faults = [rule]
    assert struck(thing.faults, POST, 3) == [1, 2]


def test_faults_add_up() -> None:
    assert slow(2) + says(502, effect=True) == Fault(delay=2, status=502)
    assert says(503) + garbled(Garbled.HTML, effect=False) == Fault(
        status=503, effect=False, garbled=Garbled.HTML
    )
