"""The parts of the practice Slack that people and the app share."""

from dataclasses import dataclass

from sandbox.slack.channels import Channels
from sandbox.slack.deliveries import Outbox
from sandbox.slack.events import Events
from sandbox.slack.interactions import Interactions
from sandbox.slack.manifest import Manifest
from sandbox.slack.modals import Modals
from sandbox.slack.posts import Posts
from sandbox.slack.response_urls import ResponseUrls
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.workspace import Workspace


@dataclass(kw_only=True)
class Parts:
    """All parts. `scopes` are the bot token's; `url` is the server's address, ending in a slash."""

    workspace: Workspace
    manifest: Manifest
    outbox: Outbox
    socket: SocketMode
    events: Events
    posts: Posts
    channels: Channels
    modals: Modals
    urls: ResponseUrls
    interactions: Interactions
    scopes: set[str]
    url: str = ""
