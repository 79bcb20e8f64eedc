"""Messages to the people who operate mayday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ports import Post
from bot.render.text import code, when

SHOWN = 10
"""The most deliveries that a message names."""

GAVE_UP = (
    "mayday gave up {what} from Slack after repeated errors, so what {they} said is missing from the record. "
    "`mayday doctor` shows the errors. Once the cause is fixed, run `mayday doctor --retry all`."
)
DELIVERY = "• `{key}`, received {when}: `{error}`"
MORE = "• and {number} more"


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A delivery that was given up."""

    key: str
    received_at: datetime
    error: str


def gave_up(lost: Sequence[Lost]) -> Post:
    """Return the message about deliveries that were given up.

    It names the class of each error only: the rest may quote a private incident.
    """
    lines = [
        DELIVERY.format(
            key=code(each.key),
            when=when(each.received_at),
            error=code(each.error.partition(":")[0] or "unknown error", 100),
        )
        for each in lost[:SHOWN]
    ]
    if len(lost) > SHOWN:
        lines.append(MORE.format(number=len(lost) - SHOWN))
    one = len(lost) == 1
    head = GAVE_UP.format(
        what="a delivery" if one else f"{len(lost)} deliveries", they="it" if one else "they"
    )
    return Post(text="\n".join((head, *lines)))
