"""The status of an incident in words."""

from __future__ import annotations

from bot.domain.incident import Ending

_ENDINGS = {
    Ending.FALSE_ALARM: "false alarm",
    Ending.CANCELLED: "cancelled",
    Ending.DUPLICATE: "duplicate",
}


def status_words(status: str, ending: str = Ending.NONE, *, duplicate_of: str = "") -> str:
    """Return the status, or how the incident ended without a report.

    ``duplicate_of`` is the channel of the other incident, empty where it must not be named.
    """
    words = _ENDINGS.get(Ending(ending), status)
    return f"{words} of <#{duplicate_of}>" if duplicate_of else words
