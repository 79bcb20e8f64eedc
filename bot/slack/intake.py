"""What a delivery of Slack's is: decided here, the same way for a live one and for one replayed later.

Typed input is normalised here, once: spaces and unseen characters everywhere, and dashes and quotes where
the input is read as a command, a name or a time; see :mod:`bot.domain.typography`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.domain.events import Event
from bot.domain.slack_message import message_from
from bot.domain.typography import same_key, spaced
from bot.render.card import MORE
from bot.slack.events import parse_event
from bot.slack.request import Form, Kind, SlackRequest

Delivery = SlackRequest | Event

_KINDS = {
    "event_callback": Kind.EVENT,
    "block_actions": Kind.BUTTON,
    "view_submission": Kind.FORM,
    "shortcut": Kind.SHORTCUT,
    "message_action": Kind.SHORTCUT,
    "block_suggestion": Kind.OPTIONS,
}

_SECRETS = frozenset({"token", "response_url"})
"""Credentials in a payload: they expire within the hour and must not be stored."""


def kind_of(body: Mapping[str, Any]) -> Kind | None:
    """The kind of a delivery; None for one that mayday does not handle."""
    if "command" in body:
        return Kind.COMMAND
    return _KINDS.get(str(body.get("type")))


def event_id(body: Mapping[str, Any]) -> str:
    """The key of an event, the same when Slack delivers it again."""
    return str(body["event_id"])


def without_secrets(body: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as it may be stored: without credentials, and without what an opened Home showed."""
    kept = {name: value for name, value in body.items() if name not in _SECRETS}
    if "view" in (event := body.get("event") or {}):
        kept["event"] = {name: value for name, value in event.items() if name != "view"}
    return kept


def parse(body: Mapping[str, Any], *, team_id: str) -> Delivery:
    """The event or the request that Slack delivers to the app in the workspace ``team_id``.

    Raises:
        LookupError: the payload is of no known kind, or lacks what every one of its kind has.
    """
    kind = kind_of(body)
    if kind is Kind.EVENT:
        return parse_event_of(body)
    return parse_request(body, team_id=team_id)


def parse_event_of(body: Mapping[str, Any]) -> Event:
    """The event of a delivery; raises what :func:`parse` raises."""
    return parse_event(str(body.get("team_id") or ""), body.get("event") or {})


def parse_request(body: Mapping[str, Any], *, team_id: str) -> SlackRequest:
    """The request that a person made; raises what :func:`parse` raises.

    Its workspace is the app's own: what a payload names as the team may be the other side of a channel that
    is shared with another organization.
    """
    match kind_of(body):
        case Kind.COMMAND:
            return _command(body, team_id)
        case Kind.BUTTON:
            return _button(body, team_id)
        case Kind.FORM:
            return _form(body, team_id)
        case Kind.SHORTCUT:
            return _shortcut(body, team_id)
        case Kind.OPTIONS:
            # Slack asks at each letter, so all that is typed into one menu of one form is one request.
            menu, form = str(body["block_id"]), (body.get("view") or {}).get("id") or ""
            key = f"options/{form}/{menu}/{body['user']['id']}"
            asked = _interaction(Kind.OPTIONS, menu, key, body, team_id)
            return replace(asked, text=str(body.get("value") or ""))
        case _:
            raise LookupError(f"no request: {body.get('type')}")


def _command(body: Mapping[str, Any], team_id: str) -> SlackRequest:
    name, *rest = spaced(str(body.get("text") or "")).split(maxsplit=1) or [""]
    trigger = str(body.get("trigger_id") or "")
    return SlackRequest(
        kind=Kind.COMMAND,
        name=same_key(name),
        team_id=team_id,
        user=body["user_id"],
        channel=body["channel_id"],
        trigger=trigger,
        idempotency_key=f"command/{trigger}",
        text="".join(rest).strip(),
    )


def _button(body: Mapping[str, Any], team_id: str) -> SlackRequest:
    action = body["actions"][0]
    if action["action_id"] == MORE:  # what was chosen is what a button of its own would do
        chosen = str((action.get("selected_option") or {}).get("value") or "")
        action = {"action_id": chosen, "action_ts": action.get("action_ts")}
    act = action.get("action_ts") or body.get("trigger_id") or ""
    value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
    request = _interaction(
        Kind.BUTTON, str(action["action_id"]), f"block_actions/{act}", body, team_id
    )
    view = body.get("view") or {}
    form = _form_of(view) if view.get("type") == "modal" else request.form
    is_home = view.get("type") == "home"
    return replace(request, value=str(value), form=form, is_home=is_home)


def _form(body: Mapping[str, Any], team_id: str) -> SlackRequest:
    view = body["view"]
    form = _form_of(view)
    request = _interaction(Kind.FORM, str(view["callback_id"]), f"view/{form.id}", body, team_id)
    return replace(request, form=form, installed_team=str(view.get("app_installed_team_id") or ""))


def _form_of(view: Mapping[str, Any]) -> Form:
    """The form as it is open."""
    return Form(
        id=str(view["id"]),
        root=str(view.get("root_view_id") or view["id"]),
        hash=str(view.get("hash") or ""),
        metadata=str(view.get("private_metadata") or ""),
        inputs=tuple(
            str(block["block_id"]) for block in view.get("blocks") or () if block["type"] == "input"
        ),
        values=_values(view),
    )


def _shortcut(body: Mapping[str, Any], team_id: str) -> SlackRequest:
    key = f"{body['type']}/{body.get('trigger_id') or ''}"
    request = _interaction(Kind.SHORTCUT, str(body["callback_id"]), key, body, team_id)
    if not (payload := body.get("message")):
        return request
    message = message_from(payload, team_id=request.team_id, channel_id=request.channel)
    return replace(request, message=message, acted_ts=str(body.get("action_ts") or ""))


def _interaction(
    kind: Kind, name: str, key: str, body: Mapping[str, Any], team_id: str
) -> SlackRequest:
    """What buttons, forms and shortcuts have in common."""
    container = body.get("container") or {}
    return SlackRequest(
        kind=kind,
        name=name,
        team_id=team_id,
        user=body["user"]["id"],
        channel=(body.get("channel") or {}).get("id") or container.get("channel_id") or "",
        idempotency_key=key,
        trigger=body.get("trigger_id") or "",
    )


def _values(view: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """What was entered, by block id; every input of mayday's forms has one element."""
    return {
        block_id: _value(element)
        for block_id, elements in ((view.get("state") or {}).get("values") or {}).items()
        for element in elements.values()
    }


def _value(element: Mapping[str, Any]) -> str | tuple[str, ...]:
    match element.get("type"):
        case "static_select" | "external_select" | "radio_buttons":
            chosen = element.get("selected_option")
            return str(chosen["value"]) if chosen else ""
        case "multi_static_select" | "multi_external_select" | "checkboxes":
            return tuple(chosen["value"] for chosen in element.get("selected_options") or ())
        case "users_select":
            return element.get("selected_user") or ""
        case "multi_users_select":
            return tuple(element.get("selected_users") or ())
        case "datepicker":
            return element.get("selected_date") or ""
        case _:
            return spaced(element.get("value") or "")
