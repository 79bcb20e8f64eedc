"""auth.*, apps.*, users.* and usergroups.*: users, groups, and socket URLs."""

from collections.abc import Mapping

from sandbox.slack.values import Json, SlackError
from sandbox.slack.web_api.context import Args, Context, Method, TokenKind
from sandbox.slack.workspace import User


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


def bot_info(context: Context, args: Args) -> Json:
    """bots.info, of this app's bot."""
    app = context.workspace.app
    if args.text("bot") != app.bot_id:
        raise SlackError("bot_not_found")
    return {"bot": {"id": app.bot_id, "app_id": app.id, "user_id": app.user_id}}


def open_connection(context: Context, args: Args) -> Json:
    """apps.connections.open: a URL for one Socket Mode connection."""
    base = context.url.replace("http://", "ws://", 1)
    ticket = context.socket.new_ticket()
    return {"url": f"{base}socket?ticket={ticket}&app_id={context.workspace.app.id}"}


def user_view(context: Context, user: User) -> Json:
    """A user object."""
    return {
        "id": user.id,
        "team_id": user.home_team or context.workspace.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "color": user.color,
        "real_name": user.real_name,
        "tz": user.tz,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.name,
            "team": context.workspace.team_id,
        },
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_bot": user.is_bot,
    }


def user_info(context: Context, args: Args) -> Json:
    """users.info."""
    return {"user": user_view(context, context.user(args.text("user")))}


def usergroup_users(context: Context, args: Args) -> Json:
    """usergroups.users.list."""
    group = context.workspace.usergroups.get(args.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def list_usergroups(context: Context, args: Args) -> Json:
    """usergroups.list."""
    groups = context.workspace.usergroups.values()
    return {"usergroups": [{"id": g.id, "handle": g.handle, "name": g.name} for g in groups]}


def find_by_email(context: Context, args: Args) -> Json:
    """users.lookupByEmail. The address of a person is their name at example.org."""
    name, _, domain = args.required("email").casefold().partition("@")
    found = [
        user
        for user in context.workspace.users.values()
        if (user.name.casefold(), domain) == (name, "example.org")
        and not (user.deleted or user.is_bot)
    ]
    if not found:
        raise SlackError("users_not_found")
    return {"user": user_view(context, found[0])}


METHODS: Mapping[str, Method] = {
    "auth.test": Method(handler=test_auth, tier=0),
    "bots.info": Method(handler=bot_info, scopes=("users:read",), tier=50),
    "apps.connections.open": Method(handler=open_connection, tier=1, token=TokenKind.APP),
    "users.info": Method(handler=user_info, scopes=("users:read",), tier=100),
    "users.lookupByEmail": Method(handler=find_by_email, scopes=("users:read.email",), tier=50),
    "usergroups.list": Method(handler=list_usergroups, scopes=("usergroups:read",), tier=20),
    "usergroups.users.list": Method(handler=usergroup_users, scopes=("usergroups:read",), tier=20),
}
