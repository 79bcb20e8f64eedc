"""The interfaces to outside systems, as the services use them.

The adapters and ``durable`` implement these protocols, and tests hold every double to the same contract. All
methods may raise :class:`bot.errors.UserError` (refused, nothing happened) or :class:`bot.errors.RetryLater`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from bot.domain.evidence import View
from bot.domain.hubs import Deployment, Health, HubAccess, Pod, PodEvent, Route, Server
from bot.domain.rights import Permission
from bot.domain.timeline import Message

JSON = Mapping[str, Any]


class Clock(Protocol):
    """Returns the domain's current time: aware, UTC."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class WorkflowSummary:
    """A workflow that failed, or that waits since ``created_at``, as an operator sees it."""

    key: str
    failed: bool
    created_at: datetime
    error: str


class Durable(Protocol):
    """Durable workflows. A workflow is a function that bootstrap registers under a name."""

    def enqueue(
        self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Sequence[Any]
    ) -> None:
        """Start a workflow when the transaction commits; do nothing if the key was used before.

        Workflows with the same ``partition_key`` run one at a time, in order.
        """

    def has_failed(self, key: str) -> bool:
        """Return whether the workflow with this key ended with an unexpected error or never started."""

    def failed_lately(self) -> list[str]:
        """Return the keys of the workflows that failed within the last day."""

    def resume(self, executors: Sequence[str]) -> list[str]:
        """Run what these ended executors left, for the one caller that claimed them; return the keys."""

    def resume_unrecorded(self) -> list[str]:
        """Run workflows again that this executor is recorded as running but does not run; return their keys.

        A full database records no end, and a partition would wait. The second of two calls resumes.
        """

    def step(self, name: str, fn: Callable[..., Any], *args: Any) -> Any:
        """Run ``fn`` once per workflow (again if a kill interrupts it) and return its plain JSON result."""


