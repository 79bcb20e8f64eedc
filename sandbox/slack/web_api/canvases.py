"""conversations.canvases.create and canvases.*: the canvases of channels."""

from collections.abc import Mapping

from sandbox.slack import canvases
from sandbox.slack.values import Json, SlackError
from sandbox.slack.web_api.context import Args, Context, Method
from sandbox.slack.workspace import Channel


def create(context: Context, args: Args) -> Json:
    """conversations.canvases.create."""
    channel = context.own_channel(args, "channel_id")
    if channel.canvas is not None:
        raise SlackError("channel_canvas_already_exists")
    content = args.structure("document_content", "invalid_arguments") or {}
    channel.canvas = canvases.new_canvas(args.text("title"), str(content.get("markdown") or ""))
    context.workspace.touch()
    return {"canvas_id": channel.canvas["id"]}


def edit(context: Context, args: Args) -> Json:
    """canvases.edit: one change a call."""
    canvas = _channel(context, args).canvas or {}
    changes = args.structure("changes", "invalid_arguments")
    if not isinstance(changes, list) or len(changes) != 1:
        raise SlackError("invalid_arguments")
    one = changes[0]
    markdown = str((one.get("document_content") or {}).get("markdown") or "")
    operation, section = str(one.get("operation")), str(one.get("section_id") or "")
    canvases.change(canvas, operation, section, markdown)
    context.workspace.touch()
    return {}


def lookup(context: Context, args: Args) -> Json:
    """canvases.sections.lookup, by `contains_text` alone."""
    canvas = _channel(context, args).canvas or {}
    criteria = args.structure("criteria", "invalid_arguments")
    text = criteria.get("contains_text") if isinstance(criteria, dict) else None
    if not text:
        raise SlackError("invalid_arguments")
    return {"sections": [{"id": one["id"]} for one in canvases.containing(canvas, str(text))]}


def _channel(context: Context, args: Args) -> Channel:
    canvas_id = args.required("canvas_id")
    for channel in context.workspace.channels.values():
        is_it = channel.canvas is not None and channel.canvas["id"] == canvas_id
        if is_it and context.bot.id in channel.members:
            return channel
    raise SlackError("canvas_not_found")


METHODS: Mapping[str, Method] = {
    "conversations.canvases.create": Method(handler=create, scopes=("canvases:write",), tier=20),
    "canvases.edit": Method(handler=edit, scopes=("canvases:write",)),
    "canvases.sections.lookup": Method(handler=lookup, scopes=("canvases:read",)),
}
