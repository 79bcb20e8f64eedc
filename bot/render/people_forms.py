"""The forms about people: handing over, and inviting to the channel."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import blocks as b

HANDOVER = "handover"
INVITE = "invite"

NOTE_LIMIT = 2000
"""Characters of the note for the person who takes over."""


def handover(incident: Incident) -> b.Block:
    """Return the modal that passes the lead to another person."""
    return b.modal(
        HANDOVER,
        "Hand over",
        [
            b.input_block(
                "person",
                "Who takes over?",
                {
                    "type": "users_select",
                    "action_id": "value",
                    "placeholder": b.plain("Choose a person"),
                },
            ),
            b.input_block(
                "note",
                "What should they know?",
                b.text_input(
                    "value",
                    multiline=True,
                    placeholder="What was tried, what is next, who is waiting",
                    limit=NOTE_LIMIT,
                ),
                optional=True,
                hint="They get it as a direct message, and it is posted in the channel.",
            ),
        ],
        submit="Hand over",
        metadata=incident.id,
    )


def invite(incident: Incident) -> b.Block:
    """Return the modal that adds people to the incident's channel."""
    return b.modal(
        INVITE,
        "Add people",
        [
            b.input_block(
                "people",
                "Who should join?",
                {
                    "type": "multi_users_select",
                    "action_id": "value",
                    "placeholder": b.plain("Choose people"),
                },
                hint="mayday invites them to the incident's channel.",
            )
        ],
        submit="Add",
        metadata=incident.id,
    )
