"""Sends the app the events that it subscribes to, from its bot's channels."""

from sandbox.slack.deliveries import Outbox
from sandbox.slack.manifest import Manifest
from sandbox.slack.payloads import event_delivery, subscription
from sandbox.slack.values import Json
from sandbox.slack.workspace import Channel, Workspace


class Events:
    """Turns events into deliveries for the app."""

    def __init__(self, workspace: Workspace, manifest: Manifest, outbox: Outbox) -> None:
        self._workspace = workspace
        self._manifest = manifest
        self._outbox = outbox

    def emit(self, event: Json, channel: Channel) -> None:
        """Deliver `event` if the app subscribes to it, and is in the channel or it is about a public one."""
        event.setdefault("event_ts", self._workspace.next_ts())
        if subscription(event, channel) not in self._manifest.events:
            return
        is_public = not channel.is_private and event["type"].startswith("channel_")
        if is_public or self._workspace.app.user_id in channel.members:
            self._outbox.send_event(event_delivery(self._workspace, event, channel))
