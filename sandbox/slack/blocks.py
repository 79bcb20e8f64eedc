"""Slack's rules for blocks and views: what it refuses here, the real one refuses too.

Limits: https://docs.slack.dev/reference/block-kit/blocks and /reference/views (November 2026).
Where Slack is known to accept more than its pages say, this keeps to the pages.
"""

import copy
from typing import Any

from sandbox.slack.block_elements import (
    ACCESSORIES,
    ACTION_ELEMENTS,
    INPUT_ELEMENTS,
    check_element,
    check_image,
)
from sandbox.slack.findings import Findings
from sandbox.slack.rich_text import check_rich_text, check_table
from sandbox.slack.values import Json, SlackError, new_id

_IN_MESSAGES = frozenset(
    {
        "actions",
        "context",
        "divider",
        "file",
        "header",
        "image",
        "markdown",
        "rich_text",
        "section",
        "table",
        "video",
    }
)
_IN_VIEWS = (_IN_MESSAGES - {"file", "markdown", "table"}) | {"input"}
_MARKDOWN_LIMIT = 12_000


def message_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message, with the ids Slack adds. Raises SlackError `invalid_blocks`."""
    findings = Findings()
    checked = _check(findings, blocks, "/blocks", _IN_MESSAGES, limit=50)
    if findings.messages:
        raise SlackError(
            "invalid_blocks",
            errors=findings.messages,
            response_metadata={"messages": findings.messages},
        )
    return checked


def view_definition(view: Any) -> Json:
    """A modal or Home as the app sent it, checked and completed.

    Raises SlackError `invalid_arguments`, with Slack's messages, as views.open does.
    """
    findings = Findings()
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        raise _invalid_view(["[ERROR] unsupported type [json-pointer:/view/type]"])
    checked = copy.deepcopy(view)
    if checked["type"] == "modal":
        findings.text(checked, "title", "/view", limit=24, plain=True)
        for key in ("submit", "close"):
            findings.text(checked, key, "/view", limit=24, plain=True, required=False)
    findings.length(
        checked.setdefault("private_metadata", ""), "/view/private_metadata", limit=3000
    )
    for key in ("callback_id", "external_id"):
        findings.length(checked.setdefault(key, ""), f"/view/{key}", limit=255)
    checked["blocks"] = _check(
        findings, checked.get("blocks"), "/view/blocks", _IN_VIEWS, limit=100
    )
    has_input = any(block.get("type") == "input" for block in checked["blocks"])
    if checked["type"] == "modal" and has_input and not checked.get("submit"):
        findings.add("/view", "missing required field: submit")
    if findings.messages:
        raise _invalid_view(findings.messages)
    return checked


def _invalid_view(messages: list[str]) -> SlackError:
    return SlackError("invalid_arguments", response_metadata={"messages": messages})


def _check(
    findings: Findings, blocks: Any, pointer: str, allowed: frozenset[str], *, limit: int
) -> list[Json]:
    if not isinstance(blocks, list):
        findings.add(pointer, "must be an array")
        return []
    if len(blocks) > limit:
        findings.add(pointer, f"no more than {limit} items allowed")
    checked: list[Json] = []
    taken: set[str] = set()
    for at, block in enumerate(blocks):
        place = f"{pointer}/{at}"
        if not isinstance(block, dict) or block.get("type") not in allowed:
            kind = block.get("type") if isinstance(block, dict) else block
            findings.add(f"{place}/type", f"unsupported type: {kind}")
            continue
        block = copy.deepcopy(block)
        block_id = block.setdefault("block_id", new_id("")[1:6])
        findings.length(block_id, f"{place}/block_id", limit=255, least=1)
        if block_id in taken:
            findings.add(f"{place}/block_id", f"`block_id` {block_id} already exists")
        taken.add(str(block_id))
        findings.new_block()
        _check_block(findings, block, place)
        checked.append(block)
    return checked


def _check_block(findings: Findings, block: Json, place: str) -> None:
    match block["type"]:
        case "section":
            _section(findings, block, place)
        case "header":
            findings.text(block, "text", place, limit=150, plain=True)
        case "markdown":
            _markdown(findings, block.get("text"), f"{place}/text")
        case "image":
            check_image(findings, block, place)
        case "actions":
            _elements(findings, block, place, limit=25)
        case "context":
            _context(findings, block, place)
        case "input":
            findings.text(block, "label", place, limit=2000, plain=True)
            findings.text(block, "hint", place, limit=2000, plain=True, required=False)
            block.setdefault("optional", False)
            block.setdefault("dispatch_action", False)
            check_element(findings, block.get("element"), f"{place}/element", INPUT_ELEMENTS)
            for key in ("optional", "dispatch_action"):
                findings.truth(block, key, place)
        case "rich_text":
            check_rich_text(findings, block, place)
        case "table":
            check_table(findings, block, place)


def _markdown(findings: Findings, text: Any, pointer: str) -> None:
    """One markdown block; all of a message share the limit."""
    findings.length(text, pointer, limit=_MARKDOWN_LIMIT, least=1)
    if isinstance(text, str) and len(text) <= _MARKDOWN_LIMIT:
        findings.spend("markdown", len(text), pointer, most=_MARKDOWN_LIMIT)


def _section(findings: Findings, block: Json, place: str) -> None:
    fields = block.get("fields")
    if "text" not in block and not fields:
        findings.add(place, "missing required field: text or fields")
    findings.text(block, "text", place, limit=3000, required=False)
    if fields is not None:
        if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
            findings.add(f"{place}/fields", "no more than 10 items allowed")
        else:
            numbered: Json = {str(at): item for at, item in enumerate(fields)}
            for key in numbered:
                findings.text(numbered, key, f"{place}/fields", limit=2000)
    if "accessory" in block:
        check_element(findings, block["accessory"], f"{place}/accessory", ACCESSORIES)


def _elements(findings: Findings, block: Json, place: str, *, limit: int) -> None:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        findings.add(place, "missing required field: elements")
        return
    if len(elements) > limit:
        findings.add(f"{place}/elements", f"no more than {limit} items allowed")
    for at, element in enumerate(elements):
        check_element(findings, element, f"{place}/elements/{at}", ACTION_ELEMENTS)


def _context(findings: Findings, block: Json, place: str) -> None:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        findings.add(place, "missing required field: elements")
        return
    if len(elements) > 10:
        findings.add(f"{place}/elements", "no more than 10 items allowed")
    numbered: Json = {str(at): item for at, item in enumerate(elements)}
    for key, element in numbered.items():
        if isinstance(element, dict) and element.get("type") == "image":
            check_image(findings, element, f"{place}/elements/{key}")
        else:
            findings.text(numbered, key, f"{place}/elements", limit=3000)


def interactive_elements(blocks: list[Json]) -> list[tuple[str, Json]]:
    """Every element with an action_id, with the block_id it stands in, in order."""
    found: list[tuple[str, Json]] = []
    for block in blocks:
        candidates = [block.get("accessory"), block.get("element")]
        if isinstance(block.get("elements"), list):
            candidates += block["elements"]
        found += [
            (block["block_id"], element)
            for element in candidates
            if isinstance(element, dict) and "action_id" in element
        ]
    return found
