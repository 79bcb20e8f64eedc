"""Lines of a published text that both sides changed: the message with the choice, and the form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.domain.merging import Conflict
from bot.domain.resources import ResourceKind
from bot.ports import Post
from bot.render import blocks as b
from bot.render.long_text import LongText
from bot.render.review import review_post
from bot.render.text import cut, escape, escaped

FORM = "write_merged"
ACTION_OURS = "conflict.ours"
ACTION_THEIRS = "conflict.theirs"
ACTION_WRITE = "conflict.write"

SHOWN = 700
"""The most characters of each text in the message."""
IN_FORM = 6
"""Conflicts in one form."""
QUOTED = 2500

_GAP = "\u200b"


class Decision(StrEnum):
    """What a person decided about a conflict, or what became of it otherwise."""

    OPEN = "open"
    OURS = "ours"
    THEIRS = "theirs"
    WRITTEN = "written"
    OUTDATED = "outdated"


def conflict_post(spec: Mapping[str, Any]) -> Post:
    """The message in the channel: both texts and the choice, or who decided what."""
    place = escape(spec["place"])
    who = f"<@{spec['by']}>" if spec.get("by") else ""
    ended = {
        Decision.OURS: f"✅ {who} chose the report's text for {place}.",
        Decision.THEIRS: f"✅ {who} chose the text that is in {place}.",
        Decision.WRITTEN: f"✅ {who} wrote the text for {place}.",
        Decision.OUTDATED: f"✏️ The question about {place} is outdated.",
    }
    if text := ended.get(Decision(spec["state"])):
        return Post(text=text, blocks=(b.section(text),))
    value, more = f"{spec['incident_id']}|{spec['subject']}", len(spec["keys"]) - 1
    text = (
        f"⚠️ *{place}* and the report were changed in the same lines. Nothing is written there before "
        "somebody decides which text stays."
    )
    shown = [
        b.section(text),
        b.section(f"*The report has:*\n{_quoted(spec['ours'], SHOWN)}"),
        b.section(f"*There is:*\n{_quoted(spec['theirs'], SHOWN)}"),
    ]
    if more:
        shown.append(b.context(f"{more} more places differ. The choice is for all of them."))
    return Post(
        text=text,
        blocks=(
            *shown,
            b.actions(
                b.button("Keep the report's", action=ACTION_OURS, value=value),
                b.button("Keep what is there", action=ACTION_THEIRS, value=value),
                b.button("Write it …", action=ACTION_WRITE, value=value),
            ),
        ),
    )


ASKED: Mapping[ResourceKind, Callable[[Mapping[str, Any]], Post]] = MappingProxyType(
    {ResourceKind.REVIEW: review_post, ResourceKind.CONFLICT: conflict_post}
)
"""The messages that ask people something about the report, from their specs."""


def form(incident_id: str, subject: str, place: str, conflicts: Sequence[Conflict]) -> b.Block:
    """Return the form with both texts of each conflict, and an input for what to write there.

    Raises:
        UserError: a text is longer than a form can show.
    """
    shown, joints = [b.section(f"What *{escape(place)}* is to have, as Markdown:")], []
    for number, one in enumerate(conflicts[:IN_FORM]):
        text = LongText.of(one.ours)
        shown.append(b.section(f"*There is:*\n{_quoted(one.theirs, QUOTED)}"))
        shown += text.blocks(input_name(number), "Text, as the report has it", optional=True)
        joints.append(text.joints)
    if len(conflicts) > IN_FORM:
        shown.append(b.context(f"mayday asks about {len(conflicts) - IN_FORM} more afterwards."))
    metadata = f"{incident_id}|{subject}|{','.join(joints)}"
    return b.modal(FORM, "Write the text", shown, submit="Write it", metadata=metadata)


def input_name(number: int) -> str:
    """Return the block id of the input for a conflict."""
    return f"text{number}"


def harmless(written: str) -> str:
    """Return Markdown that a person wrote, which mentions nobody, refers to no issue and has no comment."""
    text = written.replace("<!--", f"<!{_GAP}--")
    text = re.sub(r"@(?=[\w-])", f"@{_GAP}", text)
    return re.sub(r"(?<![\w/(])#(?=\d)", f"#{_GAP}", text)


def _quoted(text: str, limit: int) -> str:
    lines = escaped(cut(text, limit), 2800).split("\n") if text.strip() else ["_nothing_"]
    return "\n".join(f"> {line}" for line in lines)
