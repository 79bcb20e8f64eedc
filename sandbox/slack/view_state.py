"""The state of inputs: what stands in them before a person does anything, and after."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.slack.block_elements import INPUT_ELEMENTS
from sandbox.slack.blocks import interactive_elements
from sandbox.slack.values import Json

Values = dict[str, dict[str, Json]]

_TEXT = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
_KEYS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(_TEXT, ("value", "initial_value")),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "checkboxes": ("selected_options", "initial_options"),
    "radio_buttons": ("selected_option", "initial_option"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}


def value_key(kind: str) -> str:
    """The field that holds the value of an input of this type in the state."""
    return _KEYS[kind][0]


def initial_values(blocks: Sequence[Json]) -> Values:
    """The state of untouched blocks: Slack names every input, with null where nothing stands."""
    values: Values = {}
    for block_id, element in interactive_elements(list(blocks)):
        if element["type"] not in INPUT_ELEMENTS:
            continue
        key, initial = _KEYS[element["type"]]
        empty: Any = [] if key.endswith("s") else None
        state = {"type": element["type"], key: element.get(initial, empty)}
        values.setdefault(block_id, {})[element["action_id"]] = state
    return values


def merged_values(below: Values, above: Mapping[str, Mapping[str, Json]]) -> Values:
    """`below`, with everything that `above` says laid over it."""
    merged = {block_id: dict(actions) for block_id, actions in below.items()}
    for block_id, actions in above.items():
        for action_id, value in actions.items():
            block = merged.setdefault(block_id, {})
            block[action_id] = {**block.get(action_id, {}), **value}
    return merged
