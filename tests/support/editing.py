"""What tests of *Edit report* do at the desk."""

from __future__ import annotations

from bot.domain.actions import ActionItem
from bot.render import edit_pages as pages
from tests.support.desk import ANA, Desk

INCIDENT = "abc123abc123"


def texts(desk: Desk) -> str:
    """All that the last shown form says."""
    return str(desk.slack.views[-1]["blocks"])


def open_part(desk: Desk, part: str, *, user: str = ANA) -> None:
    """Open the form of a part above the page of the report."""
    desk.command("edit", user=user)
    desk.press_in(pages.ACTION_PART, part, user=user)


def options(desk: Desk, block_id: str) -> dict[str, str]:
    """The choices of the menu at an entry or an item, by their labels."""
    block = next(b for b in desk.slack.views[-1]["blocks"] if b.get("block_id") == block_id)
    return {o["text"]["text"]: o["value"] for o in block["accessory"]["options"]}


def undo_value(desk: Desk) -> str:
    """The value of the button that takes back what was just done."""
    block = next(b for b in desk.slack.views[-1]["blocks"] if b.get("block_id") == "said")
    return str(block["accessory"]["value"])


def add_item(desk: Desk, title: str = "Add an alert") -> ActionItem:
    """Add an action item by command."""
    desk.command(f"action {title}")
    (item,) = desk.context.edits.items(INCIDENT)
    return item
