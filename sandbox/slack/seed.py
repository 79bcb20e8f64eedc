"""The initial practice workspace: six people, a bot and three channels."""

import secrets

from sandbox.slack.manifest import Manifest
from sandbox.slack.values import Clock, new_id
from sandbox.slack.workspace import App, Channel, ChannelKind, User, UserGroup, Workspace

_PEOPLE = (
    ("ana", "Ana Ribeiro", "America/Los_Angeles", "e96699"),
    ("ben", "Ben Okafor", "America/Los_Angeles", "2b6836"),
    ("chidi", "Chidi Nwosu", "America/New_York", "3c8c69"),
    ("dora", "Dora Lindqvist", "Europe/Berlin", "674b1b"),
    ("emi", "Emi Tanaka", "Asia/Tokyo", "9b3b45"),
)
_GUEST = ("gus", "Gus Moreau", "Europe/Paris", "50a0cf")


def new_workspace(manifest: Manifest, clock: Clock) -> Workspace:
    """Returns a new team with its people, channels and new tokens."""
    app = App(
        id=new_id("A"),
        bot_id=new_id("B"),
        user_id=new_id("U"),
        bot_token="xoxb-" + secrets.token_hex(16),
        app_token="xapp-1-" + secrets.token_hex(16),
        signing_secret=secrets.token_hex(16),
        verification_token=secrets.token_hex(12),
    )
    workspace = Workspace(team_id=new_id("T"), team_name="Practice", app=app, clock=clock)
    workspace.users[app.user_id] = User(
        id=app.user_id,
        name=manifest.bot_name,
        real_name=manifest.bot_name,
        is_bot=True,
        color="e0a729",
    )
    people = [
        User(id=new_id("U"), name=name, real_name=real_name, tz=tz, color=color, is_admin=at == 0)
        for at, (name, real_name, tz, color) in enumerate(_PEOPLE)
    ]
    name, real_name, tz, color = _GUEST
    guest = User(
        id=new_id("U"), name=name, real_name=real_name, tz=tz, color=color, is_restricted=True
    )
    for person in (*people, guest):
        workspace.users[person.id] = person
    staff = [person.id for person in people]
    _add_channel(workspace, "general", [*staff, app.user_id], is_general=True)
    _add_channel(workspace, "hub-ops", [*staff, guest.id, app.user_id])
    _add_channel(workspace, "incidents", [*staff, app.user_id])
    group = UserGroup(id=new_id("S"), handle="oncall", name="On call", users=staff[:2])
    workspace.usergroups[group.id] = group
    return workspace


def _add_channel(
    workspace: Workspace, name: str, members: list[str], *, is_general: bool = False
) -> None:
    channel = Channel(
        id=new_id("C"),
        name=name,
        kind=ChannelKind.PUBLIC,
        creator=members[0],
        created=workspace.seconds(),
        members=members,
        is_general=is_general,
    )
    workspace.channels[channel.id] = channel
