"""Names of incident channels: legal in Slack by construction, whatever the title.

Slack allows 80 of a-z, 0-9, ``-`` and ``_`` (docs.slack.dev, conversations.create).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

LIMIT = 80
SUFFIX_ROOM = 4


def slug(title: str) -> str:
    """The title's letters and digits in ASCII, words joined by ``-``; may be empty."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))


def channel_name(template: str, *, title: str, declared_at: datetime, taken: int = 0) -> str:
    """The channel's name, of the template's ``{date}`` (UTC day of declaring) and ``{slug}``.

    ``taken`` counts the names that turned out to be somebody else's; from 1 on it becomes a suffix.
    Cut at a word where the title is long; a title without any letter yields the date alone.
    """
    text = template.format(date=declared_at.strftime("%Y-%m-%d"), slug=slug(title) or "incident")
    legal = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_") or "incident"
    room = LIMIT - SUFFIX_ROOM
    if len(legal) > room:
        cut = legal[: room + 1].rsplit("-", 1)[0]
        legal = (cut if len(cut) > room // 2 else legal[:room]).strip("-_")
    return f"{legal}-{taken + 1}" if taken else legal
