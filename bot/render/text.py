"""The small pieces that every text for Slack is made of.

What people typed must stay inert: Slack reads ``<!channel>`` and ``<@U…>`` in any text it is sent,
so ``&``, ``<`` and ``>`` are escaped in all that is not ours (docs.slack.dev, formatting text).
"""

from __future__ import annotations

from datetime import UTC, datetime


def escape(text: str) -> str:
    """The text with Slack's three control characters made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last one an ellipsis where something was left out.

    Cut before escaping: a cut through ``&amp;`` would show its remains.
    """
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escaped(text: str, limit: int) -> str:
    """The text made harmless, in at most ``limit`` characters, of which one ``&`` takes five."""
    kept = min(len(text), limit)
    while len(shown := escape(cut(text, kept))) > limit:
        kept -= max(1, (len(shown) - limit) // len("&amp;"))
    return shown


def code(text: str, limit: int = 3000) -> str:
    """Text for between backticks."""
    return escaped(text.replace("`", "'"), limit)


def when(moment: datetime) -> str:
    """A moment in each reader's own zone, with UTC for clients that cannot show it so."""
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"
