"""Helpers for Slack text.

Slack interprets ``<!channel>`` and ``<@U…>`` in any text, so ``&``, ``<`` and ``>`` are escaped in everything
that people typed (docs.slack.dev, formatting text).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.domain.mrkdwn import escape as escape

_CUT_OFF = re.compile(r"(?:<[^<>]*|&[a-z]*)$")
_PERSON = re.compile(r"\bby &lt;(@[UW][A-Z0-9]{2,20})&gt;")


def cut(text: str, limit: int) -> str:
    """Return at most ``limit`` characters, ending in an ellipsis if the text was truncated.

    Truncate before escaping, so that no entity such as ``&amp;`` is cut.
    """
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escaped(text: str, limit: int) -> str:
    """Return the text escaped, in at most ``limit`` characters, of which one ``&`` takes five."""
    kept = min(len(text), limit)
    while len(shown := escape(cut(text, kept))) > limit:
        kept -= max(1, (len(shown) - limit) // len("&amp;"))
    return shown


def shortened(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of escaped text; no mention, link or entity is cut in two."""
    kept = cut(text, limit)
    return kept if kept == text else f"{_CUT_OFF.sub('', kept.removesuffix('…')).rstrip()}…"


def naming(text: str, limit: int) -> str:
    """Return the text escaped, except for the people who did something, such as ``by <@U0ANA>``."""
    return _PERSON.sub(r"by <\1>", escaped(text, limit))


def code(text: str, limit: int = 3000) -> str:
    """Text for between backticks."""
    return escaped(text.replace("`", "'"), limit)


def hub_link(name: str, url: str) -> str:
    """Return a hub's name as a link to its address, or only the name without one."""
    return f"<{url}|{escape(name)}>" if url else escape(name)


def channel_link(channel: str) -> str:
    """Return a channel of the configuration, ``#name`` or an id, as people see it."""
    return escape(channel) if channel.startswith("#") else f"<#{channel}>"


def when(moment: datetime) -> str:
    """Return a time that Slack shows in each reader's zone, with UTC as the fallback."""
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


_USER = re.compile(r"[UW][A-Z0-9]{2,20}")


def mention(user: str) -> str:
    """Return the mention of a person whose id stands where others may have written: escaped if it is none."""
    return f"<@{user}>" if _USER.fullmatch(user) else escaped(" ".join(user.split()), 60)
