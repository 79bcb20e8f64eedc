"""The interfaces to outside systems, as the services use them.

The adapters and ``durable`` implement these protocols, and tests hold every double to the same contract. All
methods may raise :class:`bot.errors.UserError` (refused, nothing happened) or :class:`bot.errors.RetryLater`.
"""

from bot.ports.canvas import EXISTS, UNAVAILABLE, Canvases
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
from bot.ports.diagnostics import Diagnostics, DiagnosticsFile
from bot.ports.forge import (
    FileText,
    Folder,
    Forge,
    Issue,
    IssueText,
    Origin,
    Pull,
    ReportFile,
    Repository,
)
from bot.ports.hub import Hub, Started, Stopped
from bot.ports.kernels import Kernels
from bot.ports.notices import Notices
from bot.ports.oncall import OnCall, OnCallPerson
from bot.ports.reports import (
    PublishedFile,
    PublishedFiles,
    PublishedIssue,
    PublishedIssues,
    ReportSource,
)
from bot.ports.tracker import ChangedIssues, Tracker
from bot.ports.work import Clock, Durable, WorkflowSummary

__all__ = [
    "EXISTS",
    "JSON",
    "UNAVAILABLE",
    "Canvases",
    "ChangedIssues",
    "Channel",
    "Chat",
    "Clock",
    "Cluster",
    "Deploys",
    "Diagnostics",
    "DiagnosticsFile",
    "Durable",
    "FileText",
    "Folder",
    "Forge",
    "HistoryMessage",
    "Hub",
    "Identity",
    "Issue",
    "IssueText",
    "Kernels",
    "Notices",
    "OnCall",
    "OnCallPerson",
    "Origin",
    "Post",
    "Profile",
    "PublishedFile",
    "PublishedFiles",
    "PublishedIssue",
    "PublishedIssues",
    "Pull",
    "ReportFile",
    "ReportSource",
    "Repository",
    "Started",
    "Stopped",
    "Tracker",
    "WorkflowSummary",
]
