"""The inputs of a new action item for what is known of few: its due date, category and repository."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render import blocks as b


def item_inputs(*, categories: Sequence[str]) -> list[b.Block]:
    """Return the inputs for the due date, the category and the repository."""
    picker: b.Block = {"type": "datepicker", "action_id": "value"}
    found = [b.input_block("due_on", "When is it due?", picker, optional=True)]
    if categories:
        menu = b.select("value", [b.option(name, name) for name in categories], chosen="")
        found.append(b.input_block("category", "What kind of action is it?", menu, optional=True))
    text = b.text_input("value", placeholder="owner/name", limit=140)
    hint = "Leave it empty for the repository where reports are filed."
    label = "Which repository is its issue filed in?"
    found.append(b.input_block("repository", label, text, optional=True, hint=hint))
    return found
