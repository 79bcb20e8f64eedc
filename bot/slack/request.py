"""A person's request as handlers see it, taken out of Slack's payloads in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from bot.errors import UserError


@dataclass(frozen=True, kw_only=True)
class SlackRequest:
    """Who asks for what, and where.

    ``team_id`` is the workspace the incident belongs to, ``user_team`` the person's own, which differs
    in a channel shared by Slack Connect. ``trigger`` opens one form within three seconds.
    ``idempotency_key`` is unique to this act. ``view`` and ``values`` are a form's, ``value`` a button's.
    """

    team_id: str
    user_team: str
    user: str
    channel: str
    text: str = ""
    trigger: str = ""
    idempotency_key: str = ""
    value: str = ""
    message: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    view: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def metadata(self) -> str:
        """What the form carries along."""
        return str(self.view.get("private_metadata") or "")


def from_command(body: Mapping[str, Any]) -> SlackRequest:
    """A slash command."""
    return SlackRequest(
        team_id=body["team_id"],
        user_team=body["team_id"],
        user=body["user_id"],
        channel=body["channel_id"],
        text=str(body.get("text") or "").strip(),
        trigger=body.get("trigger_id") or "",
        idempotency_key=f"command/{body.get('trigger_id') or ''}",
    )


def from_interaction(body: Mapping[str, Any]) -> SlackRequest:
    """A button, a shortcut or a submitted form."""
    user = body["user"]
    container = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
    view = body.get("view") or {}
    action = (body.get("actions") or [{}])[0]
    idempotency_key = f"view/{view['id']}" if body.get("type") == "view_submission" else ""
    if not idempotency_key:
        idempotency_key = (
            f"{body.get('type')}/{action.get('action_ts') or body.get('trigger_id') or ''}"
        )
    return SlackRequest(
        team_id=(body.get("team") or {}).get("id") or user.get("team_id") or "",
        user_team=user.get("team_id") or (body.get("team") or {}).get("id") or "",
        user=user["id"],
        channel=channel,
        trigger=body.get("trigger_id") or "",
        idempotency_key=idempotency_key,
        value=str(action.get("value") or (action.get("selected_option") or {}).get("value") or ""),
        message=body.get("message") or {},
        view=view,
        values=_values(view),
    )


def _values(view: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a form by block id: text, a choice's value, a list of them, a date or a bool."""
    found: dict[str, Any] = {}
    for block_id, elements in ((view.get("state") or {}).get("values") or {}).items():
        for element in elements.values():
            found[block_id] = _value(element)
    return found


def _value(element: Mapping[str, Any]) -> Any:
    match element.get("type"):
        case "static_select" | "radio_buttons":
            chosen = element.get("selected_option")
            return chosen["value"] if chosen else ""
        case "multi_static_select" | "checkboxes":
            return [chosen["value"] for chosen in element.get("selected_options") or ()]
        case "users_select":
            return element.get("selected_user") or ""
        case "datepicker":
            return element.get("selected_date") or ""
        case _:
            return element.get("value") or ""


def day(text: str, *, field_name: str) -> date | None:
    """A date picker's date.

    Raises:
        UserError: it is not a date.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UserError("Choose a day from the calendar.", field=field_name) from None
