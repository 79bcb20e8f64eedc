"""Slack's rules for blocks and views, including those that slack_sdk.models does not check.

Sources: docs.slack.dev/reference/block-kit/blocks, /block-elements, /composition-objects and
/reference/views (November 2026). Types that neither the product nor the page uses are refused.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, Option
from slack_sdk.models.views import View

from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.view_state import INPUTS, elements_of, interactive_elements, options_of

_IN_MESSAGES = frozenset(["actions", "context", "divider", "header", "section"])
_IN_VIEWS = _IN_MESSAGES | {"input"}
_CHOICES = INPUTS - {"plain_text_input"}
_ELEMENTS: Mapping[str, frozenset[str]] = {
    "actions": _CHOICES | {"button", "overflow"},
    "context": frozenset({"mrkdwn", "plain_text"}),
    "input": INPUTS,
    "section": _CHOICES | {"button", "overflow"},
}
"""The element types that each block type accepts."""

_FEW_OPTIONS = {"checkboxes": 10, "radio_buttons": 10}
_LONGEST_TEXT = 3000
_LIMITS = {(kind, key): 75 for kind in INPUTS for key in ("description", "label")}
_LIMITS |= {("context", "elements"): _LONGEST_TEXT, ("section", "fields"): 2000}
"""Maximum text lengths that slack_sdk.models does not check, by containing type and key."""

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
"""Where a text may be mrkdwn, by containing type and key; other texts are plain_text."""

_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, SlackObjectFormationError)
"""Errors that slack_sdk.models raises, including parse errors."""

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
    """Returns the app's modal or Home, checked and completed.

    Raises SlackError `invalid_arguments` with Slack's messages, like views.open.
    """
    messages: list[str] = []
    checked: Json = {"private_metadata": "", "callback_id": "", "external_id": ""}
    with _refusing(messages, "/view") as refuse:
        checked |= copy.deepcopy(view)
        checked["blocks"] = _check(
            messages, checked.get("blocks"), "/view/blocks", _IN_VIEWS, limit=100
        )
        for key in ("title", "submit", "close"):
            _texts(checked.get(key), key, checked["type"], refuse)
        if checked["type"] not in ("modal", "home"):
            refuse("unsupported type")
        if checked["type"] == "modal":
            is_form = any(block["type"] == "input" for block in checked["blocks"])
            for key in ("title", "submit") if is_form else ("title",):
                if not checked.get(key):
                    refuse(f"missing required field: {key}")
        View(**checked).to_dict()
    if messages:
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    return checked


@contextmanager
def _refusing(messages: list[str], pointer: str) -> Iterator[_Refuse]:
    """Yield a function that reports errors at `pointer`; report those of slack_sdk.models."""

    def refuse(message: str) -> None:
        messages.append(f"[ERROR] {message} [json-pointer:{pointer}]")

    try:
        yield refuse
    except _MALFORMED as error:
        refuse(str(error))


def _check(
    messages: list[str], blocks: Any, pointer: str, allowed: frozenset[str], *, limit: int
) -> list[Json]:
    checked: list[Json] = []
    focused = 0
    with _refusing(messages, pointer) as refuse:
        if not isinstance(blocks, list):
            raise TypeError("must be an array")
        if len(blocks) > limit:
            refuse(f"no more than {limit} items allowed")
    for at, original in enumerate(blocks if isinstance(blocks, list) else []):
        with _refusing(messages, f"{pointer}/{at}") as refuse:
            if original["type"] not in allowed:
                raise TypeError(f"unsupported type: {original['type']}")
            block = {"block_id": new_id("")[1:6], **copy.deepcopy(original)}
            if any(block["block_id"] == other["block_id"] for other in checked):
                refuse(f"`block_id` {block['block_id']} already exists")
            checked.append(block)
            _check_elements(block, refuse)
            _texts(block, "", "", refuse)
            found = interactive_elements([block])
            focused += sum(1 for _, element in found if element.get("focus_on_load"))
            if focused > 1:
                refuse("only one element can have focus_on_load")
            model = Block.parse(block)
            if model is not None:
                model.to_dict()
    return checked


def _check_elements(block: Json, refuse: _Refuse) -> None:
    """Check a block's elements, and add missing action_ids as Slack does."""
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
        elif kind != "context":
            action_id = element.setdefault("action_id", new_id("")[1:6])
            if action_id in taken:
                refuse(f"`action_id` {action_id} already exists")
            taken.append(action_id)
            _check_input(element, refuse)


def _check_input(element: Json, refuse: _Refuse) -> None:
    """Check the initial options, the number of options, and the limits of a text."""
    options = options_of(element)
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
    """Check and complete every text object in `value` as Slack does.

    `owner` is the containing type; options, groups and confirmations have no type.
    """
    if isinstance(value, list):
        for item in value:
            _texts(item, key, owner, refuse)
    elif isinstance(value, dict) and value.get("type") in ("plain_text", "mrkdwn"):
        limit = _LIMITS.get((owner, key))
        if not isinstance(value.get("text"), str) or not value["text"]:
            refuse(f"{key} must be more than 0 characters")
        elif limit is not None and len(value["text"]) > limit:
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
    """Whether slack_sdk.models accepts an option; it skips an element's options."""
    try:
        return bool(Option(**option).to_dict())
    except _MALFORMED:
        return False
