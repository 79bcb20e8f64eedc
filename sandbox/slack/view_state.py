"""The state of inputs in Slack's shape: initial values, and what a person enters or chooses."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.slack.values import Json, PersonError

Values = dict[str, dict[str, Json]]

_KEYS: Mapping[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "checkboxes": ("selected_options", "initial_options"),
    "radio_buttons": ("selected_option", "initial_option"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "users_select": ("selected_user", "initial_user"),
    "datepicker": ("selected_date", "initial_date"),
}
INPUTS = frozenset(_KEYS)


def value_key(kind: str) -> str:
    """The field that holds the value of an input of this type in the state."""
    return _KEYS[kind][0]


def interactive_elements(blocks: Sequence[Json]) -> list[tuple[str, Json]]:
    """Every element with an action_id, with the block_id of its block, in order."""
    return [
        (block["block_id"], element)
        for block in blocks
        for element in elements_of(block)
        if isinstance(element, dict) and "action_id" in element
    ]


def elements_of(block: Json) -> list[Any]:
    """A block's contents without its texts."""
    several = block.get("elements")
    found = [block.get("accessory"), block.get("element")]
    found += several if isinstance(several, list) else []
    return [element for element in found if element is not None]


def options_of(element: Json) -> list[Any]:
    """The options of a menu, those under headings too."""
    groups = element.get("option_groups") or [element]
    return [option for group in groups for option in group.get("options") or ()]


def initial_values(blocks: Sequence[Json]) -> Values:
    """The initial state of blocks: every input is listed, null if it is empty."""
    values: Values = {}
    for block_id, element in interactive_elements(blocks):
        if element["type"] not in _KEYS:
            continue
        key, initial = _KEYS[element["type"]]
        empty: Any = [] if key.endswith("s") else None
        state = {"type": element["type"], key: element.get(initial, empty)}
        values.setdefault(block_id, {})[element["action_id"]] = state
    return values


def merged_values(below: Values, above: Mapping[str, Mapping[str, Json]]) -> Values:
    """`above` overrides `below`."""
    merged = {block_id: dict(actions) for block_id, actions in below.items()}
    for block_id, actions in above.items():
        for action_id, value in actions.items():
            block = merged.setdefault(block_id, {})
            block[action_id] = {**block.get(action_id, {}), **value}
    return merged


def find_element(blocks: Sequence[Json], action_id: str, block_id: str | None) -> tuple[str, Json]:
    """The interactive element of that action_id, with its block_id. Raises PersonError."""
    for found_block, element in interactive_elements(blocks):
        if element["action_id"] == action_id and block_id in (None, found_block):
            return found_block, element
    raise PersonError(f"There is nothing called {action_id} to press here.")


def entered_values(blocks: Sequence[Json], entered: Mapping[str, Any]) -> Values:
    """The state of the inputs that a person filled in. Raises PersonError.

    `entered` has Slack's shape, `{block_id: {action_id: {...}}}`, or the short one `{block_id: value}`
    with a text, the value of an option, or a list of such values. Slack's shape may name inputs that
    an update has removed; the short one may not.
    """
    values: Values = {}
    for block_id, element in interactive_elements(blocks):
        if block_id not in entered:
            continue
        answer = entered[block_id]
        action_id = element["action_id"]
        if isinstance(answer, Mapping):
            if action_id not in answer:
                continue
            answer = answer[action_id]
        values.setdefault(block_id, {})[action_id] = _state(element, answer)
    for block_id in entered:
        if block_id not in values and not isinstance(entered[block_id], Mapping):
            raise PersonError(f"There is no input called {block_id} in this form.")
    return values


def _state(element: Json, answer: Any) -> Json:
    key = value_key(element["type"])
    value = answer[key] if isinstance(answer, Mapping) and key in answer else answer
    if key == "selected_option" and value is not None:
        value = _option(element, value)
    elif key == "selected_options":
        value = [_option(element, item) for item in value or ()]
    return {"type": element["type"], key: value}


def _option(element: Json, wanted: Any) -> Json:
    """The option of the element by its value, or by an option object. Raises PersonError."""
    value = wanted.get("value") if isinstance(wanted, Mapping) else wanted
    for option in options_of(element):
        if option["value"] == value:
            return dict(option)
    if element["type"].endswith("external_select") and isinstance(wanted, Mapping):
        return dict(wanted)
    raise PersonError(f"There is no option {value!r} to choose here.")


def action_of(element: Json, block_id: str, choice: Mapping[str, Any], ts: str) -> Json:
    """The entry of `actions` in a block_actions payload."""
    kind = element["type"]
    entry: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": ts,
    }
    copied = ["placeholder", "confirm"]
    if kind == "button":
        copied += ["text", "value", "style", "url"]
    elif kind == "overflow":
        entry["selected_option"] = _option(
            element, choice.get("selected_option", choice.get("value"))
        )
    else:
        key = value_key(kind)
        entry |= _state(element, {key: choice.get(key, choice.get("value"))})
    return entry | {key: element[key] for key in copied if key in element}


def state_of(entry: Json) -> Values:
    """Returns the state for an entry of `actions`; empty for a button."""
    if entry["type"] not in _KEYS:
        return {}
    key = value_key(entry["type"])
    return {entry["block_id"]: {entry["action_id"]: {"type": entry["type"], key: entry[key]}}}
