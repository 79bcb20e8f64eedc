"""The runbooks as the help lists them: by what they are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from bot.domain.command import COMMAND
from bot.ports import Post
from bot.render import blocks as b
from bot.render.parameters import usage
from bot.render.text import escape
from bot.runbook import Runbook

NONE = "No runbook is installed."
HOW = (
    f"`{COMMAND} run` opens a form. To type it: `{COMMAND} run RUNBOOK HUB`, then users or a node, then "
    "`name=value`. mayday posts a plan first, and nothing happens until somebody confirms it."
)
PART = 2900


def short(runbooks: Iterable[Runbook]) -> str:
    """A line for each purpose with the names of its runbooks."""
    lines = [
        f"{escape(purpose)}: {', '.join(f'`{each.name}`' for each in group)}"
        for purpose, group in _by_purpose(runbooks)
    ]
    return "\n".join(lines) or NONE


def listed(runbooks: Iterable[Runbook]) -> Post:
    """Every runbook with how it is typed and what it does."""
    blocks: list[b.Block] = []
    for purpose, group in _by_purpose(runbooks):
        lines = [f"• `{escape(usage(each))}` {escape(each.help)}" for each in group]
        text = f"*{escape(purpose)}*"
        for line in lines:
            if len(text) + len(line) > PART:
                blocks.append(b.section(text))
                text = line
            else:
                text += f"\n{line}"
        blocks.append(b.section(text))
    return Post(text="The runbooks", blocks=(*(blocks or [b.section(NONE)]), b.context(HOW)))


def _by_purpose(runbooks: Iterable[Runbook]) -> Iterator[tuple[str, list[Runbook]]]:
    for purpose, group in groupby(runbooks, lambda each: each.purpose):
        yield purpose.value, list(group)
