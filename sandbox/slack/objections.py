"""Form errors that Slack's client reports; it does not send such forms to the app."""

from collections.abc import Sequence
from typing import Any

from sandbox.slack.values import Json
from sandbox.slack.view_state import Values, value_key

MISSING = "Please complete this required field."
_LONGEST_TEXT = 3000


def problems(blocks: Sequence[Json], values: Values) -> dict[str, str]:
    """Returns the errors by block_id; empty if the form is valid."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            state = values.get(block["block_id"], {}).get(element["action_id"], {})
            value = state.get(value_key(element["type"]))
            objection = _objection(element, value, bool(block.get("optional")))
            if objection:
                found[block["block_id"]] = objection
    return found


def _objection(element: Json, value: Any, optional: bool) -> str:
    if value in (None, "", []):
        return "" if optional else MISSING
    if element["type"] == "plain_text_input":
        most, least = element.get("max_length", _LONGEST_TEXT), element.get("min_length", 0)
        if len(value) > most:
            return f"Please use at most {most} characters."
        return f"Please use at least {least} characters." if len(value) < least else ""
    most = element.get("max_selected_items", len(value))
    return f"Please choose at most {most}." if len(value) > most else ""
