"""What *Edit report* says of a closed incident: where a change goes, who reads it, what it waits for."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain import report_parts as parts
from bot.guard import Replaced
from bot.render.review import PART_WORDS, Place, place_words, replacement_words
from bot.render.text import escape

AT_ONCE = "The incident is closed: what you save is published at once"
AFTER_A_REVIEW = "The incident is closed: what you save is published after a review"
NOT_ALLOWED = "You may not approve reports, so somebody else reviews it."
NOT_APPROVED = "Nobody has approved the report as it is now."
READERS = "Who can read it, as of the last approval: {places}."
PUBLISHES = "It is published, with you as the person who approved it."
WAITS = "It is published once somebody has reviewed it."


def part_words(part: str) -> str:
    """Return what a part is called that people gave no name."""
    return PART_WORDS.get(parts.split(part)[0], part)


def notice(
    addresses: Sequence[str], places: Sequence[Place], *, may_publish: bool, is_approved: bool
) -> str:
    """Return what saving does. ``addresses`` are where the report is, ``places`` those of the approval."""
    shown = ", ".join(f"<{a}>" if a.startswith("http") else f"`{escape(a)}`" for a in addresses)
    what = AT_ONCE if may_publish and is_approved else AFTER_A_REVIEW
    said = [f"{what}: {shown}." if shown else f"{what}."]
    if not is_approved:
        said.append(NOT_APPROVED)
    elif not may_publish:
        said.append(NOT_ALLOWED)
    if places:
        said.append(READERS.format(places="; ".join(map(place_words, places))))
    return " ".join(said)


def published(replaced: Sequence[Replaced]) -> str:
    """Return that a change publishes itself, and what the guard replaces since."""
    return "\n".join(["", PUBLISHES, *(f"• {replacement_words(one)}" for one in replaced)])
