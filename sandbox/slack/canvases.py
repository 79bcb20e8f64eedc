"""The canvas of a channel: Markdown blocks, each a section with an id that changes with every edit of it.

Sources: docs.slack.dev/reference/methods/canvases.edit, canvases.sections.lookup and
conversations.canvases.create (November 2026).
"""

import re

from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.workspace import Channel

LONGEST = 1024 * 1024
_MARKS = re.compile(r"[*_`~\\]|!?\[|\]\([^)]*\)|^#{1,3} ", re.MULTILINE)


def new_canvas(title: str, markdown: str) -> Json:
    """A canvas with this content."""
    return {"id": new_id("F"), "title": title, "sections": sections(markdown)}


def sections(markdown: str) -> list[Json]:
    """The blocks of a text, which blank lines separate. Raises `invalid_arguments`."""
    if len(markdown) > LONGEST:
        raise SlackError("invalid_arguments")
    blocks = (block.strip("\n") for block in re.split(r"\n\s*\n", markdown))
    return [{"id": new_id("temp:C:"), "markdown": block} for block in blocks if block]


def containing(canvas: Json, text: str) -> list[Json]:
    """The sections that contain a text, as people read it."""
    return [one for one in canvas["sections"] if text in _MARKS.sub("", one["markdown"])]


def change(canvas: Json, operation: str, section_id: str, markdown: str) -> None:
    """Edit a canvas. Raises `section_not_found`, `invalid_arguments`."""
    found = canvas["sections"]
    if operation in ("insert_at_start", "insert_at_end"):
        at, gone = (0 if operation == "insert_at_start" else len(found)), 0
    else:
        at = next((n for n, one in enumerate(found) if one["id"] == section_id), -1)
        if at < 0:
            raise SlackError("section_not_found")
        gone = 1 if operation in ("replace", "delete") else 0
        at += operation == "insert_after"
    known = ("insert_at_start", "insert_at_end", "insert_before", "insert_after", "replace")
    if operation not in (*known, "delete"):
        raise SlackError("invalid_arguments")
    found[at : at + gone] = [] if operation == "delete" else sections(markdown)


def text_of(channel: Channel) -> str:
    """What a channel's canvas says; empty where it has none."""
    canvas = channel.canvas or {"sections": []}
    return "\n\n".join(section["markdown"] for section in canvas["sections"])
