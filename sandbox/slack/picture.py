"""The workspace as one person sees it, for the page to draw."""

import copy

from sandbox.slack.deliveries import Outbox
from sandbox.slack.person import Person
from sandbox.slack.values import Json, parse_ts
from sandbox.slack.workspace import Channel, ChannelKind


def picture(person: Person, outbox: Outbox) -> Json:
    """The answer of GET /_sandbox/state. Call with the workspace's lock held."""
    parts = person.parts
    workspace = parts.workspace
    places = person.channels()
    users = [
        {
            "id": user.id,
            "name": user.name,
            "real_name": user.real_name,
            "tz": user.tz,
            "is_bot": user.is_bot,
            "is_restricted": user.is_restricted,
            "is_ultra_restricted": user.is_ultra_restricted,
            "color": user.color,
        }
        for user in workspace.users.values()
    ]
    commands = [
        {"command": item.command, "hint": item.usage_hint, "description": item.description}
        for item in parts.manifest.commands
    ]
    return {
        "version": workspace.version,
        "now": workspace.now().isoformat(),
        "team": {"name": workspace.team_name},
        "me": person.id,
        "users": users,
        "commands": commands,
        "message_shortcuts": _shortcuts(person, on_message=True),
        "global_shortcuts": _shortcuts(person, on_message=False),
        "usergroups": [
            {"id": group.id, "handle": group.handle, "name": group.name}
            for group in workspace.usergroups.values()
        ],
        "bot_connected": outbox.connected,
        "channels": [_channel(person, place) for place in places],
        "messages": {place.id: person.messages(place.id) for place in places},
        "views": person.views(),
        "app": {
            "user": workspace.app.user_id,
            "home": parts.manifest.home,
            "read_only": parts.manifest.read_only,
        },
        "home": person.home(),
    }


def _shortcuts(person: Person, *, on_message: bool) -> list[Json]:
    return [
        {"callback_id": item.callback_id, "name": item.name}
        for item in person.parts.manifest.shortcuts
        if item.on_message is on_message
    ]


def _channel(person: Person, channel: Channel) -> Json:
    users = person.parts.workspace.users
    others = [users[member].name for member in channel.members if member != person.id]
    return {
        "id": channel.id,
        "name": channel.name or ", ".join(others),
        **_direct(person, channel),
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "is_member": person.id in channel.members,
        "topic": channel.topic["value"],
        "purpose": channel.purpose["value"],
        "members": list(channel.members),
        "pins": [pin["ts"] for pin in channel.pins],
        "bookmarks": copy.deepcopy(channel.bookmarks),
        "unread": _unread(person, channel),
        "mentions": _mentions(person, channel),
    }


def _direct(person: Person, channel: Channel) -> Json:
    if channel.kind is not ChannelKind.IM:
        return {}
    others = [member for member in channel.members if member != person.id]
    return {"is_im": True, "user": (others or [person.id])[0]}


def _unread(person: Person, channel: Channel) -> int:
    return sum(
        1
        for message in _news(person, channel)
        if message.get("thread_ts", message["ts"]) == message["ts"]
    )


def _mentions(person: Person, channel: Channel) -> int:
    """How many unread messages are for this person: by name, by group, or to everybody here."""
    if channel.kind is ChannelKind.IM:
        return _unread(person, channel)
    groups = person.parts.workspace.usergroups.values()
    marks = (
        f"<@{person.id}>",
        "<!here",
        "<!channel",
        "<!everyone",
        *(f"<!subteam^{group.id}" for group in groups if person.id in group.users),
    )
    return sum(
        1 for message in _news(person, channel) if any(mark in message["text"] for mark in marks)
    )


def _news(person: Person, channel: Channel) -> list[Json]:
    """What others wrote since this person looked last; replies in threads too."""
    if person.id not in channel.members:
        return []
    read = parse_ts(person.parts.workspace.reads.get(person.id, {}).get(channel.id, "0"))
    return [
        message
        for message in channel.messages.values()
        if message.get("user") != person.id and parse_ts(message["ts"]) > read
    ]
