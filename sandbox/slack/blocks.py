"""Slack's rules for blocks and views: those of slack_sdk.models, and those that it does not check.

Sources: docs.slack.dev/reference/block-kit/blocks, /block-elements, /composition-objects and
/reference/views (November 2026). Types that neither the product nor the page uses are refused.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, Option
from slack_sdk.models.views import View

from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.view_state import INPUTS, elements_of, interactive_elements

_IN_MESSAGES = frozenset(
    ["actions", "context", "divider", "header", "image", "rich_text", "section"]
)
_IN_VIEWS = _IN_MESSAGES | {"input"}
_CHOICES = INPUTS - {"plain_text_input"}
_ELEMENTS: Mapping[str, frozenset[str]] = {
    "actions": _CHOICES | {"button", "overflow"},
    "context": frozenset({"image", "mrkdwn", "plain_text"}),
    "input": INPUTS,
    "section": _CHOICES | {"button", "image", "overflow"},
}
"""The types of elements that each type of block takes."""

_FEW_OPTIONS = {"checkboxes": 10, "radio_buttons": 10}
_LONGEST_TEXT = 3000
_LIMITS = {(kind, key): 75 for kind in INPUTS for key in ("description", "label")}
_LIMITS["section", "fields"] = 2000
"""The longest texts of options, of groups and of fields, by the type that holds them."""

_TEXT_KEYS = frozenset(
    [
        "close",
        "confirm",
        "deny",
        "description",
        "hint",
        "label",
        "placeholder",
        "submit",
        "text",
        "title",
    ]
)
_MRKDWN = frozenset(
    {("section", "text"), ("section", "fields"), ("context", "elements"), ("confirm", "text")}
    | {(kind, key) for kind in _FEW_OPTIONS for key in ("text", "description")}
)
"""Where a text may be mrkdwn, by the type that holds it and its key; elsewhere it is plain_text."""

_VIEWS = ("modal", "home")
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, SlackObjectFormationError)
"""What slack_sdk.models raises for what it refuses."""

_Refuse = Callable[[str], None]


def message_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message, with the ids that Slack adds. Raises SlackError `invalid_blocks`."""
    messages: list[str] = []
    checked = _check(messages, blocks, "/blocks", _IN_MESSAGES, limit=50)
    if messages:
        raise SlackError(
            "invalid_blocks", errors=messages, response_metadata={"messages": messages}
        )
    return checked


def view_definition(view: Any) -> Json:
    """A modal or Home as the app sent it, checked and completed.

    Raises SlackError `invalid_arguments`, with Slack's messages, as views.open does.
    """
    messages: list[str] = []
    refuse = _refusal(messages, "/view")
    if not isinstance(view, dict) or view.get("type") not in _VIEWS:
        refuse("unsupported type")
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    checked: Json = {"private_metadata": "", "callback_id": "", "external_id": ""}
    checked |= copy.deepcopy(view)
    checked["blocks"] = _check(
        messages, checked.get("blocks"), "/view/blocks", _IN_VIEWS, limit=100
    )
    if checked["type"] == "modal" and not checked.get("title"):
        refuse("missing required field: title")
    for key in ("title", "submit", "close"):
        _texts(checked.get(key), key, checked["type"], refuse)
    has_input = any(block.get("type") == "input" for block in checked["blocks"])
    if checked["type"] == "modal" and has_input and not checked.get("submit"):
        refuse("missing required field: submit")
    if not messages:
        _model(checked, refuse)
    if messages:
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    return checked


def _refusal(messages: list[str], pointer: str) -> _Refuse:
    return lambda message: messages.append(f"[ERROR] {message} [json-pointer:{pointer}]")


def _check(
    messages: list[str], blocks: Any, pointer: str, allowed: frozenset[str], *, limit: int
) -> list[Json]:
    if not isinstance(blocks, list):
        _refusal(messages, pointer)("must be an array")
        return []
    if len(blocks) > limit:
        _refusal(messages, pointer)(f"no more than {limit} items allowed")
    checked: list[Json] = []
    focused: list[Json] = []
    for at, original in enumerate(blocks):
        refuse = _refusal(messages, f"{pointer}/{at}")
        kind = original.get("type") if isinstance(original, dict) else original
        if not isinstance(kind, str) or kind not in allowed:
            refuse(f"unsupported type: {kind}")
            continue
        block = copy.deepcopy(original)
        block.setdefault("block_id", new_id("")[1:6])
        if any(block["block_id"] == other["block_id"] for other in checked):
            refuse(f"`block_id` {block['block_id']} already exists")
        _check_elements(block, refuse)
        if kind != "rich_text":
            _texts(block, "", "", refuse)
        _model(block, refuse)
        focused += [each for _, each in interactive_elements([block]) if each.get("focus_on_load")]
        if len(focused) > 1:
            refuse("only one element can have focus_on_load")
        checked.append(block)
    return checked


