"""A person's actions in the workspace, for tests, drills and the page."""

import copy
import functools
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from sandbox.slack.mrkdwn import typed
from sandbox.slack.parts import Parts
from sandbox.slack.posts import Draft
from sandbox.slack.values import Json, PersonError, SlackError, Upload, new_id, parse_ts
from sandbox.slack.workspace import Channel, ChannelKind, File, User

P = ParamSpec("P")
R = TypeVar("R")


def _by_hand(verb: Callable[Concatenate["Person", P], R]) -> Callable[Concatenate["Person", P], R]:
    """Run a verb under the workspace's lock, and turn Slack errors into sentences."""

    @functools.wraps(verb)
    def held(person: "Person", /, *args: P.args, **kwargs: P.kwargs) -> R:
        with person.parts.workspace.lock:
            try:
                return verb(person, *args, **kwargs)
            except SlackError as error:
                raise PersonError(f"Slack refused this: {error.code}.") from error

    return held


class Person:
    """One person. Channels are given by name or id; every verb raises PersonError when refused."""

    def __init__(self, parts: Parts, user_id: str) -> None:
        self.parts = parts
        self.id = user_id

    @property
    def user(self) -> User:
        """The user object."""
        return self.parts.workspace.users[self.id]

    @property
    def name(self) -> str:
        """The user name."""
        return self.user.name

    # Messages.

    @_by_hand
    def say(
        self,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        files: Sequence[Upload] = (),
        broadcast: bool = False,
    ) -> str:
        """Post a message or a reply, returns its ts. `broadcast` sends it to the channel too."""
        place = self._member(channel)
        to_the_app = self.parts.workspace.app.user_id in place.members
        if place.kind is ChannelKind.IM and to_the_app and self.parts.manifest.read_only:
            raise PersonError("Sending messages to this app has been turned off.")
        subtype = None
        if text.startswith("/me "):
            text, subtype = text.removeprefix("/me "), "me_message"
        elif text.startswith("/"):
            why = "is a slash command: it is run, not said."
            why = "is not supported in threads. Sorry!" if thread_ts else why
            raise PersonError(f"{text.split()[0]} {why}")
        if not text.strip() and not files:
            raise PersonError("Type a message first.")
        draft = Draft(
            text=typed(text, self.parts.workspace),
            thread_ts=thread_ts,
            files=[self._store(upload, place.id) for upload in files],
            subtype=subtype,
            broadcast=broadcast,
            extra={"client_msg_id": str(uuid.uuid4())},
        )
        return str(self.parts.posts.post(place, self.user, draft)["ts"])

    @_by_hand
    def forward(self, channel: str, ts: str, to: str, text: str = "") -> str:
        """Forward a message to a channel with a comment, returns its ts."""
        source, message = self._message(channel, ts)
        shared = {"is_share": True, "is_msg_unfurl": True, "channel_id": source.id, "ts": ts}
        shared |= {"author_id": message["user"], "text": message["text"]}
        shared["message_blocks"] = [{"message": {"blocks": message.get("blocks", [])}}]
        shared |= {key: message[key] for key in ("attachments", "files") if key in message}
        draft = Draft(text=typed(text, self.parts.workspace), attachments=[shared])
        return str(self.parts.posts.post(self._member(to), self.user, draft)["ts"])

    def command(self, channel: str, line: str) -> Json | None:
        """Run a slash command, Slack's own or the app's; returns the app's reply, if any."""
        name, _, whom = line.strip().partition(" ")
        if name == "/archive":
            self.archive(channel)
            return None
        if own := {"/invite": self.invite, "/remove": self.remove}.get(name):
            own(channel, whom.strip())
            return None
        with self.parts.workspace.lock:
            place = self._channel(channel)
        return self.parts.interactions.command(self.user, place, line)

    def _store(self, upload: Upload, channel_id: str) -> File:
        workspace = self.parts.workspace
        file = File(
            id=new_id("F"),
            name=upload.name,
            mimetype=upload.mimetype,
            user=self.id,
            created=workspace.seconds(),
            content=upload.content,
            completed=True,
            channels=[channel_id],
        )
        workspace.files[file.id] = file
        return file

    @_by_hand
    def edit(self, channel: str, ts: str, text: str) -> None:
        """Edit one's own message."""
        place, message = self._message(channel, ts)
        if message.get("user") != self.id:
            raise PersonError("You can edit only your own messages.")
        changes = {"text": typed(text, self.parts.workspace)}
        self.parts.posts.edit(place, message, changes, editor=self.id)

    @_by_hand
    def delete(self, channel: str, ts: str) -> None:
        """Delete one's own message; admins may delete any."""
        place, message = self._message(channel, ts)
        if message.get("user") != self.id and not self.user.is_admin:
            raise PersonError("You can delete only your own messages.")
        self.parts.posts.delete(place, message)

    @_by_hand
    def react(self, channel: str, ts: str, name: str) -> None:
        """Add an emoji reaction."""
        place, message = self._message(channel, ts)
        self.parts.posts.react(place, message, self.user, name)

    @_by_hand
    def unreact(self, channel: str, ts: str, name: str) -> None:
        """Remove an emoji reaction."""
        place, message = self._message(channel, ts)
        self.parts.posts.unreact(place, message, self.user, name)

    @_by_hand
    def pin(self, channel: str, ts: str) -> None:
        """Pin a message to its channel."""
        place, message = self._message(channel, ts)
        self.parts.posts.pin(place, message, self.user)

    @_by_hand
    def unpin(self, channel: str, ts: str) -> None:
        """Unpin a message."""
        place, message = self._message(channel, ts)
        self.parts.posts.unpin(place, message)

    # Channels.

    @_by_hand
    def create_channel(self, name: str, private: bool = False) -> str:
        """Make a channel; returns its id."""
        if self.user.is_restricted:
            raise PersonError("Guests cannot create channels.")
        return self.parts.channels.create(name, self.user, private=private).id

    @_by_hand
    def join(self, channel: str) -> None:
        """Join a public channel."""
        place = self._channel(channel)
        if place.is_archived:
            raise PersonError(f"#{place.name} is archived.")
        if self.id not in place.members:
            self.parts.channels.join(place, self.user)

    @_by_hand
    def invite(self, channel: str, who: str) -> None:
        """Invite another person, or the bot, into a channel one is in."""
        place = self._member(channel)
        guest = self.parts.workspace.find_user(who)
        if guest is None:
            raise PersonError(f"There is nobody called {who} here.")
        if guest.id not in place.members:
            self.parts.channels.join(place, guest, inviter=self.user)

    @_by_hand
    def archive(self, channel: str) -> None:
        """Archive a channel."""
        self.parts.channels.archive(self._member(channel), self.user)

    @_by_hand
    def change_channel(self, channel: str, verb: str, *values: str) -> None:
        """`unarchive`, `delete`, `make_private` or `rename` a channel, as admins may."""
        getattr(self.parts.channels, verb)(self._channel(channel), self.user, *values)

    @_by_hand
    def remove(self, channel: str, who: str) -> None:
        """Remove another person, or the bot, from a channel."""
        other = self.parts.workspace.find_user(who) or self.user
        self.parts.channels.leave(self._member(channel), other)

    # Interactions.

    def press(
        self,
        channel: str,
        ts: str,
        action_id: str,
        block_id: str | None = None,
        values: Mapping[str, Any] | None = None,
        **choice: Any,
    ) -> None:
        """Press a button, or choose from a menu with `value=` (the option's value).

        `values` are the states of the message's other inputs.
        """
        what = (self._at(channel, ts), action_id, block_id, choice, values or {})
        self.parts.interactions.press(self.user, *what)

    def view_press(
        self,
        view_id: str,
        action_id: str,
        block_id: str | None = None,
        values: Mapping[str, Any] | None = None,
        **choice: Any,
    ) -> None:
        """Press or choose inside a modal or Home; `values` are the states of the inputs."""
        what = (view_id, action_id, block_id, choice, values or {})
        self.parts.interactions.press(self.user, *what)

    def suggest(
        self, where: str | tuple[str, str], action_id: str, typed: str, block_id: str | None = None
    ) -> list[Json]:
        """Returns the option groups that the app offers for a text.

        `where` is a modal or Home by its view id, or a message by its channel and ts.
        """
        place = where if isinstance(where, str) else self._at(*where)
        return self.parts.interactions.suggest(self.user, place, action_id, block_id, typed)

    @_by_hand
    def _at(self, channel: str, ts: str) -> tuple[Channel, str]:
        return self._channel(channel), ts

    def submit(self, view_id: str, values: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Submit a modal; returns errors by block_id, empty if accepted.

        `values` has the shape of view.state.values, or `{block_id: value}`.
        """
        return self.parts.interactions.submit(self.user, view_id, values or {})

    def close_view(self, view_id: str) -> None:
        """Close a modal."""
        self.parts.interactions.close_view(self.user, view_id)

    def shortcut(self, callback_id: str, channel: str | None = None, ts: str = "") -> None:
        """Use a message shortcut (with channel and ts) or a global one."""
        with self.parts.workspace.lock:
            place = self._channel(channel) if channel is not None else None
        self.parts.interactions.shortcut(self.user, callback_id, place, ts)

    @_by_hand
    def open_home(self, tab: str = "home") -> str:
        """Open the app at its `home` or its `messages` tab; returns the conversation's id."""
        if tab not in ("home", "messages"):
            raise PersonError(f"An app has no tab called {tab}.")
        workspace = self.parts.workspace
        direct = workspace.direct_channel(self.id)
        event: Json = {"type": "app_home_opened", "user": self.id, "channel": direct.id, "tab": tab}
        home = self.parts.modals.home(self.id)
        if home is not None and tab == "home":
            event["view"] = self.parts.modals.payload(home)
        workspace.touch()
        self.parts.events.emit(event, direct)
        return direct.id

    # Reads.

    @_by_hand
    def views(self) -> list[Json]:
        """Returns the open modals with their `errors`, the one on top last."""
        modals = self.parts.modals
        views = modals.opened(self.id)
        return [{**modals.payload(view), "errors": dict(view.errors)} for view in views]

    @_by_hand
    def home(self) -> Json | None:
        """The Home tab, if the app has published one."""
        view = self.parts.modals.home(self.id)
        return None if view is None else self.parts.modals.payload(view)

    @_by_hand
    def channels(self) -> list[Channel]:
        """The conversations they can see."""
        return [c for c in self.parts.workspace.channels.values() if self.sees(c)]

    def sees(self, channel: Channel) -> bool:
        """Whether they can see a conversation: their own, and public ones unless a guest."""
        if self.id in channel.members:
            return True
        return channel.kind is ChannelKind.PUBLIC and not self.user.is_restricted

    @_by_hand
    def messages(self, channel: str) -> list[Json]:
        """All they see in a channel, ascending, with replies and ephemeral messages."""
        place = self._channel(channel)
        workspace = self.parts.workspace
        ephemeral = workspace.ephemerals.get(self.id, {}).get(place.id, [])
        views = [workspace.message_view(place, message) for message in place.messages.values()]
        everything = [*views, *ephemeral]
        return copy.deepcopy(sorted(everything, key=lambda message: parse_ts(message["ts"])))

    def _channel(self, channel: str) -> Channel:
        place = self.parts.workspace.find_channel(channel)
        if place is None or not self.sees(place):
            raise PersonError(f"There is no channel {channel} that {self.name} can see.")
        return place

    def _member(self, channel: str) -> Channel:
        place = self._channel(channel)
        if place.is_archived:
            raise PersonError(f"#{place.name} is archived.")
        if self.id not in place.members:
            raise PersonError(f"Join #{place.name} first.")
        return place

    def _message(self, channel: str, ts: str) -> tuple[Channel, Json]:
        place = self._member(channel)
        message = place.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise PersonError("This message is gone.")
        return place, message
