"""Converts typed text as Slack's client does before it sends it."""

import re

from sandbox.slack.workspace import ChannelKind, Workspace

_MENTION = re.compile(r"(?<![\w<@#])([@#])([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)
_LITERAL = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)|(?P<url>\bhttps?://[^\s<>|`]*[^\s<>|`.,;:!?'\")\]])", re.DOTALL
)
_BROADCASTS = {"here", "channel", "everyone"}


def escape(text: str) -> str:
    """Escape &, < and >."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str, workspace: Workspace) -> str:
    """Returns a typed text as stored: entities, mentions as ids, URLs in angle brackets.

    In code spans and blocks, only entities are escaped.
    """
    pieces: list[str] = []
    end = 0
    for found in _LITERAL.finditer(text):
        pieces.append(_mentions(escape(text[end : found.start()]), workspace, named=False))
        literal = escape(found[0])
        pieces.append(literal if found["code"] else f"<{literal}>")
        end = found.end()
    pieces.append(_mentions(escape(text[end:]), workspace, named=False))
    return "".join(pieces)


def command_text(text: str, workspace: Workspace, *, should_escape: bool) -> str:
    """Returns a command's text as the app gets it; `should_escape` turns mentions into ids."""
    if not should_escape:
        return text
    return _mentions(escape(text), workspace, named=True)


def _mentions(text: str, workspace: Workspace, *, named: bool) -> str:
    """`named` adds a person's name to the id, as in commands but not in messages."""

    def replace(found: re.Match[str]) -> str:
        sign, name = found[1], found[2]
        bare = name.rstrip(".-_")
        tail = name[len(bare) :]
        if sign == "@":
            return _person(bare, workspace, named=named) + tail
        return _place(bare, workspace) + tail

    return _MENTION.sub(replace, text)


def _person(name: str, workspace: Workspace, *, named: bool) -> str:
    if name in _BROADCASTS:
        return f"<!{name}>"
    user = next((user for user in workspace.users.values() if user.name == name), None)
    if user is not None:
        return f"<@{user.id}|{user.name}>" if named else f"<@{user.id}>"
    group = next((item for item in workspace.usergroups.values() if item.handle == name), None)
    return f"<!subteam^{group.id}>" if group is not None else f"@{name}"


def _place(name: str, workspace: Workspace) -> str:
    channel = workspace.find_channel(name)
    if channel is None or channel.kind is not ChannelKind.PUBLIC:
        return f"#{name}"
    return f"<#{channel.id}|{channel.name}>"
