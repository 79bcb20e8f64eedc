"""Tells in which house's form a report is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.reports.heading import Heading
from bot.reports.outline import Area
from bot.reports.report import Format, SectionKind

_PD = re.compile(
    r"go so well|^what happened|^overview$|^resolution$|^duration$|^impact time$", re.IGNORECASE
)
_PD_TITLE = re.compile(
    r"(?:incident|post-?mortem) report\s+(?:-|[A-Z][a-z]{2,8} \d)", re.IGNORECASE
)
_BINDER = re.compile(r"^lessons learn|^questions for follow", re.IGNORECASE)
_ISSUE = re.compile(
    r"^user impact|^impact on users|^hub information|^important information|^tasks and updates"
    r"|^after-? ?action|^follow-?up improvements",
    re.IGNORECASE,
)
_OLD = re.compile(r"^(?:summary|timeline|conclusion|action items)$", re.IGNORECASE)


def form_of(matter: Mapping[str, Any], path: str, found: Sequence[Area], head: Heading) -> Format:
    """Return the form by its front matter first, then by the names of its sections, then by its title."""
    names = [area.title for area in found]
    top = [area for area in found if area.kind is SectionKind.PREAMBLE]
    names += [block.cells[0].strip("*_: ") for area in top for block in area.blocks if block.cells]

    def has(pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(name) for name in names)

    if {"name", "about"} <= matter.keys() or {"labels", "assignees"} <= matter.keys():
        return Format.ISSUE
    is_pd = has(_PD) or bool(_PD_TITLE.match(head.written))
    if path.endswith(".qmd") or ({"title", "date"} <= matter.keys() and not is_pd):
        return Format.QUARTO
    if has(_ISSUE):
        return Format.ISSUE
    if is_pd:
        return Format.PD
    if has(_BINDER) or head.is_comma:
        return Format.BINDER
    if sum(bool(_OLD.match(name)) for name in names) >= 2:
        return Format.OLD
    return Format.PLAIN
