"""Changes to messages, reactions and pins, by a person or the app, and their events.

The callers check what differs for each: edit rights and error names.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from sandbox.slack.events import Events
from sandbox.slack.payloads import channel_type
from sandbox.slack.values import Json, SlackError
from sandbox.slack.workspace import Channel, File, User, Workspace


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message to be posted. `extra` is added to the stored message."""

    text: str = ""
    blocks: Sequence[Json] = ()
    attachments: Sequence[Json] = ()
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: Json | None = None
    files: Sequence[File] = ()
    subtype: str | None = None
    extra: Json = field(default_factory=dict)


class Posts:
    """Messages, reactions and pins. Hold the workspace's lock for every method."""

    def __init__(self, workspace: Workspace, events: Events) -> None:
        self._workspace = workspace
        self._events = events
        self.files_url = ""

    def post(self, channel: Channel, author: User, draft: Draft) -> Json:
        """Store a new message. Raises `thread_not_found`."""
        message = self.compose(author, draft, self._workspace.next_ts())
        if draft.thread_ts is not None:
            self._join_thread(channel, message, draft)
        channel.messages[message["ts"]] = message
        self._workspace.touch()
        shown = copy.deepcopy(self._workspace.message_view(channel, message))
        self._emit(channel, {**shown, "event_ts": message["ts"]})
        return message

    def compose(self, author: User, draft: Draft, ts: str) -> Json:
        """The stored form of a message."""
        message: Json = {"type": "message", "text": draft.text, "ts": ts}
        if draft.subtype is not None:
            message["subtype"] = draft.subtype
        message["user"] = author.id
        message["team"] = author.home_team or self._workspace.team_id
        if author.is_bot:
            app = self._workspace.app
            message |= {
                "bot_id": app.bot_id,
                "app_id": app.id,
                "bot_profile": {
                    "id": app.bot_id,
                    "app_id": app.id,
                    "user_id": app.user_id,
                    "name": author.real_name,
                    "deleted": False,
                    "team_id": self._workspace.team_id,
                },
            }
        if draft.blocks:
            message["blocks"] = list(draft.blocks)
        if draft.attachments:
            message["attachments"] = list(draft.attachments)
        if draft.metadata is not None:
            message["metadata"] = draft.metadata
        if draft.files:
            message["files"] = [self.file_view(file) for file in draft.files]
            message.setdefault("subtype", "file_share")
            message["upload"] = False
        return message | draft.extra

    def _join_thread(self, channel: Channel, message: Json, draft: Draft) -> None:
        parent = channel.messages.get(str(draft.thread_ts))
        if parent is None:
            raise SlackError("thread_not_found")
        message["thread_ts"] = parent.setdefault("thread_ts", parent["ts"])
        if draft.broadcast:
            message["subtype"] = "thread_broadcast"
            message["root"] = {key: parent[key] for key in ("type", "ts", "text", "user")}

    def edit(self, channel: Channel, message: Json, changes: Json, editor: str) -> None:
        """Change a message in place; it is marked as edited if there is an editor."""
        previous = copy.deepcopy(message)
        message |= changes
        if not message.get("metadata", True):
            del message["metadata"]
        if editor:
            message["edited"] = {"user": editor, "ts": self._workspace.next_ts()}
        self._workspace.touch()
        self._emit_changed(channel, message, previous)

    def delete(self, channel: Channel, message: Json) -> None:
        """Remove a message. A parent with replies leaves a tombstone, as in Slack."""
        previous = copy.deepcopy(message)
        ts = message["ts"]
        channel.pins = [pin for pin in channel.pins if pin["ts"] != ts]
        if channel.replies(ts):
            tombstone = {
                "type": "message",
                "subtype": "tombstone",
                "text": "This message was deleted.",
                "user": "USLACKBOT",
                "hidden": True,
                "ts": ts,
                "thread_ts": ts,
                "parent_user_id": "USLACKBOT",
            }
            channel.messages[ts] = tombstone
            self._workspace.touch()
            self._emit_changed(channel, tombstone, previous)
            return
        del channel.messages[ts]
        self._workspace.touch()
        self._emit_deleted(channel, previous)
        self._leave_thread(channel, message)

    def _leave_thread(self, channel: Channel, message: Json) -> None:
        """Update the parent after its last reply is deleted; delete it if it is a tombstone."""
        parent = channel.messages.get(message.get("thread_ts", ""))
        if parent is None or channel.replies(parent["ts"]):
            return
        if parent.get("subtype") == "tombstone":
            # Slack sends an event for this one too (slack-edge/slack-edge#10).
            del channel.messages[parent["ts"]]
            self._emit_deleted(channel, parent)
        else:
            parent.pop("thread_ts", None)
        self._workspace.touch()

    def react(self, channel: Channel, message: Json, user: User, name: str) -> None:
        """Add a reaction. Raises `already_reacted`."""
        reactions = message.setdefault("reactions", [])
        entry = next((item for item in reactions if item["name"] == name), None)
        if entry is None:
            entry = {"name": name, "users": [], "count": 0}
            reactions.append(entry)
        if user.id in entry["users"]:
            raise SlackError("already_reacted")
        entry["users"].append(user.id)
        entry["count"] += 1
        self._emit_reaction("reaction_added", channel, message, user, name)

    def unreact(self, channel: Channel, message: Json, user: User, name: str) -> None:
        """Remove a reaction. Raises `no_reaction`."""
        entry = next((r for r in message.get("reactions", ()) if r["name"] == name), None)
        if entry is None or user.id not in entry["users"]:
            raise SlackError("no_reaction")
        entry["users"].remove(user.id)
        entry["count"] -= 1
        if not entry["users"]:
            message["reactions"].remove(entry)
            if not message["reactions"]:
                del message["reactions"]
        self._emit_reaction("reaction_removed", channel, message, user, name)

    def pin(self, channel: Channel, message: Json, user: User) -> None:
        """Pin a message. Raises `already_pinned`."""
        if any(pin["ts"] == message["ts"] for pin in channel.pins):
            raise SlackError("already_pinned")
        pin = {"ts": message["ts"], "created": self._workspace.seconds(), "created_by": user.id}
        channel.pins.append(pin)
        self._workspace.touch()

    def unpin(self, channel: Channel, message: Json) -> None:
        """Remove a pin. Raises `no_pin`."""
        pin = next((pin for pin in channel.pins if pin["ts"] == message["ts"]), None)
        if pin is None:
            raise SlackError("no_pin")
        channel.pins.remove(pin)
        self._workspace.touch()

    def pin_item(self, channel: Channel, pin: Json) -> Json:
        """A pin as pins.list and the pin events show it."""
        message = channel.messages[pin["ts"]]
        return {
            "type": "message",
            "channel": channel.id,
            "created": pin["created"],
            "created_by": pin["created_by"],
            "message": self._workspace.message_view(channel, message, include_metadata=False),
        }

    def post_ephemeral(self, channel: Channel, to: User, draft: Draft) -> Json:
        """Show the bot's message to one person only; no event is sent for it."""
        message = self.compose(self._workspace.bot, draft, self._workspace.next_ts())
        message["ephemeral"] = True
        if draft.thread_ts:
            message["thread_ts"] = draft.thread_ts
        own = self._workspace.ephemerals.setdefault(to.id, {})
        own.setdefault(channel.id, []).append(message)
        self._workspace.touch()
        return message

    def file_view(self, file: File) -> Json:
        """A file object."""
        url = f"{self.files_url}{file.id}/{quote(file.name, safe='')}"
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mimetype,
            "user": file.user,
            "size": len(file.content),
            "channels": list(file.channels),
            "url_private": url,
            "url_private_download": url,
            "permalink": url,
        }

    def _emit(self, channel: Channel, event: Json) -> None:
        event |= {"channel": channel.id, "channel_type": channel_type(channel)}
        self._events.emit(event, channel)

    def _emit_changed(self, channel: Channel, message: Json, previous: Json) -> None:
        shown = self._workspace.message_view(channel, message)
        event = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "ts": self._workspace.next_ts(),
            "message": copy.deepcopy(shown),
            "previous_message": previous,
        }
        self._emit(channel, event)

    def _emit_deleted(self, channel: Channel, previous: Json) -> None:
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "ts": self._workspace.next_ts(),
            "deleted_ts": previous["ts"],
            "previous_message": previous,
        }
        self._emit(channel, event)

    def _emit_reaction(
        self, kind: str, channel: Channel, message: Json, user: User, name: str
    ) -> None:
        self._workspace.touch()
        item = {"type": "message", "channel": channel.id, "ts": message["ts"]}
        event = {
            "type": kind,
            "user": user.id,
            "reaction": name,
            "item_user": message.get("user"),
            "item": item,
        }
        self._events.emit(event, channel)
