"""The direct message to a person whose approval counts no more, because the plan changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.ports import Post
from bot.render import blocks as b
from bot.render.text import code, naming

SHOWN = 3
DIFFERENCE_SIZE = 300

CHANGED = (
    "The plan of `{runbook}` on `{place}` changed after you approved it, so nothing of it was done. "
    "{again}"
)
AGAIN = "<{link}|The new plan> has to be approved again."
AGAIN_UNLINKED = "The new plan, where you approved it, has to be approved again."
MORE = "and {count} more"


def changed_plan(
    *, runbook: str, place: Mapping[str, str], difference: Sequence[str], link: str
) -> Post:
    """Return the message: what changed in short, and where the new plan is."""
    where = " / ".join(code(place.get(key, ""), 80) for key in ("cluster", "namespace", "hub"))
    again = AGAIN.format(link=link) if link else AGAIN_UNLINKED
    said = CHANGED.format(runbook=code(runbook, 60), place=where, again=again)
    lines = [f"• {naming(each, DIFFERENCE_SIZE)}" for each in difference[:SHOWN]]
    rest = len(difference) - SHOWN
    lines += [MORE.format(count=rest)] if rest > 0 else []
    return Post(text=said, blocks=(b.section("\n".join((said, *lines))),))
