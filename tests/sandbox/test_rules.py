"""The engine of rules by itself: what strikes, how often, and until when."""

from __future__ import annotations

import json

import pytest

from sandbox.faults import (
    Fault,
    Garbled,
    cut_after,
    drop_after,
    drop_before,
    ends_after,
    garbage_after,
    garbled,
    hangs,
    hours,
    late,
    missing,
    overtaken,
    rate_limited,
    says,
    secondary_limit,
    seconds,
    silent_after,
    slow,
    twice,
    unacknowledged,
)
from sandbox.rule_json import rule_from_json, rule_to_json
from sandbox.rule_words import describe
from sandbox.rules import (
    Breakable,
    Direction,
    Faults,
    Passage,
    Rule,
    RuleError,
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
    """Which of so many passages are struck, counted from 1."""
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

    thing = Thing()
    rule = on_call("*", drop_after(), times=2)
    thing.faults = [rule]
    thing.faults.pass_through(POST)
    thing.faults += [on_call("chat.update", drop_after())]
    assert [each.struck for each in thing.faults.standing()] == [1, 0]
    thing.faults[1] = on_call("pins.add", drop_before())
    assert [each.rule.name for each in thing.faults.standing()] == ["*", "pins.add"]
    thing.faults = []
    assert struck(thing.faults, POST, 1) == []
    thing.faults = [rule]
    assert struck(thing.faults, POST, 3) == [1, 2]


def test_faults_add_up() -> None:
    assert slow(2) + says(502, effect=True) == Fault(delay=2, status=502)
    assert says(503) + garbled(Garbled.HTML, effect=False) == Fault(
        status=503, effect=False, garbled=Garbled.HTML
    )


RULES = [
    (
        on_call("chat.postMessage", rate_limited(30), numbers=(1,)),
        "The 1st call of chat.postMessage: HTTP 429 without effect, Retry-After: 30.",
    ),
    (
        on_call("*", slow(2), lasts=60),
        "For 60 s: every call: 2 s later.",
    ),
    (
        on_call("views.open", drop_after(), first=2, times=3),
        "3 times, call of views.open, from the 2nd on: the connection breaks after the effect.",
    ),
    (
        on_call("chat.update", hangs(effect=True), times=1, holding="card"),
        "The next call of chat.update that holds “card”: no answer ever comes, after the effect.",
    ),
    (
        on_call("chat.update", garbled(Garbled.TRUNCATED)),
        "Every call of chat.update: the JSON stops half-way.",
    ),
    (
        on_request("POST", "/repos/.*/issues$", says(502, effect=True)),
        "Every POST /repos/.*/issues$: HTTP 502 after the effect.",
    ),
    (
        on_request("POST|PATCH|PUT", "", says(401), times=1),
        "The next POST, PATCH or PUT: HTTP 401 without effect.",
    ),
    (
        on_request("*", "", secondary_limit(60), numbers=(1, 2, 13)),
        "The 1st, 2nd and 13th request: HTTP 403 without effect, it says “You have exceeded a "
        "secondary rate limit. Please wait a few minutes before you try again”, Retry-After: 60.",
    ),
    (
        on_request("GET", ".*watch=", cut_after(2), times=1),
        "The next GET .*watch=: after 2 lines of the answer, the connection breaks.",
    ),
    (on_request("GET", "", silent_after(0)), "Every GET: at once, nothing more comes."),
    (
        on_request("GET", "", garbage_after(1) + ends_after(1)),
        "Every GET: after the first line of the answer, comes “<html><body><h1>Something went "
        "wrong</h1></body></html>”, the answer ends.",
    ),
    (on_event("*", twice()), "Every event: it comes twice."),
    (on_event("*", missing()), "Every event: it never comes."),
    (on_event("message", late(hours(3))), "Every event message: it comes 3 h late."),
    (on_event("message", late(seconds(90))), "Every event message: it comes 90 s late."),
    (
        on_event("message", overtaken(), first=3, times=1),
        "The 3rd event message: the next one goes first.",
    ),
    (
        on_delivery("message", unacknowledged(retry_attempt=0)),
        "Every delivery message: its acknowledgement is lost, what is sent again says "
        "retry_attempt 0.",
    ),
    (
        on_delivery("/incident", drop_before()),
        "Every delivery /incident: it is lost on the way, and sent again.",
    ),
]


@pytest.mark.parametrize(("rule", "sentence"), RULES, ids=lambda value: None)
def test_a_rule_is_one_sentence_and_comes_through_json(rule: Rule, sentence: str) -> None:
    assert describe(rule) == sentence
    assert rule_from_json(json.loads(json.dumps(rule_to_json(rule)))) == rule


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "A rule is an object."),
        ({"direction": "call", "name": "x"}, "A rule needs fault."),
        ({"direction": "up", "name": "x", "fault": {"drop": True}}, "call, delivery or request"),
        ({"direction": "call", "name": "x", "fault": {}}, "Say what goes wrong."),
        ({"direction": "call", "name": "", "fault": {"drop": True}}, r"\* is everything"),
        ({"direction": "call", "name": "x", "fault": {"drop": 1}}, "drop of a fault cannot be 1"),
        ({"direction": "call", "name": "x", "fault": {"late": 9}}, "A call knows no late."),
        ({"direction": "delivery", "name": "x", "fault": {"hang": True}}, "knows no hang"),
        ({"direction": "call", "name": "x", "fault": {"status": 99}}, "from 200 to 599"),
        ({"direction": "call", "name": "x", "fault": {"garbled": "x"}}, "html, truncated, empty"),
        ({"direction": "call", "name": "x", "fault": {"lines": 1}}, "knows no lines"),
        ({"direction": "request", "name": "x", "fault": {"ends": True}}, "after how many lines"),
        ({"direction": "call", "name": "x", "fault": {"oops": 1}}, "A fault has no oops."),
        (
            {"direction": "call", "name": "x", "fault": {"delay": 1e12}},
            "between 0 and a year of seconds",
        ),
        (
            {"direction": "call", "name": "x", "fault": {"headers": {"A": "b\r\nC: d"}}},
            "plain text",
        ),
        (
            {"direction": "request", "name": "*", "path": "(", "fault": {"drop": True}},
            "no regular expression",
        ),
        (
            {"direction": "call", "name": "x", "numbers": [0], "fault": {"drop": True}},
            "counted from 1",
        ),
        (
            {"direction": "call", "name": "x", "numbers": [1], "times": 1, "fault": {"drop": True}},
            "not both",
        ),
    ],
)
def test_what_is_no_rule_is_refused_in_one_sentence(given: object, why: str) -> None:
    with pytest.raises(RuleError, match=why):
        rule_from_json(given)
