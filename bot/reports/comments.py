"""Removes what readers of a rendered report do not see, and knows what a draft says in place of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

GAP = re.compile(r"\s*(?:>\s*)?\*\*Missing:\*\* ?(?P<text>[^\n]{0,60})")
"""A gap that a draft of mayday's marks, with what is to be written."""


def without_comments(lines: Sequence[str]) -> list[str]:
    """Return the lines without HTML comments. The time is linear in their length."""
    shown: list[str] = []
    is_comment = False
    for line in lines:
        kept, position = "", 0
        while position < len(line):
            mark = "-->" if is_comment else "<!--"
            at = line.find(mark, position)
            end = len(line) if at < 0 else at
            kept += "" if is_comment else line[position:end]
            if at < 0:
                break
            is_comment, position = not is_comment, at + len(mark)
        shown.append(kept)
    return shown
