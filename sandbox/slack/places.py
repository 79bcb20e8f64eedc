"""What can be done with channels, by a person or by the app: one implementation for both."""

import re
import unicodedata

from sandbox.slack.events import Events
from sandbox.slack.posts import Draft, Posts
from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.workspace import Channel, ChannelKind, User, Workspace

_MOST_NAME = 80
_MOST_TOPIC = 250
_PUNCTUATION_ONLY = re.compile(r"[-_]+")


def check_name(name: str) -> None:
    """Slack's rules for a channel's name. Raises `invalid_name_*`."""
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > _MOST_NAME:
        raise SlackError("invalid_name_maxlength")
    if not all(_allowed(character) for character in name):
        raise SlackError("invalid_name_specials")
    if _PUNCTUATION_ONLY.fullmatch(name):
        raise SlackError("invalid_name_punctuation")


def _allowed(character: str) -> bool:
    if character.isascii():
        return character in "-_" or character.isdigit() or "a" <= character <= "z"
    return unicodedata.category(character) in ("Ll", "Lo", "Lm", "Mn", "Mc", "Nd")


class Places:
    """Channels and who is in them. Every method is to be called with the lock held."""

    def __init__(self, workspace: Workspace, events: Events, posts: Posts) -> None:
        self._workspace = workspace
        self._events = events
        self._posts = posts

    def create(self, name: str, creator: User, *, private: bool) -> Channel:
        """A new channel with its creator in it. Raises `name_taken`, `invalid_name_*`."""
        check_name(name)
        self._refuse_taken(name)
        channel = Channel(
            id=new_id("C"),
            name=name,
            kind=ChannelKind.PRIVATE if private else ChannelKind.PUBLIC,
            creator=creator.id,
            created=self._workspace.seconds(),
        )
        self._workspace.channels[channel.id] = channel
        if not private:
            news = self._reference(channel) | {"creator": creator.id, "is_channel": True}
            self._events.happened({"type": "channel_created", "channel": news}, channel)
        self.join(channel, creator)
        return channel

    def _refuse_taken(self, name: str) -> None:
        if self._workspace.find_channel(name) is not None:
            raise SlackError("name_taken")

    def join(self, channel: Channel, user: User, *, inviter: User | None = None) -> None:
        """Add a member and tell of it. The caller has checked that they are not in it yet."""
        channel.members.append(user.id)
        by: Json = {"inviter": inviter.id} if inviter is not None else {}
        event = {
            "type": "member_joined_channel",
            "user": user.id,
            "channel": channel.id,
            "channel_type": "C" if channel.kind is ChannelKind.PUBLIC else "G",
            "team": self._workspace.team_id,
            **by,
        }
        self._events.happened(event, channel)
        self._note(channel, user, "channel_join", f"<@{user.id}> has joined the channel", **by)

    def leave(self, channel: Channel, user: User) -> None:
        """Remove a member and tell of it."""
        event = {
            "type": "member_left_channel",
            "user": user.id,
            "channel": channel.id,
            "channel_type": "C" if channel.kind is ChannelKind.PUBLIC else "G",
            "team": self._workspace.team_id,
        }
        self._events.happened(event, channel)
        self._note(channel, user, "channel_leave", f"<@{user.id}> has left the channel")
        channel.members.remove(user.id)
        self._workspace.touch()

    def set_topic(self, channel: Channel, user: User, topic: str) -> None:
        """Set the topic. Raises `too_long`."""
        channel.topic = self._heading(topic, user)
        text = f"<@{user.id}> set the channel topic: {topic}"
        self._note(channel, user, "channel_topic", text, topic=topic)

    def set_purpose(self, channel: Channel, user: User, purpose: str) -> None:
        """Set the description. Raises `too_long`."""
        channel.purpose = self._heading(purpose, user)
        text = f"<@{user.id}> set the channel description: {purpose}"
        self._note(channel, user, "channel_purpose", text, purpose=purpose)

    def _heading(self, value: str, user: User) -> Json:
        if len(value) > _MOST_TOPIC:
            raise SlackError("too_long")
        return {"value": value, "creator": user.id, "last_set": self._workspace.seconds()}

    def archive(self, channel: Channel, user: User) -> None:
        """Archive. Raises `already_archived`, `cant_archive_general`."""
        if channel.is_archived:
            raise SlackError("already_archived")
        if channel.is_general:
            raise SlackError("cant_archive_general")
        self._note(channel, user, "channel_archive", f"<@{user.id}> archived the channel")
        channel.is_archived = True
        self._life(channel, "archive", {"channel": channel.id, "user": user.id})
        # Slack puts bots out of an archived channel: they can neither read nor bring back what they
        # archived (docs of conversations.unarchive; slack-go/slack#1066; elastic/connectors#1972).
        channel.members = [
            member for member in channel.members if not self._workspace.users[member].is_bot
        ]

    def unarchive(self, channel: Channel, user: User) -> None:
        """Bring back. Raises `not_archived`."""
        if not channel.is_archived:
            raise SlackError("not_archived")
        channel.is_archived = False
        self._note(channel, user, "channel_unarchive", f"<@{user.id}> un-archived the channel")
        self._life(channel, "unarchive", {"channel": channel.id, "user": user.id})

    def rename(self, channel: Channel, user: User, name: str) -> None:
        """Rename. Raises `name_taken`, `invalid_name_*`."""
        check_name(name)
        self._refuse_taken(name)
        old, channel.name = channel.name, name
        channel.previous_names.append(old)
        text = f'<@{user.id}> has renamed the channel from "{old}" to "{name}"'
        self._note(channel, user, "channel_name", text, old_name=old, name=name)
        self._life(channel, "rename", {"channel": self._reference(channel)})

    def _life(self, channel: Channel, what: str, details: Json) -> None:
        stem = "channel" if channel.kind is ChannelKind.PUBLIC else "group"
        self._workspace.touch()
        self._events.happened({"type": f"{stem}_{what}", **details}, channel)

    def _note(self, channel: Channel, user: User, subtype: str, text: str, **extra: str) -> None:
        self._posts.post(channel, user, Draft(text=text, subtype=subtype, extra=dict(extra)))

    def _reference(self, channel: Channel) -> Json:
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "created": channel.created,
            "context_team_id": self._workspace.team_id,
        }
