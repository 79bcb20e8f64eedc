"""Slack's message text (mrkdwn), escaped and with its codes.

In messages and slash commands Slack escapes ``&``, ``<`` and ``>`` and writes links and mentions as
``<…>``; form input is not escaped. Notes and updates are stored escaped; titles and other form fields
are stored as typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_SIGNS = ("@", "#", "!subteam^")
MENTION = re.compile(r"<(@|#|!subteam\^)([A-Z0-9]+)")
_QUOTE_MARK = re.compile(r"^(?:(?:>|&gt;)[ ]?)+", re.MULTILINE)
_GROUP = re.compile(r"&lt;(!subteam\^[A-Z0-9]+)(?:\|([^<>|&]*))?&gt;")
_ALLOWED = re.compile(
    r"&lt;(@[UW][A-Z0-9]+|#C[A-Z0-9]+|https?://(?:[^\s<>|&]|&amp;)+)(\|[^<>|&]*)?&gt;"
)


def escape(text: str) -> str:
    """Return the text with Slack's three control characters escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Return the text with Slack's three escaped control characters restored."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@dataclass(frozen=True, kw_only=True)
class Mentions:
    """The ids of the people, user groups and channels that texts mention."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Named:
    """Names by id, of people, of user groups, and of channels as they may be shown: ``#general``."""

    people: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    channels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


UNNAMED = Named()


def mentions(texts: Iterable[str]) -> Mentions:
    """Return who and what the texts mention."""
    found = [code for text in texts for code in MENTION.findall(text)]
    ids = {sign: frozenset(one for kind, one in found if kind == sign) for sign in _SIGNS}
    return Mentions(users=ids["@"], groups=ids["!subteam^"], channels=ids["#"])


def plain(text: str, named: Named = UNNAMED) -> str:
    """Return message text as displayed: names in place of mentions, labels in place of links, unescaped."""

    def shown(found: re.Match[str]) -> str:
        target, label = found[1], found[2] or ""
        if target[0] == "@":
            return "@" + (named.people.get(target[1:]) or label or "someone")
        if target[0] == "#":
            return channel_name(target[1:], label, named)
        if target.startswith("!subteam^"):
            return "@" + group_name(target, label, named)
        if target in ("!here", "!channel", "!everyone"):
            return f"@{target[1:]}"
        return label or target

    return unescape(TOKEN.sub(shown, text))


def with_names(text: str, named: Named) -> str:
    """Return message text in which each mention is the name, escaped as the rest."""

    def shown(found: re.Match[str]) -> str:
        return escape(plain(found[0], named)) if MENTION.match(found[0]) else found[0]

    return TOKEN.sub(shown, text)


def channel_name(identifier: str, label: str, named: Named) -> str:
    """Return the name of a channel with its sign. ``label`` is what Slack wrote into the mention."""
    return named.channels.get(identifier) or (f"#{label}" if label else "a channel")


def group_name(target: str, label: str, named: Named) -> str:
    """Return the name of the user group in ``!subteam^S…``, without the @."""
    return named.groups.get(target.removeprefix("!subteam^")) or label.lstrip("@") or "a group"


def without_quotes(text: str) -> str:
    """Return message text without the marks of quotes."""
    return _QUOTE_MARK.sub("", text)


def typed(text: str) -> str:
    """Return form text escaped as in a message; mentions of people and channels, and links, stay.

    User groups are only named, because a mention would notify all of their members again.
    """
    escaped = _GROUP.sub(
        lambda found: "@" + group_name(found[1], found[2] or "", UNNAMED), escape(text)
    )
    return _ALLOWED.sub(lambda found: f"<{found[1]}{found[2] or ''}>", escaped)
