"""The interfaces to outside systems, as the services use them.

The adapters and ``durable`` implement these protocols, and tests hold every double to the same contract. All
methods may raise :class:`bot.errors.UserError` (refused, nothing happened) or :class:`bot.errors.RetryLater`.
"""

from bot.ports.chat import (
    JSON,
    Channel,
    Chat,
    HistoryMessage,
    Identity,
    Post,
    Profile,
)
from bot.ports.cluster import Cluster
from bot.ports.deploys import Deploys
from bot.ports.forge import Folder, Forge, Issue, Origin, Repository
from bot.ports.hub import Hub, Stopped
from bot.ports.work import Clock, Durable, WorkflowSummary

__all__ = [
    "JSON",
    "Channel",
    "Chat",
    "Clock",
    "Cluster",
    "Deploys",
    "Durable",
    "Folder",
    "Forge",
    "HistoryMessage",
    "Hub",
    "Identity",
    "Issue",
    "Origin",
    "Post",
    "Profile",
    "Repository",
    "Stopped",
    "WorkflowSummary",
]
