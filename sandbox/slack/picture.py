"""The workspace as one person sees it, for the page."""

from collections.abc import Iterable
from typing import Any

from sandbox.slack.deliveries import Outbox
from sandbox.slack.person import Person
from sandbox.slack.values import Json
from sandbox.slack.workspace import Channel, ChannelKind


def picture(person: Person, outbox: Outbox) -> Json:
    """The answer of GET /_sandbox/state. Call with the workspace's lock held."""
    parts = person.parts
    workspace, manifest = parts.workspace, parts.manifest
    places = person.channels()
    return {
        "version": workspace.version,
        "now": workspace.now().isoformat(),
        "team": {"name": workspace.team_name},
        "me": person.id,
        "users": _fields(workspace.users.values()),
        "usergroups": _fields(workspace.usergroups.values()),
        "commands": _fields(manifest.commands),
        "message_shortcuts": _fields(item for item in manifest.shortcuts if item.on_message),
        "global_shortcuts": _fields(item for item in manifest.shortcuts if not item.on_message),
        "bot_connected": outbox.connected,
        "channels": [_channel(person, place) for place in places],
        "messages": {place.id: person.messages(place.id) for place in places},
        "views": person.views(),
        "app": {
            "user": workspace.app.user_id,
            "home": manifest.home,
            "read_only": manifest.read_only,
        },
        "home": person.home(),
    }


def _fields(items: Iterable[Any]) -> list[Json]:
    return [vars(item) for item in items]


def _channel(person: Person, channel: Channel) -> Json:
    others = [member for member in channel.members if member != person.id]
    users = person.parts.workspace.users
    seen = {key: value for key, value in vars(channel).items() if key != "messages"}
    seen |= {"is_private": channel.is_private, "is_member": person.id in channel.members}
    if channel.kind is ChannelKind.IM:
        name = ", ".join(users[member].name for member in others)
        seen |= {"name": name, "is_im": True, "user": (others or [person.id])[0]}
    return seen
