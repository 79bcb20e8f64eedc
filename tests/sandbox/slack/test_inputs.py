"""Inputs: initial values, allowed entries, and the values the app receives."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import App

from sandbox.slack import SlackSandbox
from sandbox.slack.blocks import view_definition
from sandbox.slack.objections import problems
from sandbox.slack.values import SlackError
from sandbox.slack.view_state import initial_values

Json = dict[str, Any]
Forms = tuple[Callable[..., Json], Callable[..., Json]]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str, **rest: Any) -> Json:
    return {"text": plain(value), "value": value, **rest}


def form(*elements: Json) -> Json:
    blocks = [
        {
            "type": "input",
            "block_id": f"b{at}",
            "label": plain("Label"),
            "element": {"action_id": "a", **element},
        }
        for at, element in enumerate(elements)
    ]
    return {"type": "modal", "title": plain("Form"), "submit": plain("Send"), "blocks": blocks}


def of(kind: str, **rest: Any) -> Json:
    return {"type": kind, **rest}


A, B = option("a"), option("b")
GROUP = {"label": plain("Group"), "options": [A]}


@pytest.mark.parametrize(
    "element",
    [
        of("plain_text_input", max_length=3001),
        of("plain_text_input", placeholder=plain("x" * 151)),
        of("datepicker", initial_date="23.2.2017"),
        of("static_select"),
        of("static_select", option_groups=[GROUP], initial_option=B),
        of("static_select", options=[A], initial_option=B),
        of("static_select", options=[option("a", text={"type": "mrkdwn", "text": "*a*"})]),
        of("static_select", options=[option("a", description=plain("x" * 76))]),
        of("static_select", options=[option("x" * 151)]),
        of("static_select", options=[option(str(at)) for at in range(101)]),
        of("radio_buttons", options=[option(str(at)) for at in range(11)]),
        of("rich_text_input"),
        of("timepicker"),
        of("number_input", is_decimal_allowed=False),
    ],
)
def test_an_element_against_the_rules_is_refused(element: Json) -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        view_definition(form(element))


def test_only_one_element_has_the_focus() -> None:
    focused = of("plain_text_input", focus_on_load=True)
    view_definition(form(focused, of("plain_text_input")))
    with pytest.raises(SlackError) as refused:
        view_definition(form(focused, focused))
    [said] = refused.value.extra["response_metadata"]["messages"]
    assert said.endswith("[json-pointer:/view/blocks/1]")


def test_radio_buttons_may_have_marked_up_options() -> None:
    marked = option("a", text={"type": "mrkdwn", "text": "*a*"})
    view_definition(form(of("radio_buttons", options=[marked])))


@pytest.mark.parametrize(
    ("element", "value", "said"),
    [
        (of("plain_text_input"), None, "Please complete this required field."),
        (of("plain_text_input", min_length=3), "ab", "Please use at least 3 characters."),
        (of("plain_text_input", max_length=3), "abcd", "Please use at most 3 characters."),
        (
            of("multi_static_select", options=[A, B], max_selected_items=1),
            [A, B],
            "Please choose at most 1.",
        ),
    ],
)
def test_what_slack_itself_objects_to(element: Json, value: Any, said: str | None) -> None:
    view = view_definition(form(element))
    values = initial_values(view["blocks"])
    state = values["b0"]["a"]
    key = next(key for key in state if key != "type")
    state[key] = value
    assert problems(view["blocks"], values) == ({} if said is None else {"b0": said})


def test_untouched_initial_values_are_submitted(
    slack: SlackSandbox, app: App, connect: Any, forms: Forms
) -> None:
    modal, _ = forms
    read: Json = {}
    elements = [
        of("plain_text_input", initial_value="Hub is slow"),
        of("static_select", options=[A], initial_option=A),
        of("users_select", initial_user=slack.person("ben").id),
        of("datepicker", initial_date="2017-02-23"),
        of("multi_users_select", initial_users=[slack.person("ben").id]),
    ]
    view = modal("form", *form(*elements)["blocks"])
    app.shortcut("declare")(
        lambda ack, body, client: (
            ack(),
            client.views_open(trigger_id=body["trigger_id"], view=view),
        )
    )
    app.view("form")(lambda ack, view: (read.update(view["state"]["values"]), ack()))
    connect(app)
    ana = slack.person("ana")
    ana.shortcut("declare")
    slack.wait_for(ana.views)
    assert ana.submit(ana.views()[0]["id"]) == {}
    chosen = read["b1"]["a"]["selected_option"]
    assert {key: read[key]["a"] for key in ("b0", "b2", "b3", "b4")} == {
        "b0": {"type": "plain_text_input", "value": "Hub is slow"},
        "b2": {"type": "users_select", "selected_user": slack.person("ben").id},
        "b3": {"type": "datepicker", "selected_date": "2017-02-23"},
        "b4": {"type": "multi_users_select", "selected_users": [slack.person("ben").id]},
    }
    assert (chosen["value"], chosen["text"]["text"]) == ("a", "a")
