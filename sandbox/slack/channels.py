"""Changes to channels and their members, by a person or by the app."""

import unicodedata

from sandbox.slack.events import Events
from sandbox.slack.posts import Draft, Posts
from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.workspace import Channel, ChannelKind, User, Workspace

_MOST_NAME = 80
_MOST_TOPIC = 250


def _allowed(character: str) -> bool:
    if character.isascii():
        return character in "-_" or character.isdigit() or "a" <= character <= "z"
    return unicodedata.category(character) in ("Ll", "Lo", "Lm", "Mn", "Mc", "Nd")


class Channels:
    """Channels and their members. Hold the workspace's lock for every method."""

    def __init__(self, workspace: Workspace, events: Events, posts: Posts) -> None:
        self._workspace = workspace
        self._events = events
        self._posts = posts

    def create(self, name: str, creator: User, *, private: bool) -> Channel:
        """Create a channel with its creator. Raises `name_taken`, `invalid_name_*`."""
        self._check_name(name)
        channel = Channel(
            id=new_id("C"),
            name=name,
            kind=ChannelKind.PRIVATE if private else ChannelKind.PUBLIC,
            creator=creator.id,
            created=self._workspace.seconds(),
        )
        self._workspace.channels[channel.id] = channel
        self.join(channel, creator)
        return channel

    def join(self, channel: Channel, user: User, *, inviter: User | None = None) -> None:
        """Add a member. The caller checks that they are not in it yet."""
        channel.members.append(user.id)
        by: Json = {"inviter": inviter.id} if inviter is not None else {}
        self._membership("member_joined_channel", channel, user, **by)
        self._note(channel, user, "channel_join", f"<@{user.id}> has joined the channel", **by)

    def leave(self, channel: Channel, user: User) -> None:
        """Remove a member. An app gets `channel_left` for its own bot instead (bolt-js#1847)."""
        if user.id == self._workspace.app.user_id:
            self._changed("left", channel)
        else:
            self._membership("member_left_channel", channel, user)
        self._note(channel, user, "channel_leave", f"<@{user.id}> has left the channel")
        channel.members.remove(user.id)
        self._workspace.touch()

    def _changed(self, what: str, channel: Channel, **rest: str) -> None:
        """Send the event about a channel itself; the events of private ones begin with `group_`."""
        kind = f"{'group' if channel.is_private else 'channel'}_{what}"
        place = {"id": channel.id, "name": channel.name} if what == "rename" else channel.id
        self._events.emit({"type": kind, "channel": place, **rest}, channel)

    def _membership(self, kind: str, channel: Channel, user: User, **rest: str) -> None:
        event = {
            "type": kind,
            "user": user.id,
            "channel": channel.id,
            "channel_type": "C" if channel.kind is ChannelKind.PUBLIC else "G",
            "team": self._workspace.team_id,
            **rest,
        }
        self._events.emit(event, channel)

    def set_topic(self, channel: Channel, user: User, topic: str) -> None:
        """Set the topic. Raises `too_long`."""
        if len(topic) > _MOST_TOPIC:
            raise SlackError("too_long")
        now = self._workspace.seconds()
        channel.topic = {"value": topic, "creator": user.id, "last_set": now}
        text = f"<@{user.id}> set the channel topic: {topic}"
        self._note(channel, user, "channel_topic", text, topic=topic)

    def archive(self, channel: Channel, user: User) -> None:
        """Archive. Raises `already_archived`, `cant_archive_general`."""
        if channel.is_archived:
            raise SlackError("already_archived")
        if channel.is_general:
            raise SlackError("cant_archive_general")
        self._note(channel, user, "channel_archive", f"<@{user.id}> archived the channel")
        channel.is_archived = True
        self._changed("archive", channel, user=user.id)
        # Slack removes bots from an archived channel: they can neither read nor unarchive it
        # (docs of conversations.unarchive; slack-go/slack#1066; elastic/connectors#1972).
        channel.members = [
            member for member in channel.members if not self._workspace.users[member].is_bot
        ]

    def unarchive(self, channel: Channel, user: User) -> None:
        """Unarchive, without the bots that archiving removed."""
        channel.is_archived = False
        self._note(channel, user, "channel_unarchive", f"<@{user.id}> un-archived the channel")
        self._changed("unarchive", channel, user=user.id)

    def delete(self, channel: Channel, _user: User) -> None:
        """Delete the channel with its messages."""
        self._changed("deleted", channel)
        del self._workspace.channels[channel.id]
        self._workspace.touch()

    def make_private(self, channel: Channel, user: User) -> None:
        """Make a public channel private; its members stay."""
        channel.kind = ChannelKind.PRIVATE
        self._note(channel, user, "channel_convert_to_private", "made this channel *private*")

    def rename(self, channel: Channel, user: User, name: str) -> None:
        """Rename. Raises `name_taken`, `invalid_name_*`."""
        self._check_name(name)
        channel.name = name
        self._note(channel, user, "channel_name", f"<@{user.id}> has renamed the channel")
        self._changed("rename", channel)

    def _check_name(self, name: str) -> None:
        if not name:
            raise SlackError("invalid_name_required")
        if len(name) > _MOST_NAME:
            raise SlackError("invalid_name_maxlength")
        if not all(map(_allowed, name)):
            raise SlackError("invalid_name_specials")
        if not name.strip("-_"):
            raise SlackError("invalid_name_punctuation")
        if self._workspace.find_channel(name) is not None:
            raise SlackError("name_taken")

    def _note(self, channel: Channel, user: User, subtype: str, text: str, **extra: str) -> None:
        self._posts.post(channel, user, Draft(text=text, subtype=subtype, extra=dict(extra)))
