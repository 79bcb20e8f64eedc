"""Slack's rules for rich text and tables: what a `rich_text` block, an input of it and a cell may hold.

Shapes: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block and /table-block
(November 2026).
"""

import re
from typing import Any

from sandbox.slack.findings import Findings
from sandbox.slack.values import Json

_DEEPEST_INDENT = 8
_COLOUR = re.compile(r"#?[0-9a-fA-F]{6}")
_STYLES = frozenset({"bold", "italic", "strike", "code", "underline"})
_MENTION_STYLES = _STYLES | {"highlight", "client_highlight", "unlink"}
_NAMED_BY = {
    "channel": "channel_id",
    "color": "value",
    "emoji": "name",
    "link": "url",
    "text": "text",
    "user": "user_id",
    "usergroup": "usergroup_id",
    "team": "team_id",
}
_RANGES = frozenset({"here", "channel", "everyone"})

_MOST_ROWS = 100
_MOST_COLUMNS = 20
_MOST_IN_CELLS = 10_000


def check_rich_text(findings: Findings, block: Any, pointer: str) -> None:
    """Check a rich text object: its sections, lists, quotes and preformatted parts."""
    if not isinstance(block, dict) or block.get("type") != "rich_text":
        findings.add(f"{pointer}/type", "must be a rich_text object")
        return
    parts = findings.items(block.get("elements"), f"{pointer}/elements", least=0, most=1000)
    for at, part in enumerate(parts):
        _part(findings, part, f"{pointer}/elements/{at}")


def _part(findings: Findings, part: Any, pointer: str) -> None:
    kind = part.get("type") if isinstance(part, dict) else part
    elements = part.get("elements") if isinstance(part, dict) else None
    match kind:
        case "rich_text_section":
            _runs(findings, elements, pointer)
        case "rich_text_quote":
            _runs(findings, elements, pointer)
            _border(findings, part, pointer)
        case "rich_text_preformatted":
            _runs(findings, elements, pointer, allowed=frozenset({"text", "link"}))
            _border(findings, part, pointer)
        case "rich_text_list":
            _list(findings, part, pointer)
        case _:
            findings.add(f"{pointer}/type", f"unsupported type: {kind}")


def _border(findings: Findings, part: Json, pointer: str) -> None:
    if "border" in part:
        findings.whole(part["border"], f"{pointer}/border", least=0, most=1)


def _list(findings: Findings, part: Json, pointer: str) -> None:
    findings.choice(part.get("style"), f"{pointer}/style", {"bullet", "ordered"})
    if "indent" in part:
        findings.whole(part["indent"], f"{pointer}/indent", least=0, most=_DEEPEST_INDENT)
    if "offset" in part:
        findings.whole(part["offset"], f"{pointer}/offset", least=0, most=10_000)
    _border(findings, part, pointer)
    items = findings.items(part.get("elements"), f"{pointer}/elements", least=0, most=1000)
    for at, item in enumerate(items):
        place = f"{pointer}/elements/{at}"
        if not isinstance(item, dict) or item.get("type") != "rich_text_section":
            findings.add(f"{place}/type", "must be a rich_text_section")
        else:
            _runs(findings, item.get("elements"), place)


def _runs(
    findings: Findings, runs: Any, pointer: str, *, allowed: frozenset[str] | None = None
) -> None:
    for at, run in enumerate(findings.items(runs, f"{pointer}/elements", least=0, most=1000)):
        place = f"{pointer}/elements/{at}"
        kind = run.get("type") if isinstance(run, dict) else run
        known = kind in _NAMED_BY or kind in ("broadcast", "date")
        if not known or (allowed is not None and kind not in allowed):
            findings.add(f"{place}/type", f"unsupported type: {kind}")
            continue
        _run(findings, run, place)


def _run(findings: Findings, run: Json, pointer: str) -> None:
    kind = run["type"]
    if kind in _NAMED_BY:
        key = _NAMED_BY[kind]
        findings.length(run.get(key), f"{pointer}/{key}", limit=40_000, least=1)
    if kind == "broadcast":
        findings.choice(run.get("range"), f"{pointer}/range", _RANGES)
    if kind == "color" and not _COLOUR.fullmatch(str(run.get("value"))):
        findings.add(f"{pointer}/value", "must be a hex color")
    if kind == "date":
        findings.whole(run.get("timestamp"), f"{pointer}/timestamp", least=0, most=10**11)
        findings.length(run.get("format"), f"{pointer}/format", limit=3000, least=1)
    style = run.get("style", {})
    if not isinstance(style, dict):
        findings.add(f"{pointer}/style", "must be an object")
        return
    known = _STYLES if kind in ("text", "link") else _MENTION_STYLES
    for name in style:
        if name not in known:
            findings.add(f"{pointer}/style", f"invalid additional property: {name}")
        findings.truth(style, name, f"{pointer}/style")


def plain_of(block: Json) -> str:
    """What a rich text object says, without its styles; empty where nothing was written."""
    said: list[str] = []
    for part in block.get("elements", ()):
        sections = part["elements"] if part["type"] == "rich_text_list" else [part]
        for section in sections:
            said.append("".join(_spoken(run) for run in section["elements"]))
    return "\n".join(said)


def _spoken(run: Json) -> str:
    if run["type"] == "broadcast":
        return f"@{run['range']}"
    if run["type"] == "date":
        return str(run.get("fallback") or run["format"])
    return str(run.get("text") or run.get(_NAMED_BY[run["type"]], ""))


def check_table(findings: Findings, block: Json, pointer: str) -> None:
    """Check a table: rows of cells, what their texts come to, and how columns are set."""
    findings.spend("tables", 1, pointer, most=1, message="only_one_table_allowed")
    rows = findings.items(block.get("rows"), f"{pointer}/rows", most=_MOST_ROWS)
    for at, row in enumerate(rows):
        place = f"{pointer}/rows/{at}"
        for column, cell in enumerate(findings.items(row, place, most=_MOST_COLUMNS)):
            _cell(findings, cell, f"{place}/{column}")
    settings = block.get("column_settings", [])
    place = f"{pointer}/column_settings"
    for at, setting in enumerate(findings.items(settings, place, least=0, most=_MOST_COLUMNS)):
        if setting is None:
            continue  # Slack's own examples skip a column so.
        if not isinstance(setting, dict):
            findings.add(f"{place}/{at}", "must be an object")
            continue
        if "align" in setting:
            allowed = {"left", "center", "right"}
            findings.choice(setting["align"], f"{place}/{at}/align", allowed)
        findings.truth(setting, "is_wrapped", f"{place}/{at}")


def _cell(findings: Findings, cell: Any, pointer: str) -> None:
    before = len(findings.messages)
    kind = cell.get("type") if isinstance(cell, dict) else cell
    if kind == "raw_text":
        findings.length(cell.get("text"), f"{pointer}/text", limit=_MOST_IN_CELLS, least=1)
    elif kind == "rich_text":
        check_rich_text(findings, cell, pointer)
    else:
        findings.add(f"{pointer}/type", f"unsupported type: {kind}")
    if len(findings.messages) == before:
        said = cell["text"] if kind == "raw_text" else plain_of(cell)
        findings.spend("cells", len(said), pointer, most=_MOST_IN_CELLS)