def _check_elements(block: Json, refuse: _Refuse) -> None:
    """Check what stands in a block, and give each element the action_id that Slack would."""
    kind = block["type"]
    if kind == "input":
        block.setdefault("optional", False)
        block.setdefault("dispatch_action", False)
    if kind not in _ELEMENTS:
        return
    elements = elements_of(block)
    if not elements and kind != "section":
        refuse("missing required field: elements")
    taken: list[str] = []
    for element in elements:
        name = element.get("type") if isinstance(element, dict) else element
        if not isinstance(name, str) or name not in _ELEMENTS[kind]:
            refuse(f"unsupported type: {name}")
        elif kind != "context" and name != "image":
            action_id = element.setdefault("action_id", new_id("")[1:6])
            if action_id in taken:
                refuse(f"`action_id` {action_id} already exists")
            taken.append(action_id)
            _check_input(element, refuse)


def _check_input(element: Json, refuse: _Refuse) -> None:
    """Check the options that are chosen from the start, how many there are, and a text's limits."""
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        if not isinstance(group, dict) or not group.get("label"):
            refuse("missing required field: label")
        else:
            options += group.get("options", [])
    if len(options) > _FEW_OPTIONS.get(element["type"], len(options)):
        refuse(f"no more than {_FEW_OPTIONS[element['type']]} items allowed")
    if not all(is_option(option) for option in options):
        refuse("invalid option")
    values = [option.get("value") for option in options if isinstance(option, dict)]
    if not options and (element["type"] in _FEW_OPTIONS or "static" in element["type"]):
        refuse("missing required field: options")
    chosen = element.get("initial_options") or [element.get("initial_option")]
    for option in filter(None, chosen if values else []):
        if not isinstance(option, dict) or option.get("value") not in values:
            refuse("initial option was not found in options")
    limit = element.get("max_length", 1)
    if not isinstance(limit, int) or not 1 <= limit <= _LONGEST_TEXT:
        refuse(f"max_length must be between 1 and {_LONGEST_TEXT}")


def _texts(value: Any, key: str, owner: str, refuse: _Refuse) -> None:
    """Check every text object in `value`, and complete it as Slack does.

    `owner` is the type that holds it; options, groups and confirmations have none of their own.
    """
    if isinstance(value, list):
        for item in value:
            _texts(item, key, owner, refuse)
    elif isinstance(value, dict) and value.get("type") in ("plain_text", "mrkdwn"):
        limit = _LIMITS.get((owner, key), _LONGEST_TEXT)
        if not isinstance(value.get("text"), str) or not value["text"]:
            refuse(f"{key} must be more than 0 characters")
        elif len(value["text"]) > limit:
            refuse(f"{key} must be less than {limit + 1} characters")
        if value["type"] == "plain_text":
            value.setdefault("emoji", True)
        else:
            value.setdefault("verbatim", False)
            if (owner, key) not in _MRKDWN:
                refuse(f"{key} must be a plain_text object")
    elif isinstance(value, dict):
        owner = value.get("type") or ("confirm" if key == "confirm" else owner)
        for name, inner in value.items():
            _texts(inner, name, owner, refuse)
    elif key in _TEXT_KEYS and value is not None:
        refuse(f"{key} must be a valid text object")


def is_option(option: Any) -> bool:
    """Whether slack_sdk.models accepts an option; it does not check those of an element."""
    try:
        return bool(Option(**option).to_dict())
    except _MALFORMED:
        return False


def _model(block: Json, refuse: _Refuse) -> None:
    """Refuse what slack_sdk.models refuses in a block or in the parts of a view around its blocks."""
    try:
        model = View(**block) if block["type"] in _VIEWS else Block.parse(block)
        if model is not None:
            model.to_dict()
    except _MALFORMED as error:
        refuse(str(error))
