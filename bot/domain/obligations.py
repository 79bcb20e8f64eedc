"""What a run leaves to be taken back later, by mayday or by people who are reminded."""

from __future__ import annotations

from enum import StrEnum


class ObligationKind(StrEnum):
    """Who takes it back."""

    UNDO = "undo"  # mayday does, when it is due
    NAG = "nag"  # people do: mayday reminds them every hour and takes no action


class ObligationOutcome(StrEnum):
    """How an obligation ended."""

    DONE = "done"
    SKIPPED = "skipped"  # somebody changed the target meanwhile, so it is theirs now
    NEEDS_HUMAN = "needs_human"
