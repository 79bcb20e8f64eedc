"""Builders for Block Kit, so that other modules don't write its JSON.

Limits are Slack's (docs.slack.dev, Block Kit reference): 3,000 characters in a section, 150 in a
header, 75 on a button, 2,000 in its value, 24 in a modal's title.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.render.text import cut

Block = dict[str, Any]

MOST_OPTIONS = 100
"""How many options a menu may have; with more, Slack asks for those that match what is typed."""


def plain(text: str, limit: int = 75) -> Block:
    """Return a plain_text object."""
    return {"type": "plain_text", "text": cut(text, limit) or "–", "emoji": True}


def mrkdwn(text: str, limit: int = 3000) -> Block:
    """Return a mrkdwn object; typed text in it must be escaped."""
    return {"type": "mrkdwn", "text": cut(text, limit) or "–"}


def header(text: str) -> Block:
    """Return a header block."""
    return {"type": "header", "text": plain(text, 150)}


def section(
    text: str = "",
    *,
    fields: Iterable[str] = (),
    accessory: Block | None = None,
    block_id: str = "",
) -> Block:
    """Return a section with text, up to ten fields, or both."""
    block: Block = {"type": "section"}
    if block_id:
        block["block_id"] = block_id
    if text:
        block["text"] = mrkdwn(text)
    shown = [mrkdwn(f, 2000) for f in fields][:10]
    if shown:
        block["fields"] = shown
    if accessory:
        block["accessory"] = accessory
    return block


def context(*texts: str) -> Block:
    """Return a context block."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts][:10]}


def button(
    text: str, *, action: str, value: str = "", style: str = "", confirm: Block | None = None
) -> Block:
    """Return a button; ``style`` is ``primary``, ``danger`` or empty."""
    block: Block = {"type": "button", "text": plain(text), "action_id": action}
    if value:
        block["value"] = value
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    return block


def actions(*elements: Block, block_id: str = "") -> Block:
    """Return an actions block with buttons."""
    block: Block = {"type": "actions", "elements": list(elements)}
    if block_id:
        block["block_id"] = block_id
    return block


def option(text: str, value: str, *, description: str = "") -> Block:
    """Return an option of a menu."""
    made: Block = {"text": plain(text), "value": value}
    if description:
        made["description"] = plain(description)
    return made


def select(
    action: str, options: Sequence[Block], *, chosen: str = "", placeholder: str = "Choose"
) -> Block:
    """Return a single-choice menu, with the option whose value is ``chosen`` preselected."""
    made = _menu(action, options, placeholder)
    initial = [o for o in options if o["value"] == chosen]
    if initial:
        made["initial_option"] = initial[0]
    return made


def grouped_select(
    action: str,
    groups: Sequence[tuple[str, Sequence[Block]]],
    *,
    chosen: str = "",
    placeholder: str = "Choose",
) -> Block:
    """Return a single-choice menu with its options under headings, each with at most 100 of them."""
    parts: list[Block] = [
        {"label": plain(label), "options": list(options[at : at + MOST_OPTIONS])}
        for label, options in groups
        for at in range(0, len(options), MOST_OPTIONS)
    ]
    made: Block = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder),
        "option_groups": parts,
    }
    options = [option for part in parts for option in part["options"]]
    initial = [option for option in options if option["value"] == chosen]
    if initial:
        made["initial_option"] = initial[0]
    return made


def multi_select(
    action: str, options: Sequence[Block], *, chosen: Sequence[str] = (), placeholder: str
) -> Block:
    """Return a multiple-choice menu, with the options whose values are ``chosen`` preselected."""
    made = _menu(action, options, placeholder)
    made["type"] = f"multi_{made['type']}"
    initial = [o for o in options if o["value"] in chosen]
    if initial:
        made["initial_options"] = initial[:MOST_OPTIONS]
    return made


def _menu(action: str, options: Sequence[Block], placeholder: str) -> Block:
    made: Block = {"action_id": action, "placeholder": plain(placeholder)}
    if len(options) > MOST_OPTIONS:
        return {"type": "external_select", "min_query_length": 0, **made}
    return {"type": "static_select", "options": list(options), **made}


def overflow(action: str, options: Sequence[Block]) -> Block:
    """Return an overflow menu with at most five options."""
    return {"type": "overflow", "action_id": action, "options": list(options)[:5]}


def text_input(
    action: str,
    *,
    initial: str = "",
    multiline: bool = False,
    limit: int = 3000,
    placeholder: str = "",
) -> Block:
    """Return a text input."""
    made: Block = {
        "type": "plain_text_input",
        "action_id": action,
        "multiline": multiline,
        "max_length": limit,
    }
    if initial:
        made["initial_value"] = cut(initial, limit)
    if placeholder:
        made["placeholder"] = plain(placeholder, 150)
    return made


def input_block(
    block_id: str, label: str, element: Block, *, optional: bool = False, hint: str = ""
) -> Block:
    """Return an input block with a label."""
    made: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    if hint:
        made["hint"] = plain(hint, 2000)
    return made


def modal(
    callback: str,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str = "",
    close: str = "Cancel",
    metadata: str = "",
) -> Block:
    """Return a modal view."""
    view: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, 24),
        "close": plain(close, 24),
        "blocks": list(blocks)[:100],
        "private_metadata": metadata,
    }
    if submit:
        view["submit"] = plain(submit, 24)
    return view
