"""The line of a report in the file that lists a repository's reports.

In a Quarto file that is an entry of ``listing.contents``, in any other Markdown file an item of its last
list. Comments and everything else stay as they are.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import yaml

from bot.errors import UserError
from bot.render.markdown import bare, literal

_FRONT = re.compile(r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_ITEM = re.compile(r"^(?P<mark>[-*+]) ")
NOT_YAML = (
    "The front matter of {index} can't be read as YAML (line {line}): correct it, or clear "
    "report.targets[].index."
)
NO_LIST = (
    "{index} has no list under listing.contents that mayday can add a report to: correct it, or clear "
    "report.targets[].index."
)


def with_report(text: str, *, index: str, path: str, title: str) -> str | None:
    """Return the index with the report in it; None if it is in it already, or Quarto finds it by a pattern.

    ``index`` and ``path`` are those of the two files in the repository.

    Raises:
        UserError: its list can't be found.
    """
    relative = _relative(path, PurePosixPath(index).parent)
    if relative in text or PurePosixPath(path).name in text:
        return None
    front = _FRONT.match(text)
    listing = _listing(front["yaml"], index) if front else None
    if front is None or listing is None:
        label = literal(bare(title)).replace("]", "\\]")
        return _in_list(text, f"[{label}]({quote(relative)})")
    if isinstance(listing, yaml.ScalarNode):
        return None  # a pattern, such as "*.qmd"
    if not isinstance(listing, yaml.SequenceNode) or listing.flow_style or not listing.value:
        raise UserError(NO_LIST.format(index=index))
    if all(isinstance(each, yaml.ScalarNode) and "*" in each.value for each in listing.value):
        return None
    lines = text.split("\n")
    # The front matter begins in the file's second line.
    rows = [each.start_mark.line + 1 for each in listing.value]
    names = [each.value for each in listing.value if isinstance(each, yaml.ScalarNode)]
    is_falling = len(names) > 1 and names[0] > names[-1]
    row = rows[0] if is_falling else _after(lines, listing.value[-1])
    head = lines[rows[0]][: lines[rows[0]].index("-")]
    lines.insert(row, f"{head}- {relative}" + ("\r" if lines[rows[0]].endswith("\r") else ""))
    return "\n".join(lines)


def _after(lines: list[str], last: yaml.Node) -> int:
    """The line behind an entry: a block's end mark is where the next token begins, behind comments."""
    row: int = last.end_mark.line + 1
    if last.end_mark.column == 0 and row > last.start_mark.line + 1:
        row -= 1
    return row + 1 if isinstance(last, yaml.ScalarNode) else row


def _listing(front: str, index: str) -> Any:
    """The node of ``listing.contents``, or of the first listing's contents, or None."""
    try:
        node = yaml.compose(front, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 2 if exc.problem_mark else 1
        raise UserError(NOT_YAML.format(index=index, line=line)) from exc
    listing = _value(node, "listing")
    if isinstance(listing, yaml.SequenceNode) and listing.value:
        listing = listing.value[0]
    return _value(listing, "contents")


def _value(node: Any, key: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _in_list(text: str, item: str) -> str:
    lines = text.rstrip("\n").split("\n")
    items = [at for at, line in enumerate(lines) if _ITEM.match(line)]
    if not items:
        return "\n".join([*lines, "", f"- {item}", ""]).lstrip("\n")
    last = items[-1] + 1
    while last < len(lines) and lines[last].startswith((" ", "\t")) and lines[last].strip():
        last += 1  # the item goes on
    found = _ITEM.match(lines[items[-1]])
    mark = found["mark"] if found else "-"
    return "\n".join([*lines[:last], f"{mark} {item}", *lines[last:], ""])


def _relative(path: str, folder: PurePosixPath) -> str:
    try:
        return str(PurePosixPath(path).relative_to(folder))
    except ValueError:
        up = "/".join([".."] * len(folder.parts))
        return f"{up}/{path}" if up else path
