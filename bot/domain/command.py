"""The name of mayday's command in its sentences. A team may change it, where another app has taken it.

Sentences carry :data:`COMMAND`, which has a mark that nobody types. What goes to Slack and into reports gets
the configured name in its place, once, where it leaves mayday. Elsewhere, as in a log, it reads as the usual
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

USUAL = "/incident"
COMMAND = "/\N{WORD JOINER}incident"


def named(content: Any, command: str) -> Any:
    """Return texts, or content for Slack with texts in it, with the name of the command in them."""
    if isinstance(content, str):
        return content.replace(COMMAND, command)
    if isinstance(content, Mapping):
        return {key: named(value, command) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [named(value, command) for value in content]
    return content
