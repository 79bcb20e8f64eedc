"""What a person gives to an input, in short form or in Slack's, made into Slack's own shape."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.slack.blocks import interactive_elements
from sandbox.slack.values import Json, PersonError
from sandbox.slack.view_state import Values, value_key

FileView = Callable[[str], Json]
"""Gives the file object of an id. Raises PersonError where there is no such file."""


def find_element(blocks: Sequence[Json], action_id: str, block_id: str | None) -> tuple[str, Json]:
    """The interactive element of that action_id, with its block_id. Raises PersonError."""
    for found_block, element in interactive_elements(list(blocks)):
        if element["action_id"] == action_id and block_id in (None, found_block):
            return found_block, element
    raise PersonError(f"There is nothing called {action_id} to press here.")


def complete_values(blocks: Sequence[Json], given: Mapping[str, Any], file_of: FileView) -> Values:
    """State values for what was given.

    `given` is in Slack's shape, `{block_id: {action_id: {...}}}`, or short: `{block_id: value}`
    with the text typed, the value of the option chosen, or a list of such values; files are
    given by their ids. Slack's shape may name inputs that an update has meanwhile taken away; the
    short one may not.
    """
    values: Values = {}
    for block_id, element in interactive_elements(list(blocks)):
        if block_id not in given:
            continue
        answer = given[block_id]
        action_id = element["action_id"]
        if isinstance(answer, Mapping):
            if action_id not in answer:
                continue
            answer = answer[action_id]
        values.setdefault(block_id, {})[action_id] = complete(element, answer, file_of)
    for block_id in given:
        if block_id not in values and not isinstance(given[block_id], Mapping):
            raise PersonError(f"There is no input called {block_id} in this form.")
    return values


def complete(element: Json, answer: Any, file_of: FileView) -> Json:
    """One input's state from a short answer or from Slack's shape. Raises PersonError."""
    key = value_key(element["type"])
    if not isinstance(answer, Mapping) or key not in answer:
        answer = {key: answer}
    value = answer.get(key)
    if key == "selected_option" and value is not None:
        value = option_of(element, value)
    elif key == "selected_options":
        value = [option_of(element, item) for item in value or ()]
    elif key == "files":
        value = [file_of(item["id"] if isinstance(item, Mapping) else item) for item in value or ()]
    return {"type": element["type"], key: value}


def option_of(element: Json, wanted: Any) -> Json:
    """The option of the element by its value, or by an option object. Raises PersonError."""
    value = wanted.get("value") if isinstance(wanted, Mapping) else wanted
    options = list(element.get("options", ()))
    for group in element.get("option_groups", ()):
        options += group["options"]
    for option in options:
        if option["value"] == value:
            return dict(option)
    if element["type"].endswith("external_select") and isinstance(wanted, Mapping):
        return dict(wanted)
    raise PersonError(f"There is no option {value!r} to choose here.")


def action(
    element: Json, block_id: str, given: Mapping[str, Any], ts: str, file_of: FileView
) -> Json:
    """The entry of `actions` in a block_actions payload."""
    kind = element["type"]
    entry: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": ts,
    }
    if kind == "button":
        entry["text"] = element["text"]
        entry |= {key: element[key] for key in ("value", "style", "url") if key in element}
    elif kind == "overflow":
        chosen = given.get("selected_option", given.get("value"))
        entry["selected_option"] = option_of(element, chosen)
    else:
        key = value_key(kind)
        entry |= complete(element, {key: given.get(key, given.get("value"))}, file_of)
    for key in ("placeholder", "confirm"):
        if key in element:
            entry[key] = element[key]
    return entry


def entry_state(entry: Json) -> Json | None:
    """What an entry of `actions` leaves in the state; None for what has none, such as a button."""
    if entry["type"] in ("button", "overflow"):
        return None
    key = value_key(entry["type"])
    return {"type": entry["type"], key: entry[key]}
