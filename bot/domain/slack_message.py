"""Converts Slack's message objects.

Everything that reads a message uses its ``text``, which has all its words: Slack's own ``text`` is empty for
many alerts and forwarded messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.slack_blocks import (
    attachment_words,
    attachments_of,
    blocks_words,
    is_preview,
    is_shared,
    letters,
    merged,
)
from bot.domain.timeline import FileRef, Message, ts_moment

NAME_LIMIT = 80
"""Characters of an app's name."""


def message_from(payload: Mapping[str, Any], *, team_id: str, channel_id: str) -> Message:
    """Return the message of an event or history payload."""
    ts = str(payload["ts"])
    thread = str(payload.get("thread_ts") or "")
    return Message(
        team_id=team_id,
        channel_id=channel_id,
        ts=ts,
        author=str(payload.get("user") or payload.get("bot_id") or ""),
        author_name=_app_name(payload),
        text=words(payload),
        posted_at=ts_moment(ts),
        thread_ts="" if thread == ts else thread,
        subtype=str(payload.get("subtype") or ""),
        edited_ts=str((payload.get("edited") or {}).get("ts") or ""),
        files=_files(payload),
        raw=dict(payload),
    )


def words(payload: Mapping[str, Any]) -> str:
    """Return everything that a message says: text, blocks, attachments and forwarded messages.

    Previews of links are not what the message says, except messages of Slack's, which are quoted. Where
    nothing else is, the words are those of the previews or the names of the files.
    """
    attachments = attachments_of(payload)
    said = _said(
        payload, [one for one in attachments if not is_preview(one) or is_shared(one)]
    ) or _said(payload, attachments)
    return said or file_names(_files(payload))


def own_words(payload: Mapping[str, Any]) -> str:
    """Return what a message's author wrote or forwarded, without what Slack added for its links.

    Slack adds the messages that links lead to after the message was posted, which is not an edit.
    """
    attachments = attachments_of(payload)
    return _said(payload, [one for one in attachments if not is_preview(one)]) or words(payload)


def file_names(files: Sequence[FileRef]) -> str:
    """Return the names of files, as the words of a message that has no others."""
    return ", ".join(file.name for file in files)


def _said(payload: Mapping[str, Any], attachments: Sequence[Mapping[str, Any]]) -> str:
    said = merged(str(payload.get("text") or ""), blocks_words(payload.get("blocks")))
    known = letters(said)
    parts = [part for one in attachments for part in attachment_words(one)]
    added = [part for part in parts if part.startswith("<") or not _is_in(part, known)]
    return "\n".join(filter(None, [said, *added]))


def _is_in(part: str, known: str) -> bool:
    found = letters(part)
    return bool(found) and found in known


def _app_name(payload: Mapping[str, Any]) -> str:
    """Return the name under which an app posted, empty for a person's message."""
    profile = payload.get("bot_profile") or {}
    if not (payload.get("bot_id") or profile or payload.get("subtype") == "bot_message"):
        return ""
    name = str(payload.get("username") or profile.get("name") or "")
    return " ".join(name.split())[:NAME_LIMIT]


def _files(payload: Mapping[str, Any]) -> tuple[FileRef, ...]:
    """Return the files of a message and of the messages that it forwards."""
    files = list(payload.get("files") or ())
    for attachment in attachments_of(payload):
        files += (attachment.get("files") or ()) if attachment.get("is_share") else ()
    return tuple(
        FileRef(
            id=str(file.get("id", "")),
            name=str(file.get("name") or file.get("title") or "file"),
            mimetype=str(file.get("mimetype") or ""),
            permalink=str(file.get("permalink") or file.get("url_private") or ""),
        )
        for file in files
    )


def permalink(team_url: str, channel_id: str, ts: str, thread_ts: str = "") -> str:
    """Return a message's permalink as ``chat.getPermalink`` would, without a call per message.

    ``team_url`` is the URL of the workspace, from ``auth.test``.
    """
    address = f"{team_url.rstrip('/')}/archives/{channel_id}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={thread_ts}&cid={channel_id}" if thread_ts else address
