"""auth.*, users.*, usergroups.*, team.*, bots.*: who is who."""

from collections.abc import Mapping

from sandbox.slack.values import Json, SlackError
from sandbox.slack.web_api.context import Args, Context, Method, TokenKind, page_of
from sandbox.slack.web_api.conversations import channel_view
from sandbox.slack.workspace import User


def test_api(context: Context, args: Args) -> Json:
    """api.test: says back what it was given. An `error` argument makes it fail with that."""
    if args.text("error"):
        raise SlackError(args.text("error"), args=dict(args.values))
    return {"args": dict(args.values)}


def test_auth(context: Context, args: Args) -> Json:
    """auth.test."""
    workspace = context.workspace
    return {
        "url": context.url,
        "team": workspace.team_name,
        "user": context.bot.name,
        "team_id": workspace.team_id,
        "user_id": context.bot.id,
        "bot_id": workspace.app.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(context: Context, args: Args) -> Json:
    """apps.connections.open: an address for one Socket Mode connection."""
    base = context.url.replace("http://", "ws://", 1)
    ticket = context.socket.new_ticket()
    return {"url": f"{base}socket?ticket={ticket}&app_id={context.workspace.app.id}"}


def user_view(context: Context, user: User) -> Json:
    """A user object."""
    offset = user.tz_offset(context.workspace.now())
    return {
        "id": user.id,
        "team_id": user.home_team or context.workspace.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "color": user.color,
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": offset,
        "profile": {
            "real_name": user.real_name,
            "real_name_normalized": user.real_name,
            "display_name": user.name,
            "display_name_normalized": user.name,
            "team": context.workspace.team_id,
        },
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_stranger": bool(user.home_team),
        "updated": 0,
    }


def user_info(context: Context, args: Args) -> Json:
    """users.info."""
    return {"user": user_view(context, context.user(args.text("user")))}


def list_users(context: Context, args: Args) -> Json:
    """users.list."""
    views = [user_view(context, user) for user in context.workspace.users.values()]
    page, cursor = page_of(views, args, default=len(views) or 1)
    now = context.workspace.seconds()
    return {"members": page, "cache_ts": now, "response_metadata": {"next_cursor": cursor}}


def users_conversations(context: Context, args: Args) -> Json:
    """users.conversations: where a member is, as far as the bot may see it."""
    user = context.user(args.text("user", context.bot.id))
    kinds = context.wanted_kinds(args)
    found = []
    for channel in context.workspace.channels.values():
        if channel.kind not in kinds or user.id not in channel.members:
            continue
        if channel.is_archived and args.flag("exclude_archived"):
            continue
        if not channel.is_private or context.bot.id in channel.members:
            found.append(channel_view(context, channel))
    page, cursor = page_of(found, args, default=100)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def list_usergroups(context: Context, args: Args) -> Json:
    """usergroups.list."""
    groups = []
    for group in context.workspace.usergroups.values():
        view: Json = {
            "id": group.id,
            "team_id": context.workspace.team_id,
            "is_usergroup": True,
            "name": group.name,
            "handle": group.handle,
            "description": "",
            "date_delete": 0,
            "user_count": len(group.users),
        }
        if args.flag("include_users"):
            view["users"] = list(group.users)
        groups.append(view)
    return {"usergroups": groups}


def usergroup_users(context: Context, args: Args) -> Json:
    """usergroups.users.list."""
    group = context.workspace.usergroups.get(args.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def team_info(context: Context, args: Args) -> Json:
    """team.info."""
    workspace = context.workspace
    team = {
        "id": workspace.team_id,
        "name": workspace.team_name,
        "domain": workspace.domain,
        "url": context.url,
        "email_domain": "",
        "icon": {},
    }
    return {"team": team}


def bot_info(context: Context, args: Args) -> Json:
    """bots.info."""
    app = context.workspace.app
    if args.text("bot", app.bot_id) != app.bot_id:
        raise SlackError("bot_not_found")
    bot = {
        "id": app.bot_id,
        "app_id": app.id,
        "user_id": app.user_id,
        "name": context.bot.real_name,
        "deleted": False,
        "updated": 0,
        "icons": {},
    }
    return {"bot": bot}


_USERS = ("users:read",)
_GROUPS = ("usergroups:read",)
METHODS: Mapping[str, Method] = {
    "api.test": Method(handler=test_api, tier=0, token=TokenKind.NONE),
    "auth.test": Method(handler=test_auth, tier=0),
    "apps.connections.open": Method(handler=open_connection, tier=1, token=TokenKind.APP),
    "users.info": Method(handler=user_info, scopes=_USERS, tier=100),
    "users.list": Method(handler=list_users, scopes=_USERS, tier=20),
    "users.conversations": Method(handler=users_conversations, tier=50),
    "usergroups.list": Method(handler=list_usergroups, scopes=_GROUPS, tier=20),
    "usergroups.users.list": Method(handler=usergroup_users, scopes=_GROUPS, tier=20),
    "team.info": Method(handler=team_info, scopes=("team:read",), tier=50),
    "bots.info": Method(handler=bot_info, scopes=_USERS, tier=50),
}
