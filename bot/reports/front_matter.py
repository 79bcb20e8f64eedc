"""Reads the YAML between two ``---`` at the beginning of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_LINES = 100
_CHARACTERS = 10_000
"""A longer block isn't front matter. YAML's parser is slow."""

Matter = Mapping[str, Any]


def front_matter(lines: Sequence[str]) -> tuple[Matter, int, str]:
    """Return the fields with lower-case names, the number of lines they take, and why they can't be read.

    Without front matter the number is 0.
    """
    if not lines or lines[0].rstrip() != "---":
        return {}, 0, ""
    end = next(
        (n for n in range(1, min(len(lines), _LINES)) if lines[n].rstrip() in {"---", "..."}), 0
    )
    text = "\n".join(lines[1:end])
    if not end or len(text) > _CHARACTERS:
        return {}, 0, ""
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError, KeyError) as exc:
        # PyYAML raises ValueError for dates such as 2024-13-45.
        return _by_line(lines[1:end]), end + 1, _why(exc)
    if loaded is None:
        return {}, end + 1, ""
    if not isinstance(loaded, dict):
        return {}, 0, ""
    return {str(key).lower(): value for key, value in loaded.items()}, end + 1, ""


def _why(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return f"line {mark.line + 2} isn't YAML" if mark else str(problem).partition("\n")[0]


def _by_line(lines: Sequence[str]) -> Matter:
    """Return the fields that stand on one line each, where the whole isn't YAML: ``title: a: b``."""
    found: dict[str, Any] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip() and not name.startswith((" ", "-", "#")):
            found[name.strip().lower()] = value.strip().strip("\"'")
    return found
