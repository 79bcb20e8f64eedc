"""Says to the app what happened, where the app may see it: the rule of who gets which event."""

from sandbox.slack.deliveries import Outbox
from sandbox.slack.manifest import Manifest
from sandbox.slack.payloads import event_delivery, subscription
from sandbox.slack.values import Json
from sandbox.slack.workspace import Channel, ChannelKind, Workspace

_PUBLIC_NEWS = frozenset(
    {"channel_created", "channel_rename", "channel_archive", "channel_unarchive"}
)


class Events:
    """Turns happenings into deliveries for the app."""

    def __init__(self, workspace: Workspace, manifest: Manifest, outbox: Outbox) -> None:
        self._workspace = workspace
        self._manifest = manifest
        self._outbox = outbox

    def happened(self, event: Json, channel: Channel | None = None) -> None:
        """Deliver `event`, if the app subscribed to it and its bot may see it.

        The bot sees what happens in channels it is a member of, and the life of public channels.
        """
        event.setdefault("event_ts", self._workspace.next_ts())
        if subscription(event, channel) not in self._manifest.events:
            return
        if channel is not None and not self._sees(event, channel):
            return
        self._outbox.tell(event_delivery(self._workspace, event, channel))

    def _sees(self, event: Json, channel: Channel) -> bool:
        if self._workspace.app.user_id in channel.members:
            return True
        return channel.kind is ChannelKind.PUBLIC and event["type"] in _PUBLIC_NEWS