# --- Slack -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Post:
    """A message to send: ``text`` for notifications and screen readers, ``blocks`` for display."""

    text: str
    blocks: tuple[JSON, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A Slack channel. ``created`` is by Slack's clock, ``creator`` a user id.

    ``is_member``: the bot is in it.
    """

    id: str
    name: str
    is_private: bool
    is_archived: bool
    is_shared: bool
    creator: str
    created: datetime
    is_member: bool = True


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A Slack user. ``team_id`` is their own workspace, ``zone`` an IANA name. ``org_teams`` are the
    workspaces of an organization that they belong to. ``is_guest`` is true for both kinds of guests."""

    id: str
    team_id: str
    name: str
    zone: str
    is_guest: bool
    is_bot: bool
    is_deleted: bool = False
    org_teams: frozenset[str] = frozenset()

    def is_foreign(self, me: Identity) -> bool:
        """Return whether they belong to another workspace than the bot's.

        Slack's own hints name either side of a shared channel, so only the profile counts.
        """
        return bool(self.team_id) and me.team_id not in (self.team_id, *self.org_teams)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The bot's identity: its user, its workspace and the scopes of its token.

    ``app_id`` is empty where Slack doesn't tell it.
    """

    user_id: str
    bot_id: str
    team_id: str
    team: str
    url: str
    app_id: str = ""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class HistoryMessage:
    """A message from the history, with its reactions: emoji name to user ids."""

    message: Message
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    latest_reply: str = ""
    reply_count: int = 0


class Chat(Protocol):
    """Slack. Methods that create something send their request once: the caller checks before repeating."""

    def identity(self) -> Identity:
        """Return the bot's identity. It is requested once, at the start, and kept in memory."""

    def time(self) -> datetime:
        """Return Slack's current time, up to a second late; our own before Slack's first answer."""

    def skew(self) -> timedelta | None:
        """Return our time minus Slack's, or None before Slack's first answer."""

    def open_channel(self, name: str, *, private: bool) -> Channel:
        """Create a channel.

        Raises:
            UserError: ``code="name_taken"``: a channel, possibly archived, already has the name.
        """

    def find_own_channel(self, name: str) -> Channel | None:
        """Return the channel with this name that the bot is in, or None, also if mayday may not look."""

    def resolve(self, channel: str) -> str:
        """Return the id of a channel given as an id or ``#name``; the bot joins it if allowed."""

    def channel(self, channel_id: str) -> Channel: ...

    def join(self, channel_id: str) -> None:
        """Join a public channel; do nothing if the bot is in it."""

    def private_channels(self) -> frozenset[str]:
        """Return the ids of the private channels that the bot is in."""

    def invite(self, channel_id: str, user: str) -> None:
        """Invite a person; do nothing if they are already a member."""

    def set_topic(self, channel_id: str, topic: str) -> None: ...

    def post(self, channel_id: str, post: Post, *, effect: str, thread_ts: str = "") -> str:
        """Post a message and return its ts; ``effect`` is stored in the message's metadata."""

    def find_post(
        self, channel_id: str, effect: str, *, since: datetime | None, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the bot's latest message with this effect id, or None.

        ``since`` is Slack's time before the message was sent; None searches the whole history. If mayday
        isn't allowed to look, the result is None.
        """

    def change(self, channel_id: str, ts: str, post: Post) -> None: ...

    def pin(self, channel_id: str, ts: str) -> None: ...

    def bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        """Add a bookmark to the channel, or update the link of the one with this title."""

    def open_dm(self, user: str) -> str:
        """Return the id of the direct conversation with a person."""

    def post_ephemeral(self, channel_id: str, user: str, post: Post) -> None:
        """Post a message that only one person sees. Slack doesn't store it."""

    def respond(self, url: str, post: Post, *, replace: bool) -> bool:
        """Answer a request at its own address, for the person who asked; return whether Slack accepted it.

        Such an address is valid for half an hour and five answers.
        """

    def open_view(self, trigger: str, view: JSON) -> str:
        """Open a modal and return its id; a trigger expires after three seconds."""

    def history(
        self, channel_id: str, *, oldest: str, latest: str = ""
    ) -> Iterator[Sequence[HistoryMessage]]:
        """Yield the messages of a channel without thread replies, newest first, a page for each request."""

    def replies(self, channel_id: str, thread_ts: str) -> Iterator[Sequence[HistoryMessage]]:
        """Yield the replies of a thread without its parent, oldest first, a page for each request."""

    def profile(self, user: str) -> Profile: ...

    def group_names(self) -> Mapping[str, str]:
        """Return the handles of all user groups by their ids, disabled ones too."""

    def group_members(self, group: str) -> frozenset[str]: ...

    def is_member(self, channel_id: str, user: str) -> bool:
        """Return whether a person is in a channel now."""


# --- JupyterHub and Kubernetes -----------------------------------------------------------------


class Stopped(StrEnum):
    """The hub's answer to a request to stop a server."""

    GONE = "gone"  # stopped, or was not running
    SLOW = "slow"  # still stopping, for a stuck server indefinitely
    UNKNOWN = "unknown"  # no such user or server


class Hub(Protocol):
    """One JupyterHub: the REST API of its service, and its public address."""

    def access(self) -> HubAccess:
        """Return the hub's version and clock, and the scopes of mayday's token."""

    def health(self) -> Health:
        """Return whether hub and proxy answer at the public address. No answer is a result, not an error.

        Raises:
            UserError: the health is unknown, because the certificate is rejected or the URL is wrong.
        """

    def servers(self) -> View[Server]:
        """Return every ready or pending server; the view is incomplete if the hub omits servers.

        Raises:
            UserError, RetryLater: the list could not be read completely.
        """

    def server(self, user: str, name: str) -> Server | None:
        """Return one server, or None if it is neither ready nor pending or the user is unknown.

        Raises:
            UserError: the hub does not show this user's servers.
        """

    def knows(self, user: str) -> bool:
        """Return whether the hub has a user of exactly this name."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of users' servers."""

    def resync_routes(self) -> None:
        """Make the hub write all routes into the proxy."""

    def stop_server(self, user: str, name: str) -> Stopped: ...

    def close(self) -> None:
        """Close the connections."""


class Cluster(Protocol):
    """One Kubernetes cluster. Methods that change something send their request once."""

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods with these labels."""

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        """Return the recent events of the pods in a namespace."""

    def may(self, namespace: str, permission: Permission) -> bool:
        """Return whether the cluster gives mayday this permission."""

    def deployment(self, namespace: str, name: str) -> Deployment: ...

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        """Restart a rollout as of ``at`` (ISO 8601); repeating the same ``at`` has no effect."""

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod with its grace period; do nothing if it no longer exists or has another uid."""

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod without waiting for its node.

        Raises:
            UserError: it has finalizers or belongs to a StatefulSet; nothing was deleted.
        """


# --- GitHub ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin of an issue or a file: an incident's report, or one of its action items.

    It is stored in a comment at the end of the text, so that the issue or file can be found again.
    """

    incident: str
    item: str = ""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository. ``url`` is its page; ``is_private`` says whether its issues are private."""

    name: str
    url: str
    is_private: bool


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue, by its number in the repository. ``url`` is its page."""

    number: int
    url: str


class Forge(Protocol):
    """GitHub. ``open_issue`` sends its request once: the caller checks before repeating."""

    def check(self) -> Repository:
        """Return the repository if issues can be filed there.

        Raises:
            UserError: the token is invalid or lacks a permission, the repository is archived or not
                visible, or its issues are turned off.
        """

    def open_issue(
        self,
        title: str,
        body: str,
        *,
        origin: Origin,
        labels: Sequence[str],
        assignees: Sequence[str],
    ) -> Issue:
        """File an issue; a long body continues in comments.

        After the issue is filed, errors are raised as RetryLater and not as UserError.
        """

    def find_issue(self, origin: Origin, *, label: str) -> Issue | None:
        """Return the issue with this label and ``origin``, open or closed, or None."""

    def rewrite_issue(self, number: int, title: str, body: str, *, origin: Origin) -> Issue:
        """Update an issue; a long body continues in comments. Idempotent: unchanged text is not sent.

        Raises:
            UserError: ``code="gone"``: the issue was deleted, or its number belongs to another one.
        """

    def link_child(self, parent: int, child: int) -> bool:
        """Make one issue a sub-issue of another; return False if GitHub doesn't support that."""


class Folder(Protocol):
    """A folder of reports."""

    def put(self, name: str, text: str, *, origin: Origin, private: bool = False) -> str:
        """Write a report and return its path.

        A report keeps the file it already has, whatever its name; if ``private``, it is renamed to ``name``.
        A new file is ``name``.md, with a number if that name is taken. Only mayday's account can read it.

        Raises:
            UserError: the folder cannot be written to.
        """
