"""Reads the words of Slack's blocks and attachments, as message text.

Blocks of a type that is not known here are read by the names that Slack gives to texts. Malformed parts are
skipped, because a message must be recorded whatever an app put into it.

Sources: docs.slack.dev, "Blocks" and "Secondary message attachments"; slack_sdk/models. What Slack adds to
forwarded messages and link previews (``is_share``, ``is_msg_unfurl``, ``from_url``, ``message_blocks``) is
known from published payloads only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.domain.mrkdwn import typed, unescape

JSON = Mapping[str, Any]

DEEPEST = 6
"""How deep blocks may be nested; Slack allows three levels."""

_TEXTS = (
    "title",
    "rich_text_title",
    "subtitle",
    "text",
    "body",
    "description",
    "details",
    "output",
    "fields",
    "elements",
    "child_blocks",
    "tasks",
)
"""The keys of blocks that hold texts, or blocks with texts, in the order in which Slack shows them."""

_WITHOUT_WORDS = frozenset(
    {"actions", "button", "context_actions", "divider", "file", "input", "workflow_button"}
)
_STYLES = (("strike", "~"), ("italic", "_"), ("bold", "*"))
_ID = re.compile(r"[A-Z0-9]+")
_NO_PREVIEW = "[no preview available]"

_LIST_MARK = re.compile(r"^[ \t]*(?:[-*•◦▪>]|&gt;|\w{1,4}[.)])[ \t]+", re.MULTILINE)
_CODE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_NOT_LETTERS = re.compile(r"[\W_]+")


def merged(text: str, parts: Sequence[str]) -> str:
    """Return a text and the parts that add something to it, without saying anything twice.

    Apps repeat their blocks in ``text``, wholly or in short, and Slack derives ``text`` from the blocks of
    people's messages. What is compared is letters and digits.
    """
    shown = "\n".join(parts)
    said, added = letters(text), letters(shown)
    if not shown or (added in said and (added or text.strip())):
        return text
    if said in added:
        return shown
    return "\n".join([text, *(part for part in parts if letters(part) not in said)])


def letters(text: str) -> str:
    """Return the letters and digits of message text, to compare two texts that differ in markup only."""

    def target(code: re.Match[str]) -> str:
        return str(code[1] if code[1][0] in "@#!" else code[2] or code[1])

    bare = unescape(_CODE.sub(target, _LIST_MARK.sub("", text)))
    return _NOT_LETTERS.sub("", bare).casefold()


def blocks_words(blocks: object, *, depth: int = 0) -> list[str]:
    """Return the words of each block that has any."""
    if depth >= DEEPEST:
        return []
    found = (_block(block, depth).strip("\n") for block in _maps(blocks))
    return [words for words in found if words.strip()]


def attachment_words(attachment: JSON, *, depth: int = 0) -> list[str]:
    """Return the words of an attachment, part by part; a forwarded message is one part, with its author."""
    if depth >= DEEPEST:
        return []
    if is_shared(attachment):
        return _shared(attachment, depth)
    title, address = _str(attachment, "title"), _str(attachment, "title_link")
    parts = [_str(attachment, "pretext"), _str(attachment, "author_name")]
    parts.append(f"<{_address(address)}|{title or address}>" if address else title)
    parts.append(merged(_str(attachment, "text"), _nested(attachment, depth)))
    for field in _maps(attachment.get("fields")):
        parts.append(": ".join(filter(None, (_str(field, "title"), _str(field, "value")))))
    parts = [part for part in parts if part.strip()]
    fallback = _str(attachment, "fallback")
    if not parts and fallback != _NO_PREVIEW:
        parts = [fallback or _str(attachment, "footer")]
    return [part for part in parts if part.strip()]


def is_shared(attachment: JSON) -> bool:
    """Return whether an attachment is another message: one that was forwarded, or one that was linked."""
    return bool(attachment.get("is_share") or attachment.get("is_msg_unfurl"))


def is_preview(attachment: JSON) -> bool:
    """Return whether an attachment shows what a link in the message leads to.

    Slack adds such attachments after the message was posted, and apps add them for links that they know.
    """
    linked = attachment.get("from_url") or attachment.get("original_url")
    return bool(linked) and not attachment.get("is_share")


def attachments_of(payload: JSON) -> list[JSON]:
    """Return the attachments of a message, without those that Slack shows to some people only."""
    found = _maps(payload.get("attachments"))
    return [one for one in found if not one.get("private_channel_prompt")]


def _shared(attachment: JSON, depth: int) -> list[str]:
    said = merged(_str(attachment, "text"), _nested(attachment, depth))
    said = said or ", ".join(
        _typed(_str(file, "title") or _str(file, "name")) for file in _maps(attachment.get("files"))
    )
    fallback = _str(attachment, "fallback")
    said = said or (fallback if fallback != _NO_PREVIEW else "")
    if not said.strip():
        return []
    author = _code("@", attachment.get("author_id"), _str(attachment, "author_name"))
    quoted = "\n".join(f"> {line}".rstrip() for line in said.strip().split("\n"))
    return [f"From {author}:\n{quoted}" if author else quoted]


def _nested(attachment: JSON, depth: int) -> list[str]:
    """Return the words of the blocks and attachments inside an attachment."""
    found = blocks_words(attachment.get("blocks"), depth=depth + 1)
    for one in _maps(attachment.get("message_blocks")):
        message = one.get("message")
        blocks = message.get("blocks") if isinstance(message, Mapping) else [one]
        found += blocks_words(blocks, depth=depth + 1)
    for one in _maps(attachment.get("attachments")):
        found += attachment_words(one, depth=depth + 1)
    return list(dict.fromkeys(found))


def _block(block: JSON, depth: int) -> str:
    match block.get("type"):
        case kind if kind in _WITHOUT_WORDS:
            return ""
        case "rich_text":
            return "\n".join(_rich_parts(block.get("elements")))
        case "markdown":
            return typed(unescape(_str(block, "text")))
        case "header":
            return _styled(_text(block.get("text"), depth), {"bold": True})
        case "table":
            rows = block.get("rows")
            return "\n".join(_row(row, depth) for row in rows) if isinstance(rows, list) else ""
        case "image":
            return _text(block.get("title"), depth) or _typed(_str(block, "alt_text"))
        case kind:
            separator = " " if kind == "context" else "\n"
            found = (_text(block.get(name), depth, separator) for name in _TEXTS)
            return separator.join(filter(None, found))


def _row(row: object, depth: int) -> str:
    cells = (_text(cell, depth).replace("\n", " ") for cell in _maps(row))
    return " | ".join(cells)


def _text(value: object, depth: int, separator: str = "\n") -> str:
    """Return the text of a text object, of a block, or of a list of them."""
    if depth >= DEEPEST:
        return ""
    if isinstance(value, str):
        return _typed(value)
    if isinstance(value, list):
        found = (
            _text(one, depth + 1)
            for one in value
            if not (isinstance(one, Mapping) and one.get("type") == "image" and separator == " ")
        )
        return separator.join(filter(None, found))
    if not isinstance(value, Mapping):
        return ""
    if value.get("type") == "mrkdwn":
        return _str(value, "text")
    if value.get("type") in ("plain_text", "raw_text", None):
        return _typed(_str(value, "text"))
    return _block(value, depth + 1)


def _rich_parts(elements: object) -> Iterator[str]:
    for part in _maps(elements):
        inside = part.get("elements")
        match part.get("type"):
            case "rich_text_preformatted":
                raw = "".join(
                    _typed(_str(one, "text") or _str(one, "url")) for one in _maps(inside)
                )
                yield f"```\n{raw.strip(chr(10))}\n```"
            case "rich_text_quote":
                lines = _rich_line(inside).strip("\n").split("\n")
                yield "\n".join(f"> {line}".rstrip() for line in lines)
            case "rich_text_list":
                yield from _rich_list(part)
            case _:
                yield _rich_line(inside).removesuffix("\n")


def _rich_list(part: JSON) -> Iterator[str]:
    indent, offset = (_int(part.get(name)) for name in ("indent", "offset"))
    for number, item in enumerate(_maps(part.get("elements")), start=offset + 1):
        mark = f"{number}." if part.get("style") == "ordered" else "•"
        yield f"{'    ' * min(indent, 8)}{mark} {_rich_line(item.get('elements')).strip()}"


def _rich_line(elements: object) -> str:
    return "".join(_rich(one) for one in _maps(elements))


def _rich(element: JSON) -> str:
    match element.get("type"):
        case "user":
            return _code("@", element.get("user_id"), "someone")
        case "channel":
            return _code("#", element.get("channel_id"), "a channel")
        case "usergroup":
            return _code("!subteam^", element.get("usergroup_id"), "a group")
        case "broadcast":
            spoken = _str(element, "range")
            return f"<!{spoken}>" if spoken in ("here", "channel", "everyone") else ""
        case "emoji":
            tone = element.get("skin_tone")
            return f":{_typed(_str(element, 'name'))}:" + (
                f":skin-tone-{_int(tone)}:" if tone else ""
            )
        case "date":
            return _typed(_str(element, "fallback")) or _date(element)
        case "color":
            return _typed(_str(element, "value"))
        case "link":
            label = _typed(_str(element, "text"))
            address = _address(_str(element, "url"))
            link = f"<{address}|{label}>" if label else f"<{address}>"
            return _styled(link, element.get("style"))
        case _:
            return _styled(_typed(_str(element, "text")), element.get("style"))


def _date(element: JSON) -> str:
    at = _int(element.get("timestamp"))
    return f"<!date^{at}^{{date_short_pretty}} at {{time}}|{at}>"


def _styled(text: str, style: object) -> str:
    """Return text with marks for its style, which may not begin or end with a space or span lines."""
    core = text.strip()
    if not core or "\n" in core or not isinstance(style, Mapping):
        return text
    before, _, after = text.partition(core)
    if style.get("code") and "`" not in core:
        core = f"`{core}`"
    for name, mark in _STYLES:
        if style.get(name):
            core = f"{mark}{core}{mark}"
    return f"{before}{core}{after}"


def _code(sign: str, identifier: object, otherwise: str) -> str:
    """Return the code of a mention, or a name where Slack gives no usable id."""
    if isinstance(identifier, str) and _ID.fullmatch(identifier):
        return f"<{sign}{identifier}>"
    return _typed(otherwise)


def _address(url: str) -> str:
    return _typed(url.strip()).replace("|", "%7C")


def _typed(text: str) -> str:
    """Return plain text escaped; Slack delivers some plain texts escaped already."""
    return unescape(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _str(values: JSON, name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _int(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _maps(values: object) -> list[JSON]:
    return [one for one in values if isinstance(one, Mapping)] if isinstance(values, list) else []
