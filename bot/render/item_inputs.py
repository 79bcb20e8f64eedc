"""The inputs of an action item that two forms have: its due date, category and repository."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.actions import ActionItem
from bot.render import blocks as b


def item_inputs(item: ActionItem | None, *, categories: Sequence[str]) -> list[b.Block]:
    """Return the inputs for the due date, the category, and the repository while there is no issue."""
    picker: b.Block = {"type": "datepicker", "action_id": "value"}
    if item and item.due_on:
        picker["initial_date"] = item.due_on.isoformat()
    found = [b.input_block("due_on", "When is it due?", picker, optional=True)]
    chosen = item.category if item else ""
    names = list(dict.fromkeys([*categories, *([chosen] if chosen else [])]))
    if names:
        menu = b.select("value", [b.option(name, name) for name in names], chosen=chosen)
        found.append(b.input_block("category", "What kind of action is it?", menu, optional=True))
    if item is None or not item.issue_url:
        text = b.text_input(
            "value",
            initial=item.repository if item else "",
            placeholder="owner/name",
            limit=140,
        )
        hint = "Leave it empty for the repository where reports are filed."
        found.append(
            b.input_block(
                "repository",
                "Which repository is its issue filed in?",
                text,
                optional=True,
                hint=hint,
            )
        )
    return found
