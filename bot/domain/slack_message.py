"""What Slack sends, turned into what mayday keeps: message objects, and text as people typed it.

Slack escapes ``&``, ``<`` and ``>`` in messages and slash commands and writes links and mentions as
``<…>``; in forms it hands over what was typed. Notes and updates are kept in the first way, titles and
everything else that stands in forms in the second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.timeline import FileRef, Message, ts_moment


def message_from(payload: Mapping[str, Any], *, team_id: str, channel_id: str) -> Message:
    """A message object of an event or of history, as mayday keeps it."""
    ts = str(payload["ts"])
    thread = str(payload.get("thread_ts") or "")
    return Message(
        team_id=team_id,
        channel_id=channel_id,
        ts=ts,
        author=str(payload.get("user") or payload.get("bot_id") or ""),
        text=str(payload.get("text") or ""),
        posted_at=ts_moment(ts),
        thread_ts="" if thread == ts else thread,
        subtype=str(payload.get("subtype") or ""),
        edited_ts=str((payload.get("edited") or {}).get("ts") or ""),
        files=tuple(
            FileRef(
                id=str(file.get("id", "")),
                name=str(file.get("name") or file.get("title") or "file"),
                mimetype=str(file.get("mimetype") or ""),
                permalink=str(file.get("permalink") or file.get("url_private") or ""),
            )
            for file in payload.get("files") or ()
        ),
        raw=dict(payload),
    )


def permalink(team_url: str, channel_id: str, ts: str, thread_ts: str = "") -> str:
    """A message's address, as ``chat.getPermalink`` would tell it: one call less for every message.

    ``team_url`` is the workspace's, from ``auth.test``.
    """
    address = f"{team_url.rstrip('/')}/archives/{channel_id}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={thread_ts}&cid={channel_id}" if thread_ts else address


_LINK = re.compile(
    r"(?:&lt;)?<(?P<token>https?://[^<>|]+)(?:\|[^<>]*)?>(?:&gt;)?"
    r"|&lt;(?P<angled>https?://(?:[^\s<>&]|&amp;)+)&gt;"
    r"|(?P<bare>https?://(?:(?!&[lg]t;)\S)+)"
)
"""A link as Slack writes it, one that somebody put between angle brackets, and one as it is."""

_TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_ALLOWED = re.compile(
    r"&lt;(@[UW][A-Z0-9]+|#C[A-Z0-9]+|https?://(?:[^\s<>|&]|&amp;)+)(\|[^<>|&]*)?&gt;"
)


def unescape(text: str) -> str:
    """Undo Slack's escaping of its three control characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(text: str) -> str:
    """Message text as a person reads it: labels instead of links and mentions, nothing escaped."""

    def shown(found: re.Match[str]) -> str:
        target, label = found[1], found[2]
        if target[0] in "@#":
            return f"{target[0]}{label or target[1:]}"
        return label or target

    return unescape(_TOKEN.sub(shown, text))


def typed(text: str) -> str:
    """Text from a form, as Slack would have escaped it in a message; mentions of people stay."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ALLOWED.sub(lambda found: f"<{found[1]}{found[2] or ''}>", escaped)


def link_in(text: str) -> tuple[str, str]:
    """Split message text into what it says without its last link, and that link or nothing."""
    links = list(_LINK.finditer(text))
    if not links:
        return text, ""
    last = links[-1]
    link = last["token"] or last["angled"] or last["bare"]
    return (text[: last.start()] + text[last.end() :]).strip(), unescape(link)
