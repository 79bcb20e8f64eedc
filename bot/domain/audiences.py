"""The people served by the hubs (students, instructors), and the text that tells them of an outage.

A text says what they notice and when they hear more. It names no person, no channel and no system but the
hubs, whose names they know.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.domain.incident import CLOSED, RESOLVED, Incident

OPEN = "open"
"""The key of the text for open states that have none of their own."""
FIELDS = frozenset({"hubs", "next_update"})
TEXT_LIMIT = 2000
"""Characters. Slack allows 3,000 in a section, and escaping makes a text longer."""

DEFAULT_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        OPEN: (
            "We are aware of a problem with {hubs} and are working on it. You may be unable to log in, or to "
            "reach or start your server. We will post the next update {next_update}. We are sorry for the "
            "disruption."
        ),
        "monitoring": (
            "We have put a fix for the problem with {hubs} in place and are watching it. If you still can't "
            "log in or reach your server, please try again in a few minutes. We will post the next update "
            "{next_update}."
        ),
        RESOLVED: (
            "The problem with {hubs} is resolved. If your server doesn't respond, please stop it in the "
            "hub's control panel and start it again. We are sorry for the disruption."
        ),
    }
)
OUR_HUBS = "our JupyterHubs"
LATER = "as soon as we know more"


@dataclass(frozen=True, kw_only=True)
class Audience:
    """People served. ``channels`` are where they read, as ``#name`` or id; ``hubs`` are theirs, all if empty.

    ``texts`` are templates by status, ``open`` or ``resolved``, in place of the default ones.
    """

    name: str
    channels: Sequence[str] = ()
    hubs: Sequence[str] = ()
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def is_affected(self, incident: Incident) -> bool:
        """Whether the incident may concern them: it is about one of their hubs, or names none."""
        return not (self.hubs and incident.hubs) or bool(self._affected(incident))

    def draft(self, incident: Incident, *, next_update: str) -> str:
        """Return the text for the incident's present state. ``next_update`` is ``by 15:30 PST``, or empty."""
        status = RESOLVED if incident.status == CLOSED else incident.status
        general = OPEN if incident.is_open else RESOLVED
        found = [
            texts.get(key) for texts in (self.texts, DEFAULT_TEXTS) for key in (status, general)
        ]
        template = next(text for text in found if text)
        hubs = _listed(self._affected(incident)) or OUR_HUBS
        return template.format(hubs=hubs, next_update=next_update or LATER)[:TEXT_LIMIT]

    def _affected(self, incident: Incident) -> list[str]:
        return [hub for hub in incident.hubs if not self.hubs or hub in self.hubs]


USERS = Audience(name="users")
"""The audience of a team that configured none: its text is shown for copying."""


def is_template(text: str) -> bool:
    """Return whether a text has no placeholders but :data:`FIELDS`, written as ``{hubs}``."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return False
    return all(
        name is None or (name in FIELDS and not (spec or how)) for _, name, spec, how in parts
    )


def _listed(names: Sequence[str]) -> str:
    """Return names as ``a``, ``a and b``, or ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
