"""The state of a form's inputs, as Slack sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unchanged(element: Mapping[str, Any]) -> dict[str, Any]:
    """The state of an unchanged input."""
    return {
        "type": element["type"],
        "value": element.get("initial_value"),
        "selected_option": element.get("initial_option"),
        "selected_options": element.get("initial_options") or [],
        "selected_user": element.get("initial_user"),
        "selected_users": element.get("initial_users") or [],
        "selected_date": element.get("initial_date"),
    }


def with_value(kind: str, value: Any) -> dict[str, Any]:
    """The state of an input with this value."""
    options = [{"value": one} for one in value] if isinstance(value, list | tuple) else []
    return {
        "type": kind,
        "value": value,
        "selected_option": {"value": value},
        "selected_options": options,
        "selected_user": value,
        "selected_users": value,
        "selected_date": value,
    }
