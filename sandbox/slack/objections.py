"""What Slack's client itself objects to when a form is sent; the app never sees such a form."""

from collections.abc import Sequence
from typing import Any

from sandbox.slack.values import Json
from sandbox.slack.view_state import Values, value_key

MISSING = "Please complete this required field."
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
        object_to = _to_text if element["type"] == "plain_text_input" else _to_count
        objection = object_to(element, value)
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


def _to_count(element: Json, value: Any) -> str:
    most = element.get("max_selected_items")
    if most is not None and len(value) > most:
        return f"Please choose at most {most}."
    return ""
