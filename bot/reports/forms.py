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


_DASHED = re.compile(r"\d{4}-\d\d-\d\d\s+-\s")


def form_of(matter: Mapping[str, Any], path: str, found: Sequence[Area], head: Heading) -> Format:
    """Return the form by its front matter first, and else the one of which most marks are in it.

    A mark is the name of a section, of a row above them, or the shape of the title. Any house has a summary
    and a timeline, so the names of the oldest form count half.
    """
    names = [area.title for area in found]
    top = [area for area in found if area.kind is SectionKind.PREAMBLE]
    names += [block.cells[0].strip("*_: ") for area in top for block in area.blocks if block.cells]

    def marks(pattern: re.Pattern[str]) -> int:
        return len({name.lower() for name in names if pattern.search(name)})

    if {"name", "about"} <= matter.keys() or {"labels", "assignees"} <= matter.keys():
        return Format.ISSUE
    old = marks(_OLD)
    counted = {
        Format.ISSUE: 2 * marks(_ISSUE),
        Format.PD: marks(_PD) + 2 * bool(_PD_TITLE.match(head.written)),
        Format.BINDER: 2 * marks(_BINDER) + 2 * head.is_comma,
        Format.OLD: old / 2 + bool(_DASHED.match(head.written)) if old >= 2 else 0,
    }
    most = max(counted, key=lambda each: counted[each])
    is_quarto = path.endswith(".qmd") or {"title", "date"} <= matter.keys()
    if is_quarto and (path.endswith(".qmd") or most is not Format.PD):
        return Format.QUARTO
    return most if counted[most] >= 1 else Format.PLAIN
