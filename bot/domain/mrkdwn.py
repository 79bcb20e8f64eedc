"""Slack's message text (mrkdwn), escaped and with its codes.

In messages and slash commands Slack escapes ``&``, ``<`` and ``>`` and writes links and mentions as
``<…>``; form input is not escaped. Notes and updates are stored escaped; titles and other form fields
are stored as typed.
"""

from __future__ import annotations

import re

_LINK = re.compile(
    r"(?:&lt;)?<(?P<token>https?://[^<>|]+)(?:\|[^<>]*)?>(?:&gt;)?"
    r"|&lt;(?P<angled>https?://(?:[^\s<>&]|&amp;)+)&gt;"
    r"|(?P<bare>https?://(?:(?!&[lg]t;)\S)+)"
)
"""A link in Slack's notation, in typed angle brackets, or bare."""

_TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_ALLOWED = re.compile(
    r"&lt;(@[UW][A-Z0-9]+|#C[A-Z0-9]+|https?://(?:[^\s<>|&]|&amp;)+)(\|[^<>|&]*)?&gt;"
)


def unescape(text: str) -> str:
    """Return the text with Slack's three escaped control characters restored."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(text: str) -> str:
    """Return message text as displayed: labels in place of links and mentions, unescaped."""

    def shown(found: re.Match[str]) -> str:
        target, label = found[1], found[2]
        if target[0] in "@#":
            return f"{target[0]}{label or target[1:]}"
        return label or target

    return unescape(_TOKEN.sub(shown, text))


def typed(text: str) -> str:
    """Return form text escaped as in a message; mentions of people and channels, and links, stay."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ALLOWED.sub(lambda found: f"<{found[1]}{found[2] or ''}>", escaped)


def link_in(text: str) -> tuple[str, str]:
    """Split message text into the text without its last link, and that link (or an empty string)."""
    links = list(_LINK.finditer(text))
    if not links:
        return text, ""
    last = links[-1]
    link = last["token"] or last["angled"] or last["bare"]
    return (text[: last.start()] + text[last.end() :]).strip(), unescape(link)
