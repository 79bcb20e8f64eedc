"""Restores marks of headings and lists that were lost, so that the parser sees them.

A report that is copied out of a page or a PDF has its section names on lines of their own and bullets in its
lists, and an author may forget the space after ``#``. Only the copy that is parsed is changed, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

_HEADING = re.compile(r"\s{0,3}#{1,6}(?:\s|$)")
_GLUED = re.compile(r"(#{1,6})(?=[A-Z][a-z])")
_UNDERLINE = re.compile(r"\s{0,3}(?:=+|-+)\s*")
_BULLET = re.compile(r"(\s{0,12})[•●](?=\s)")
_AFTERWARDS = re.compile(
    r"Conclusions?|Action [Ii]tems|Lessons [Ll]earn(?:t|ed)|What [Ww]ent (?:[Ww]ell|[Ww]rong)\??"
    r"|What [Dd]idn['’]t [Gg]o [Ss]o [Ww]ell\??|Where [Ww]e [Gg]ot [Ll]ucky"
)
"""Names that can't be the words of an entry."""
_ANYWHERE = re.compile(
    rf"(?:Executive )?Summary|Overview|Timeline|What [Hh]appened\??|Resolution|Root [Cc]auses?"
    rf"|(?:User )?Impact|{_AFTERWARDS.pattern}"
)


def restored(lines: Sequence[str]) -> list[str]:
    """Return the lines with ``## `` before each that is only the name of a section, and ``-`` for bullets."""
    names = _AFTERWARDS if any(map(_HEADING.match, lines)) else _ANYWHERE
    return [_restored(line, after, names) for line, after in zip_longest(lines, lines[1:])]


def _restored(line: str, after: str | None, names: re.Pattern[str]) -> str:
    is_name = line[:1].isupper() and names.fullmatch(line.strip())
    if is_name and not _UNDERLINE.fullmatch(after or ""):
        return f"## {line}"
    if bullet := _BULLET.match(line):
        return f"{bullet[1]}-{line[bullet.end() :]}"
    return _GLUED.sub(r"\1 ", line, count=1) if _GLUED.match(line) else line
