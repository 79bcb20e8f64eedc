"""Puts a report together that is an issue: its title, its body, and the comments in which it goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GOES_ON = re.compile(
    r"^#{1,4}\s+(?:after-? ?action report|timeline|what went wrong|action items)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""The headings of the report that the form of an issue asks for, to be pasted into a comment."""


def issue_text(title: str, body: str, comments: Iterable[str]) -> str:
    """Return the report as one text. Other comments are talk, which isn't published as a report."""
    parts = [f"# {' '.join(title.split())}", body]
    parts += [comment for comment in comments if _GOES_ON.search(comment)]
    return "\n\n".join(part.strip("\r\n") for part in parts if part.strip()) + "\n"
