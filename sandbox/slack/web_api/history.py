"""conversations.history and conversations.replies: reading messages."""

from collections.abc import Iterable, Mapping

from sandbox.slack.values import Json, SlackError, parse_ts
from sandbox.slack.web_api.context import Args, Context, Method, make_cursor, read_cursor
from sandbox.slack.workspace import Channel

_MOST, _USUAL = 999, 100
_MOST_REPLIES = 1000
"""Maximum replies in a page (docs.slack.dev/reference/methods/conversations.replies)."""


def history(context: Context, args: Args) -> Json:
    """conversations.history: newest first, without thread replies (except broadcasts)."""
    channel = context.own_channel(args, archived_ok=True)
    context.need_for(channel, "history")
    shown = [m for m in channel.messages.values() if _is_in_channel(m)]
    shown = _between(shown, args)
    cursor = read_cursor(args, "next_ts")
    if cursor:
        shown = [m for m in shown if parse_ts(m["ts"]) <= parse_ts(cursor)]
    shown.reverse()
    limit = _limit(args, _USUAL, _MOST)
    page, rest = shown[:limit], shown[limit:]
    answer: Json = {
        "messages": _views(context, channel, page, args),
        "has_more": bool(rest),
        "pin_count": len(channel.pins),
    }
    if rest:
        answer["response_metadata"] = {"next_cursor": make_cursor("next_ts", rest[0]["ts"])}
    return answer


def replies(context: Context, args: Args) -> Json:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = context.own_channel(args, archived_ok=True)
    context.need_for(channel, "history")
    ts = args.required("ts")
    first = channel.messages.get(ts)
    if first is None:
        raise SlackError("thread_not_found")
    thread = _between(channel.replies(ts), args)
    cursor = read_cursor(args, "next_ts")
    if cursor:
        thread = [m for m in thread if parse_ts(m["ts"]) >= parse_ts(cursor)]
    limit = _limit(args, _MOST_REPLIES, _MOST_REPLIES)
    room = limit if cursor else max(limit - 1, 1)
    page, rest = thread[:room], thread[room:]
    if not cursor:
        page = [first, *page]
    answer: Json = {"messages": _views(context, channel, page, args), "has_more": bool(rest)}
    if rest:
        answer["response_metadata"] = {"next_cursor": make_cursor("next_ts", rest[0]["ts"])}
    return answer


def _is_in_channel(message: Json) -> bool:
    is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
    return not is_reply or message.get("subtype") == "thread_broadcast"


def _between(messages: Iterable[Json], args: Args) -> list[Json]:
    oldest, latest = _bound(args, "oldest"), _bound(args, "latest")
    inclusive = args.flag("inclusive")
    kept = []
    for message in messages:
        at = parse_ts(message["ts"])
        if oldest is not None and (at < oldest or (at == oldest and not inclusive)):
            continue
        if latest is not None and (at > latest or (at == latest and not inclusive)):
            continue
        kept.append(message)
    return kept


def _bound(args: Args, name: str) -> int | None:
    text = args.text(name)
    if not text or text == "now":
        return None
    try:
        value = parse_ts(text)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None
    return value or None


def _limit(args: Args, usual: int, most: int) -> int:
    limit = args.number("limit", usual)
    if not 1 <= limit <= most:
        raise SlackError("invalid_limit")
    return limit


def _views(context: Context, channel: Channel, page: list[Json], args: Args) -> list[Json]:
    everything = args.flag("include_all_metadata")
    return [
        context.workspace.message_view(channel, message, include_metadata=everything)
        for message in page
    ]


METHODS: Mapping[str, Method] = {
    "conversations.history": Method(handler=history, tier=50),
    "conversations.replies": Method(handler=replies, tier=50),
}
