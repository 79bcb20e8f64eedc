"""pins.*, reactions.* and bookmarks.*: marks on messages and channels."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.web_api.context import Args, Context, Method
from sandbox.slack.workspace import Channel, User

_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
_TS = re.compile(r"\d+\.\d{6}")


def add_pin(context: Context, args: Args) -> Json:
    """pins.add."""
    channel = context.own_channel(args)
    ts = args.text("timestamp")
    if not ts:
        raise SlackError("no_item_specified")
    if not _TS.fullmatch(ts):
        raise SlackError("bad_timestamp")
    context.posts.pin(channel, context.message(channel, ts), context.bot)
    return {}


def list_pins(context: Context, args: Args) -> Json:
    """pins.list."""
    channel = context.own_channel(args, archived_ok=True)
    return {"items": [context.posts.pin_item(channel, pin) for pin in reversed(channel.pins)]}


def add_reaction(context: Context, args: Args) -> Json:
    """reactions.add."""
    return _react(context, args, context.posts.react)


def remove_reaction(context: Context, args: Args) -> Json:
    """reactions.remove."""
    return _react(context, args, context.posts.unreact)


def _react(context: Context, args: Args, act: Callable[[Channel, Json, User, str], None]) -> Json:
    channel, name = context.own_channel(args), args.text("name")
    if not args.text("timestamp"):
        raise SlackError("no_item_specified")
    if not _NAME.fullmatch(name):
        raise SlackError("invalid_name")
    act(channel, context.message(channel, args.text("timestamp")), context.bot, name)
    return {}


def add_bookmark(context: Context, args: Args) -> Json:
    """bookmarks.add: links only, as for any app."""
    channel = context.own_channel(args, "channel_id")
    if args.text("type") != "link":
        raise SlackError("invalid_bookmark_type")
    bookmark: Json = {
        "id": new_id("Bk"),
        "channel_id": channel.id,
        "title": args.required("title"),
        "link": _link(args),
        "emoji": args.text("emoji"),
        "type": "link",
        "app_id": context.workspace.app.id,
    }
    channel.bookmarks.append(bookmark)
    context.workspace.touch()
    return {"bookmark": dict(bookmark)}


def edit_bookmark(context: Context, args: Args) -> Json:
    """bookmarks.edit."""
    channel = context.own_channel(args, "channel_id")
    bookmark = _bookmark(channel, args)
    if args.text("link"):
        bookmark["link"] = _link(args)
    for key in ("title", "emoji"):
        if args.text(key):
            bookmark[key] = args.text(key)
    context.workspace.touch()
    return {"bookmark": dict(bookmark)}


def remove_bookmark(context: Context, args: Args) -> Json:
    """bookmarks.remove."""
    channel = context.own_channel(args, "channel_id")
    channel.bookmarks.remove(_bookmark(channel, args))
    context.workspace.touch()
    return {}


def list_bookmarks(context: Context, args: Args) -> Json:
    """bookmarks.list."""
    channel = context.own_channel(args, "channel_id", archived_ok=True)
    return {"bookmarks": [dict(bookmark) for bookmark in channel.bookmarks]}


def _bookmark(channel: Channel, args: Args) -> Json:
    bookmark_id = args.required("bookmark_id")
    for bookmark in channel.bookmarks:
        if bookmark["id"] == bookmark_id:
            return bookmark
    raise SlackError("not_found")


def _link(args: Args) -> str:
    link = args.text("link")
    if urlsplit(link).scheme not in ("http", "https"):
        raise SlackError("invalid_link")
    return link


METHODS: Mapping[str, Method] = {
    "pins.add": Method(handler=add_pin, scopes=("pins:write",), tier=20),
    "pins.list": Method(handler=list_pins, scopes=("pins:read",), tier=20),
    "reactions.add": Method(handler=add_reaction, scopes=("reactions:write",), tier=50),
    "reactions.remove": Method(handler=remove_reaction, scopes=("reactions:write",), tier=20),
    "bookmarks.add": Method(handler=add_bookmark, scopes=("bookmarks:write",), tier=20),
    "bookmarks.edit": Method(handler=edit_bookmark, scopes=("bookmarks:write",), tier=20),
    "bookmarks.remove": Method(handler=remove_bookmark, scopes=("bookmarks:write",), tier=20),
    "bookmarks.list": Method(handler=list_bookmarks, scopes=("bookmarks:read",), tier=50),
}
