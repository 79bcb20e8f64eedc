"""conversations.*: the life of channels and who is in them. Reading stands in `history`."""

from collections.abc import Mapping

from sandbox.slack.values import Json, SlackError
from sandbox.slack.web_api.context import Args, Context, Method, page_of
from sandbox.slack.workspace import Channel, ChannelKind, User

_MOST_INVITED = 100


def channel_view(context: Context, channel: Channel) -> Json:
    """A conversation object as the bot sees it."""
    workspace = context.workspace
    shared: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.kind is ChannelKind.IM,
        "is_org_shared": False,
        "context_team_id": workspace.team_id,
        "updated": channel.created * 1000,
    }
    if channel.kind is ChannelKind.IM:
        others = [member for member in channel.members if member != context.bot.id]
        return shared | {"user": (others or [context.bot.id])[0], "is_user_deleted": False}
    return shared | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind in (ChannelKind.PUBLIC, ChannelKind.PRIVATE),
        "is_group": False,
        "is_mpim": channel.kind is ChannelKind.MPIM,
        "is_private": channel.is_private,
        "is_general": channel.is_general,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": False,
        "is_member": context.bot.id in channel.members,
        "creator": channel.creator,
        "unlinked": 0,
        "topic": dict(channel.topic),
        "purpose": dict(channel.purpose),
        "previous_names": list(channel.previous_names),
    }


def create(context: Context, args: Args) -> Json:
    """conversations.create."""
    private = args.flag("is_private")
    context.need("groups:write" if private else "channels:manage")
    channel = context.places.create(args.text("name"), context.bot, private=private)
    return {"channel": channel_view(context, channel)}


def info(context: Context, args: Args) -> Json:
    """conversations.info."""
    channel = context.channel(args)
    context.need_for(channel, "read")
    view = channel_view(context, channel)
    if args.flag("include_num_members"):
        view["num_members"] = len(channel.members)
    return {"channel": view}


def list_channels(context: Context, args: Args) -> Json:
    """conversations.list: every public channel, and the private ones that the bot is in."""
    kinds = context.wanted_kinds(args)
    found = []
    for channel in context.workspace.channels.values():
        if channel.kind not in kinds or (channel.is_archived and args.flag("exclude_archived")):
            continue
        if channel.is_private and context.bot.id not in channel.members:
            continue
        view = channel_view(context, channel)
        found.append(view | {"num_members": len(channel.members)})
    page, cursor = page_of(found, args, default=100)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def invite(context: Context, args: Args) -> Json:
    """conversations.invite: all of the users, or none (unless `force`)."""
    channel = context.own_channel(args)
    context.need_for(channel, "manage", narrower="write.invites")
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
    if errors and (len(errors) == len(user_ids) or not args.flag("force")):
        raise SlackError(str(errors[0]["error"]), errors=errors)
    refused = {error["user"] for error in errors}
    for user_id in user_ids:
        if user_id not in refused and user_id not in channel.members:
            context.places.join(channel, context.user(user_id), inviter=context.bot)
    answer: Json = {"channel": channel_view(context, channel)}
    return answer | ({"errors": errors} if errors else {})


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
    answer: Json = {}
    if context.bot.id in channel.members:
        answer["warning"] = "already_in_channel"
        answer["response_metadata"] = {"warnings": ["already_in_channel"]}
    else:
        context.places.join(channel, context.bot)
    return answer | {"channel": channel_view(context, channel)}


def leave(context: Context, args: Args) -> Json:
    """conversations.leave."""
    channel = context.channel(args)
    if channel.is_general:
        raise SlackError("cant_leave_general")
    if context.bot.id not in channel.members:
        return {"not_in_channel": True}
    context.places.leave(channel, context.bot)
    return {}


def kick(context: Context, args: Args) -> Json:
    """conversations.kick."""
    channel = context.own_channel(args)
    context.need_for(channel, "manage")
    user = context.user(args.required("user"))
    if user.id == context.bot.id:
        raise SlackError("cant_kick_self")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    if user.id not in channel.members:
        raise SlackError("not_in_channel")
    context.places.leave(channel, user)
    return {"errors": {}}


def members(context: Context, args: Args) -> Json:
    """conversations.members."""
    channel = context.channel(args)
    context.need_for(channel, "read")
    page, cursor = page_of(channel.members, args, default=100)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def set_topic(context: Context, args: Args) -> Json:
    """conversations.setTopic."""
    channel = context.own_channel(args)
    context.need_for(channel, "manage", narrower="write.topic")
    context.places.set_topic(channel, context.bot, args.text("topic"))
    return {"channel": channel_view(context, channel), "topic": channel.topic["value"]}


def set_purpose(context: Context, args: Args) -> Json:
    """conversations.setPurpose."""
    channel = context.own_channel(args)
    context.need_for(channel, "manage", narrower="write.topic")
    context.places.set_purpose(channel, context.bot, args.text("purpose"))
    return {"channel": channel_view(context, channel), "purpose": channel.purpose["value"]}


def archive(context: Context, args: Args) -> Json:
    """conversations.archive."""
    channel = context.channel(args)
    context.need_for(channel, "manage")
    if not channel.is_archived:
        channel = context.own_channel(args)
    context.places.archive(channel, context.bot)
    return {}


def unarchive(context: Context, args: Args) -> Json:
    """conversations.unarchive."""
    channel = context.own_channel(args, archived_ok=True)
    context.need_for(channel, "manage")
    context.places.unarchive(channel, context.bot)
    return {}


def rename(context: Context, args: Args) -> Json:
    """conversations.rename: a bot may rename only what it created."""
    channel = context.own_channel(args)
    context.need_for(channel, "manage")
    if channel.creator != context.bot.id:
        raise SlackError("not_authorized")
    context.places.rename(channel, context.bot, args.text("name"))
    return {"channel": channel_view(context, channel)}


def open_direct(context: Context, args: Args) -> Json:
    """conversations.open: a direct message, or one with several people."""
    if args.text("channel"):
        channel = context.channel(args)
    else:
        user_ids = args.ids("users")
        if not user_ids:
            raise SlackError("users_list_not_supplied")
        if any(user_id not in context.workspace.users for user_id in user_ids):
            raise SlackError("users_not_found" if len(user_ids) > 1 else "user_not_found")
        channel = context.workspace.direct_channel(frozenset({*user_ids, context.bot.id}))
        context.workspace.touch()
    context.need_for(channel, "write")
    full = args.flag("return_im")
    return {"channel": channel_view(context, channel) if full else {"id": channel.id}}


METHODS: Mapping[str, Method] = {
    "conversations.create": Method(handler=create, tier=20),
    "conversations.info": Method(handler=info, tier=50),
    "conversations.list": Method(handler=list_channels, tier=20),
    "conversations.invite": Method(handler=invite, tier=50),
    "conversations.join": Method(handler=join, scopes=("channels:join",), tier=50),
    "conversations.leave": Method(
        handler=leave, scopes=("channels:manage", "groups:write"), tier=50
    ),
    "conversations.kick": Method(handler=kick, tier=50),
    "conversations.members": Method(handler=members, tier=100),
    "conversations.setTopic": Method(handler=set_topic, tier=20),
    "conversations.setPurpose": Method(handler=set_purpose, tier=20),
    "conversations.archive": Method(handler=archive, tier=20),
    "conversations.unarchive": Method(handler=unarchive, tier=20),
    "conversations.rename": Method(handler=rename, tier=20),
    "conversations.open": Method(handler=open_direct, tier=50),
}
