"""Names of incident channels, valid in Slack for any title.

Slack allows 80 characters of a-z, 0-9, ``-`` and ``_`` (docs.slack.dev, conversations.create).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

LIMIT = 80
SUFFIX_ROOM = 4
DRILL = "drill-"


def slug(title: str) -> str:
    """Return the title's ASCII letters and digits, with words joined by ``-``; may be empty."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))


def channel_name(
    template: str, *, title: str, declared_at: datetime, taken: int = 0, drill: bool = False
) -> str:
    """Return the channel name: the template with ``{date}`` (UTC day of declaring) and ``{slug}``.

    That of a drill begins with ``drill-``.
    ``taken`` is how many names were already in use; it becomes a suffix. A long title is cut between
    words. A title without letters or digits has the slug ``incident``.
    """
    text = DRILL * drill + template.format(
        date=declared_at.strftime("%Y-%m-%d"), slug=slug(title) or "incident"
    )
    legal = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_") or "incident"
    room = LIMIT - SUFFIX_ROOM
    if len(legal) > room:
        cut = legal[: room + 1].rsplit("-", 1)[0]
        legal = (cut if len(cut) > room // 2 else legal[:room]).strip("-_")
    return f"{legal}-{taken + 1}" if taken else legal
