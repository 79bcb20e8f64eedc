"""conversations.*: channels and their members. Reads are in `history`."""

from collections.abc import Mapping

from sandbox.slack.values import Json, SlackError
from sandbox.slack.web_api.context import Args, Context, Method, page_of
from sandbox.slack.workspace import Channel, ChannelKind, User

_MOST_INVITED = 100


def channel_view(context: Context, channel: Channel) -> Json:
    """A conversation object as the bot sees it."""
    shared: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.kind is ChannelKind.IM,
    }
    if channel.kind is ChannelKind.IM:
        others = [member for member in channel.members if member != context.bot.id]
        return shared | {"user": (others or [context.bot.id])[0], "is_user_deleted": False}
    return shared | {
        "name": channel.name,
        "is_channel": True,
        "is_private": channel.is_private,
        "is_general": channel.is_general,
        "is_ext_shared": channel.is_ext_shared,
        "is_member": context.bot.id in channel.members,
        "creator": channel.creator,
        "topic": dict(channel.topic),
        "properties": {"canvas": {"file_id": channel.canvas["id"]}} if channel.canvas else {},
    }


def create(context: Context, args: Args) -> Json:
    """conversations.create."""
    private = args.flag("is_private")
    context.need("groups:write" if private else "channels:manage")
    channel = context.channels.create(args.text("name"), context.bot, private=private)
    return {"channel": channel_view(context, channel)}


def info(context: Context, args: Args) -> Json:
    """conversations.info."""
    channel = context.channel(args)
    context.need_for(channel, "read")
    return {"channel": channel_view(context, channel)}


def list_channels(context: Context, args: Args, *, own: bool = False) -> Json:
    """conversations.list: every public channel, and the private ones that the bot is in."""
    kinds = context.wanted_kinds(args)
    found = [
        channel
        for channel in context.workspace.channels.values()
        if channel.kind in kinds
        and not (channel.is_archived and args.flag("exclude_archived"))
        and (context.bot.id in channel.members or not (own or channel.is_private))
    ]
    page, cursor = page_of(found, args, default=100, most=999)
    views = [channel_view(context, channel) for channel in page]
    return {"channels": views, "response_metadata": {"next_cursor": cursor}}


def list_own(context: Context, args: Args) -> Json:
    """users.conversations: the channels that the bot is in."""
    return list_channels(context, args, own=True)


def invite(context: Context, args: Args) -> Json:
    """conversations.invite: all users or none."""
    channel = context.own_channel(args)
    context.need_for(channel, "manage")
    user_ids = args.ids("users")
    if not user_ids:
        raise SlackError("no_user")
    if len(user_ids) > _MOST_INVITED:
        raise SlackError("too_many_users")
    errors = [
        {"user": user_id, "ok": False, "error": error}
        for user_id in user_ids
        if (error := _invitation_error(context, channel, user_id))
    ]
    if errors:
        raise SlackError(str(errors[0]["error"]), errors=errors)
    for user_id in user_ids:
        context.channels.join(channel, context.user(user_id), inviter=context.bot)
    return {"channel": channel_view(context, channel)}


def _invitation_error(context: Context, channel: Channel, user_id: str) -> str:
    user = context.workspace.users.get(user_id)
    if user is None or user.deleted:
        return "user_not_found"
    if user_id == context.bot.id:
        return "cant_invite_self"
    if user_id in channel.members:
        return "already_in_channel"
    if user.is_ultra_restricted and _is_somewhere(context, user):
        return "ura_max_channels"
    return ""


def _is_somewhere(context: Context, user: User) -> bool:
    return any(
        user.id in channel.members and channel.kind is not ChannelKind.IM
        for channel in context.workspace.channels.values()
    )


def join(context: Context, args: Args) -> Json:
    """conversations.join: public channels only."""
    channel = context.channel(args)
    if channel.kind is not ChannelKind.PUBLIC:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if context.bot.id not in channel.members:
        context.channels.join(channel, context.bot)
    return {"channel": channel_view(context, channel)}


def leave(context: Context, args: Args) -> Json:
    """conversations.leave."""
    channel = context.channel(args)
    if channel.is_general:
        raise SlackError("cant_leave_general")
    if context.bot.id not in channel.members:
        return {"not_in_channel": True}
    context.channels.leave(channel, context.bot)
    return {}


def members(context: Context, args: Args) -> Json:
    """conversations.members."""
    channel = context.channel(args)
    context.need_for(channel, "read")
    page, cursor = page_of(channel.members, args, default=100)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def set_topic(context: Context, args: Args) -> Json:
    """conversations.setTopic."""
    channel = context.own_channel(args)
    context.need_for(channel, "manage")
    context.channels.set_topic(channel, context.bot, args.text("topic"))
    return {"channel": channel_view(context, channel), "topic": channel.topic["value"]}


def archive(context: Context, args: Args) -> Json:
    """conversations.archive."""
    channel = context.channel(args)
    context.need_for(channel, "manage")
    if not channel.is_archived:
        channel = context.own_channel(args)
    context.channels.archive(channel, context.bot)
    return {}


def open_direct(context: Context, args: Args) -> Json:
    """conversations.open: a direct message with one person."""
    user_ids = args.ids("users")
    if not user_ids:
        raise SlackError("users_list_not_supplied")
    if user_ids[0] not in context.workspace.users:
        raise SlackError("user_not_found")
    channel = context.workspace.direct_channel(user_ids[0])
    context.workspace.touch()
    context.need_for(channel, "write")
    return {"channel": {"id": channel.id}}


METHODS: Mapping[str, Method] = {
    "conversations.create": Method(handler=create, tier=20),
    "conversations.info": Method(handler=info),
    "conversations.list": Method(handler=list_channels, tier=20),
    "users.conversations": Method(handler=list_own),
    "conversations.invite": Method(handler=invite),
    "conversations.join": Method(handler=join, scopes=("channels:join",)),
    "conversations.leave": Method(handler=leave, scopes=("channels:manage", "groups:write")),
    "conversations.members": Method(handler=members, tier=100),
    "conversations.setTopic": Method(handler=set_topic, tier=20),
    "conversations.archive": Method(handler=archive, tier=20),
    "conversations.open": Method(handler=open_direct),
}
