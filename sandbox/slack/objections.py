"""What Slack's client itself objects to when a form is sent; the app never sees such a form."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.slack.values import Json
from sandbox.slack.view_state import Values, value_key

MISSING = "Please complete this required field."
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_ADDRESS = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")
_LONGEST_TEXT = 3000


def problems(blocks: Sequence[Json], values: Values) -> dict[str, str]:
    """The objections by block_id; empty when the form may be sent."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = values.get(block["block_id"], {}).get(element["action_id"], {})
        value = state.get(value_key(element["type"]))
        if value in (None, "", []):
            if not block.get("optional"):
                found[block["block_id"]] = MISSING
            continue
        objection = _OBJECTIONS.get(element["type"], _to_count)(element, value)
        if objection:
            found[block["block_id"]] = objection
    return found


def _to_text(element: Json, value: Any) -> str:
    most = element.get("max_length", _LONGEST_TEXT)
    least = element.get("min_length", 0)
    if len(value) > most:
        return f"Please use at most {most} characters."
    if len(value) < least:
        return f"Please use at least {least} characters."
    return ""


def _to_email(element: Json, value: Any) -> str:
    return "" if _EMAIL.fullmatch(value.strip()) else "Please enter an email address."


def _to_address(element: Json, value: Any) -> str:
    if _ADDRESS.fullmatch(value.strip()):
        return ""
    return "Please enter a whole address, such as https://example.org."


def _to_number(element: Json, value: Any) -> str:
    if not _NUMBER.fullmatch(str(value)):
        return "Please enter a number."
    number = float(value)
    if not element.get("is_decimal_allowed") and "." in value:
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter {element['min_value']} or more."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter {element['max_value']} or less."
    return ""


def _to_count(element: Json, value: Any) -> str:
    most = element.get("max_selected_items")
    if most is not None and len(value) > most:
        return f"Please choose at most {most}."
    return ""


_OBJECTIONS: Mapping[str, Callable[[Json, Any], str]] = {
    "plain_text_input": _to_text,
    "email_text_input": _to_email,
    "url_text_input": _to_address,
    "number_input": _to_number,
}
