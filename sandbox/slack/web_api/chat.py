"""chat.*: posting, changing and removing the app's messages."""

from collections.abc import Mapping
from typing import Any

from sandbox.slack.blocks import message_blocks
from sandbox.slack.posts import Draft
from sandbox.slack.values import Json, SlackError
from sandbox.slack.web_api.context import Args, Context, Method
from sandbox.slack.workspace import Channel

_MOST_POSTED = 40_000
_MOST_UPDATED = 4_000
_MOST_ATTACHMENTS = 100
_MOST_IN_BLOCKS = 9_600
"""Total characters of a message's block texts. Slack publishes no limit: it accepted 9,597
and rejected 11,341 (bolt-js#2867). It does not apply to a response_url."""


def post_message(context: Context, args: Args) -> Json:
    """chat.postMessage: takes a channel's id or name, or a user's id for a direct message."""
    channel = _target(context, args)
    if channel.is_archived:
        raise SlackError("is_archived")
    if context.bot.id not in channel.members:
        if channel.is_private:
            raise SlackError("channel_not_found")
        if "chat:write.public" not in context.scopes:
            raise SlackError("not_in_channel")
    draft, warnings = _draft(args)
    message = context.posts.post(channel, context.bot, draft)
    answer: Json = {
        "channel": channel.id,
        "ts": message["ts"],
        "message": context.workspace.message_view(channel, message),
    }
    if warnings:
        answer["warning"] = ",".join(warnings)
        answer["response_metadata"] = {"warnings": warnings}
    return answer


def _target(context: Context, args: Args) -> Channel:
    wanted = args.text("channel")
    workspace = context.workspace
    if wanted in workspace.users:
        return workspace.direct_channel(wanted)
    channel = workspace.find_channel(wanted) if wanted else None
    if channel is None:
        raise SlackError("channel_not_found")
    return channel


def _draft(args: Args) -> tuple[Draft, list[str]]:
    text = args.text("text")
    blocks = _blocks(args)
    attachments = args.structure("attachments", "invalid_attachments") or []
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    if len(attachments) > _MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    warnings = []
    if len(text) > _MOST_POSTED:
        text = text[:_MOST_POSTED]
        warnings.append("message_truncated")
    metadata = args.structure("metadata", "invalid_metadata_format")
    if metadata is not None and not _is_metadata(metadata):
        metadata = None
        warnings.append("invalid_metadata_format")
    draft = Draft(
        text=text,
        blocks=blocks,
        attachments=attachments,
        thread_ts=args.text("thread_ts") or None,
        broadcast=args.flag("reply_broadcast"),
        metadata=metadata,
    )
    return draft, warnings


def _blocks(args: Args) -> list[Json]:
    blocks = args.structure("blocks", "invalid_blocks_format")
    checked = message_blocks(blocks) if blocks else []
    if _characters(checked) > _MOST_IN_BLOCKS:
        raise SlackError("msg_blocks_too_long")
    return checked


def _characters(value: Any) -> int:
    """Returns the total length of all nested texts."""
    if isinstance(value, list):
        return sum(map(_characters, value))
    if not isinstance(value, dict):
        return 0
    text = value.get("text")
    own = len(text) if isinstance(text, str) else 0
    return own + sum(map(_characters, value.values()))


def _is_metadata(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("event_type"), str)
        and bool(value["event_type"])
        and isinstance(value.get("event_payload"), dict)
    )


def update(context: Context, args: Args) -> Json:
    """chat.update. Blocks, attachments and metadata that are not given stay as they are.

    An empty metadata object removes it. Blocks leave no mark of an edit
    (docs.slack.dev/reference/methods/chat.update).
    """
    channel = context.channel(args)
    if channel.is_archived:
        raise SlackError("is_inactive")
    message = context.message(channel, args.required("ts"))
    if message.get("bot_id") != context.workspace.app.bot_id:
        raise SlackError("cant_update_message")
    changes = _changes(args)
    editor = "" if changes.get("blocks") else context.workspace.app.bot_id
    context.posts.edit(channel, message, changes, editor=editor)
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "text": message["text"],
        "message": context.workspace.message_view(channel, message),
    }


def _changes(args: Args) -> Json:
    changes: Json = {}
    if args.values.get("text") is not None:
        changes["text"] = args.text("text")
    if args.values.get("blocks") is not None:
        changes["blocks"] = _blocks(args)
    if args.values.get("attachments") is not None:
        changes["attachments"] = args.structure("attachments", "invalid_attachments")
    if not any(changes.values()):
        raise SlackError("no_text")
    if len(changes.get("text", "")) > _MOST_UPDATED:
        raise SlackError("msg_too_long")
    metadata = args.structure("metadata", "invalid_metadata_format")
    if _is_metadata(metadata) or metadata == {}:
        changes["metadata"] = metadata
    return changes


def delete(context: Context, args: Args) -> Json:
    """chat.delete: only the app's own messages."""
    channel = context.channel(args)
    message = context.message(channel, args.required("ts"))
    if message.get("bot_id") != context.workspace.app.bot_id:
        raise SlackError("cant_delete_message")
    context.posts.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(context: Context, args: Args) -> Json:
    """chat.postEphemeral: shown to one person, not in the history."""
    channel = context.own_channel(args)
    user = context.workspace.users.get(args.required("user"))
    if user is None or user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    draft, _ = _draft(args)
    return {"message_ts": context.posts.post_ephemeral(channel, user, draft)["ts"]}


def get_permalink(context: Context, args: Args) -> Json:
    """chat.getPermalink."""
    channel = context.channel(args)
    message = context.message(channel, args.required("message_ts"))
    link = f"{context.url}archives/{channel.id}/p{message['ts'].replace('.', '')}"
    thread_ts = message.get("thread_ts", message["ts"])
    if thread_ts != message["ts"]:
        link += f"?thread_ts={thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


_WRITE = ("chat:write",)
METHODS: Mapping[str, Method] = {
    "chat.postMessage": Method(handler=post_message, scopes=_WRITE, tier=0),
    "chat.update": Method(handler=update, scopes=_WRITE, tier=50),
    "chat.delete": Method(handler=delete, scopes=_WRITE, tier=50),
    "chat.postEphemeral": Method(handler=post_ephemeral, scopes=_WRITE, tier=100),
    "chat.getPermalink": Method(handler=get_permalink, tier=0),
}
