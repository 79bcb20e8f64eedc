"""Classify a delivery from its payload alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.domain.events import DeletedEvent, IgnoredEvent, MessageEvent, ReactionEvent
from bot.errors import UserError
from bot.slack import intake
from bot.slack.intake import Delivery, kind_of, without_secrets
from bot.slack.request import Form, Kind, SlackRequest

PERSON = {"user": {"id": "U1", "team_id": "T9"}, "team": {"id": "T9"}, "trigger_id": "t"}
MESSAGE = {"ts": "1487895900.000100", "user": "U2", "text": "routes are gone"}


def parse(body: dict[str, Any]) -> Delivery:
    return intake.parse(body, team_id="T1")


def parse_of(body: dict[str, Any]) -> SlackRequest:
    return intake.parse_request(body, team_id="T1")


def event(**event: Any) -> dict[str, Any]:
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": event}


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("", "", ""),
        ("  Note   at 14:05  it is back ", "note", "at 14:05  it is back"),
        ("STATUS\nfixing", "status", "fixing"),
        ("help", "help", ""),
    ],
)
def test_a_command_is_its_first_word_and_the_rest(text: str, name: str, rest: str) -> None:
    request = parse_of(
        {"command": "/incident", "text": text, "team_id": "T1", "user_id": "U1", "channel_id": "C1"}
    )
    assert (request.kind, request.name, request.text) == (Kind.COMMAND, name, rest)


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ({"action_id": "run.confirm", "value": "run1", "action_ts": "5.1"}, "run1"),
        (
            {
                "action_id": "entry.menu",
                "selected_option": {"value": "out:5"},
                "action_ts": "5.1",
            },
            "out:5",
        ),
    ],
)
def test_a_button_is_its_action_and_value(action: dict[str, Any], value: str) -> None:
    body = {
        "type": "block_actions",
        **PERSON,
        "container": {"channel_id": "C1"},
        "actions": [action],
    }
    assert parse(body) == SlackRequest(
        kind=Kind.BUTTON,
        name=action["action_id"],
        team_id="T1",
        user="U1",
        channel="C1",
        idempotency_key="block_actions/5.1",
        trigger="t",
        value=value,
    )


def test_a_form_is_its_callback_and_what_was_entered() -> None:
    view = {
        "id": "V1",
        "callback_id": "close",
        "app_installed_team_id": "T1",
        "private_metadata": "incident1|entry/5",
        "blocks": [{"type": "section"}, {"type": "input", "block_id": "title"}],
        "state": {
            "values": {
                "title": {"value": {"type": "plain_text_input", "value": "Proxy"}},
                "summary": {"value": {"type": "plain_text_input", "value": None}},
                "hub": {"value": {"type": "static_select", "selected_option": {"value": "a"}}},
                "none": {"value": {"type": "static_select", "selected_option": None}},
                "hubs": {
                    "value": {
                        "type": "multi_static_select",
                        "selected_options": [{"value": "a"}, {"value": "b"}],
                    }
                },
                "owner": {"value": {"type": "users_select", "selected_user": "U2"}},
                "day": {"value": {"type": "datepicker", "selected_date": "2017-02-24"}},
                "no day": {"value": {"type": "datepicker", "selected_date": "24/2"}},
            }
        },
    }
    request = parse_of({"type": "view_submission", **PERSON, "view": view})
    form = request.form
    assert (request.kind, request.name, request.idempotency_key) == (Kind.FORM, "close", "view/V1")
    assert (request.team_id, request.installed_team) == ("T1", "T1")
    assert (form.id, form.inputs) == ("V1", ("title",))
    assert (form.incident_id, form.subject) == ("incident1", "entry/5")
    names = ("title", "summary", "hub", "none", "owner", "absent")
    assert [form.text(name) for name in names] == ["Proxy", "", "a", "", "U2", ""]
    assert (form.names("hubs"), form.names("absent")) == (("a", "b"), ())
    assert (form.day("day"), form.day("absent")) == (date(2017, 2, 24), None)
    with pytest.raises(UserError) as wrong:
        form.day("no day")
    assert wrong.value.field == "no day"
    assert form.has("hubs")
    assert not form.has("absent")


def test_typed_names_are_separated_by_commas() -> None:
    assert Form(values={"hubs": "a hub, b,, a hub"}).names("hubs") == ("a hub", "b")


@pytest.mark.parametrize("kind", ["shortcut", "message_action"])
def test_a_shortcut_is_its_callback_and_message(kind: str) -> None:
    message = {"message": MESSAGE, "channel": {"id": "C1"}} if kind == "message_action" else {}
    request = parse_of({"type": kind, **PERSON, "callback_id": "declare", **message})
    assert (request.kind, request.name) == (Kind.SHORTCUT, "declare")
    assert request.idempotency_key == f"{kind}/t"
    found = request.message and (request.message.key, request.message.author)
    assert found == (("T1:C1:1487895900.000100", "U2") if message else None)


def test_events_are_typed() -> None:
    posted = parse(event(type="message", channel="C1", **MESSAGE))
    assert isinstance(posted, MessageEvent)
    assert (posted.message.text, posted.before) == ("routes are gone", None)
    before = {**MESSAGE, "text": "routes"}
    edited = parse(
        event(
            type="message",
            subtype="message_changed",
            channel="C1",
            message=MESSAGE,
            previous_message=before,
            event_ts="1487895950.000100",
        )
    )
    assert isinstance(edited, MessageEvent)
    assert (posted.is_edit, posted.event_ts) == (False, MESSAGE["ts"])
    assert (edited.is_edit, edited.event_ts) == (True, "1487895950.000100")
    assert edited.before is not None
    assert (edited.message.text, edited.before.text) == ("routes are gone", "routes")
    deleted = parse(
        event(type="message", subtype="message_deleted", channel="C1", previous_message=before)
    )
    assert isinstance(deleted, DeletedEvent)
    assert (deleted.ts, deleted.before) == (MESSAGE["ts"], edited.before)
    item = {"type": "message", "channel": "C1", "ts": MESSAGE["ts"]}
    for kind, added in (("reaction_added", True), ("reaction_removed", False)):
        values = {
            "user": "U1",
            "reaction": "pushpin",
            "item": item,
            "event_ts": "1487895960.000001",
        }
        reaction = parse(event(type=kind, **values))
        assert reaction == ReactionEvent(
            team_id="T1",
            channel_id="C1",
            ts=MESSAGE["ts"],
            event_ts="1487895960.000001",
            user="U1",
            name="pushpin",
            added=added,
        )


def test_a_deleted_parent_of_a_thread_is_a_deletion() -> None:
    left = {"ts": MESSAGE["ts"], "subtype": "tombstone", "text": "This message was deleted."}
    values = {"channel": "C1", "message": left, "previous_message": MESSAGE, "event_ts": "5.000001"}
    deleted = parse(event(type="message", subtype="message_changed", **values))
    assert isinstance(deleted, DeletedEvent)
    assert (deleted.ts, deleted.event_ts) == (MESSAGE["ts"], "5.000001")
    assert deleted.before is not None
    assert deleted.before.text == "routes are gone"


def test_an_event_whose_time_is_no_number_is_refused() -> None:
    """Stored, it would make every later event about the message fail."""
    with pytest.raises(ArithmeticError):
        parse(event(type="message", channel="C1", **MESSAGE, event_ts="yesterday"))


@pytest.mark.parametrize(
    "body",
    [
        event(type="reaction_added", item={"type": "file"}),
        event(type="message", subtype="message_replied", channel="C1"),
        event(type="app_uninstalled"),
    ],
)
def test_events_that_change_nothing_are_ignored(body: dict[str, Any]) -> None:
    assert isinstance(parse(body), IgnoredEvent)


def test_what_is_no_kind_of_ours_is_no_request() -> None:
    assert kind_of({"type": "url_verification"}) is None
    with pytest.raises(LookupError):
        parse({"type": "view_closed"})


def test_secrets_are_left_out() -> None:
    assert without_secrets({"token": "x", "response_url": "y", "text": "z"}) == {"text": "z"}
