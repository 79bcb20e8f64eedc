"""What the services need from the outside, in mayday's own words.

Adapters and ``durable`` fulfil these; tests hold every double to the same contract. All verbs may raise
:class:`bot.errors.UserError` (refused, nothing happened) and :class:`bot.errors.RetryLaterLater`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from bot.domain.evidence import View
from bot.domain.hubs import Deployment, Health, HubAccess, Pod, PodEvent, Route, Server
from bot.domain.rights import Permission
from bot.domain.timeline import Message

JSON = Mapping[str, Any]


class Clock(Protocol):
    """The time of the domain: aware, UTC."""

    def __call__(self) -> datetime: ...


class Durable(Protocol):
    """Work that survives a kill. A workflow is a function registered under a name in bootstrap."""

    def enqueue(
        self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Sequence[Any]
    ) -> None:
        """Start a workflow when the transaction commits; a second one with the same key does nothing.

        Workflows of one ``partition_key`` run one after the other.
        """

    def has_failed(self, key: str) -> bool:
        """Whether the workflow with this key ended by an unforeseen error or was never stored."""

    def failed_lately(self) -> list[str]:
        """The keys of the workflows of the last day that ended without success."""

    def cancel_orphaned(self) -> list[str]:
        """Cancel workflows that are stored as running and that no process runs; return their keys.

        Where the database is away or full when a workflow ends, its end is not stored, and the
        workflows behind it in its partition would wait for a restart. A workflow is cancelled at the
        second of two calls that find it so.
        """

    def step(self, name: str, fn: Callable[..., Any], *args: Any) -> Any:
        """Run ``fn`` as a step of the running workflow and return its result, plain JSON.

        A replayed workflow takes the stored result; a kill before it is stored makes ``fn`` run again.
        """


# --- Slack -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Post:
    """A message to send: ``text`` for notifications and screen readers, ``blocks`` for the eyes."""

    text: str
    blocks: tuple[JSON, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A channel as Slack tells of it. ``created`` is UTC, ``creator`` a user id."""

    id: str
    name: str
    is_private: bool
    is_archived: bool
    is_shared: bool
    creator: str
    created: datetime


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A person as Slack tells of them. ``zone`` is an IANA name; ``is_guest`` covers both kinds and
    members of other workspaces."""

    id: str
    team_id: str
    name: str
    zone: str
    is_guest: bool
    is_bot: bool


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the bot is: its user, its workspace, the scopes its token was given."""

    user_id: str
    bot_id: str
    team_id: str
    team: str
    url: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class HistoryMessage:
    """A message as history shows it, with who reacted how: emoji name to user ids."""

    message: Message
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    latest_reply: str = ""
    reply_count: int = 0


class Chat(Protocol):
    """Slack. Creating verbs send their request once: whoever calls looks before repeating."""

    def identity(self) -> Identity: ...

    def open_channel(self, name: str, *, private: bool) -> Channel:
        """Create it. ``UserError(code="name_taken")`` when any channel, also an archived one, has it."""

    def find_channel(self, name: str) -> Channel | None: ...

    def resolve(self, channel: str) -> str:
        """The id of a channel given by its id or ``#name``; the bot joins it where it may."""

    def channel(self, channel_id: str) -> Channel: ...

    def invite(self, channel_id: str, user: str) -> None:
        """Bring a person in; one who is in already is fine."""

    def set_topic(self, channel_id: str, topic: str) -> None: ...

    def post(
        self,
        channel_id: str,
        post: Post,
        *,
        effect: str,
        thread_ts: str = "",
    ) -> str:
        """Send it and return its ts; ``effect`` travels in the message's metadata."""

    def find_post(
        self, channel_id: str, effect: str, *, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """The ts of the message that carries this effect, if history shows one."""

    def change(self, channel_id: str, ts: str, post: Post) -> None: ...

    def pin(self, channel_id: str, ts: str) -> None: ...

    def bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        """Make the channel have this bookmark, by its title; change its link where it differs."""

    def open_dm(self, user: str) -> str:
        """The id of the direct conversation with a person."""

    def post_ephemeral(self, channel_id: str, user: str, post: Post) -> None:
        """Show something to one person only. Slack does not keep it: nothing essential here."""

    def open_view(self, trigger: str, view: JSON) -> str:
        """Open a form within the trigger's three seconds; return its id."""

    def history(
        self, channel_id: str, *, oldest: str, latest: str = ""
    ) -> Iterator[HistoryMessage]:
        """Parents, newest first, all pages."""

    def replies(self, channel_id: str, thread_ts: str) -> Iterator[HistoryMessage]:
        """A whole thread without its parent, oldest first."""

    def profile(self, user: str) -> Profile: ...

    def group_members(self, group: str) -> frozenset[str]: ...


# --- JupyterHub and Kubernetes -----------------------------------------------------------------


class Stopped(StrEnum):
    """What the hub answered when it was told to stop a server."""

    GONE = "gone"  # stopped, or was not running
    SLOW = "slow"  # still stopping; for a stuck one the hub says so for ever
    UNKNOWN = "unknown"  # no such user or server


class Hub(Protocol):
    """One JupyterHub, by its REST API at its service and its public address."""

    def access(self) -> HubAccess:
        """The hub's version and clock, and the scopes that it gives mayday's token."""

    def health(self) -> Health:
        """Who answers at the public address; nobody answering is an answer, no error.

        Raises:
            UserError: nothing is known of who answers, since the certificate is not accepted or the address
                is to be written otherwise.
        """

    def servers(self) -> View[Server]:
        """Every server that is ready or pending; incomplete where the hub leaves servers out.

        Raises:
            UserError, RetryLater: the list could not be read to its end.
        """

    def server(self, user: str, name: str) -> Server | None:
        """One server, None when it neither runs nor is pending or the user is unknown.

        Raises:
            UserError: the hub does not show this user's servers.
        """

    def knows(self, user: str) -> bool:
        """Whether the hub has a user of exactly this name."""

    def routes(self) -> tuple[Route, ...]:
        """The routes of users' servers."""

    def resync_routes(self) -> None:
        """Have the hub write all routes into the proxy."""

    def stop_server(self, user: str, name: str) -> Stopped: ...

    def close(self) -> None:
        """Let go of the connections."""


class Cluster(Protocol):
    """One Kubernetes cluster. Actions send their request once."""

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """The pods with these labels, all pages."""

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        """What was reported lately of the pods of a namespace, all pages."""

    def may(self, namespace: str, permission: Permission) -> bool:
        """Whether the cluster gives mayday this permission."""

    def deployment(self, namespace: str, name: str) -> Deployment: ...

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        """Restart the rollout, as of ``at`` (ISO 8601); the same ``at`` again changes nothing."""

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete it in its own grace time. One that is gone, or has another uid, is left alone."""

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete it without waiting for its node.

        Raises:
            UserError: it has finalizers or belongs to a StatefulSet; nothing was deleted.
        """


# --- GitHub ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What an issue or a file was made from: an incident's report, or one of its action items.

    It stands in a comment at the end of the text, so that what was made can be found again.
    """

    incident: str
    item: str = ""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Where issues are filed. ``url`` is its page; ``is_private`` tells who can read them."""

    name: str
    url: str
    is_private: bool


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue by its number in the repository. ``url`` is its page."""

    number: int
    url: str


class Forge(Protocol):
    """GitHub. ``open_issue`` sends its request once: whoever calls looks before repeating."""

    def check(self) -> Repository:
        """See that issues can be filed.

        Raises:
            UserError: the token is wrong or lacks a permission, the repository is not to be seen or is
                archived, or its issues are turned off.
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
        """File an issue; what is too long for its body goes on in comments.

        Once it is filed this raises no UserError any more, only a RetryLater that says so.
        """

    def find_issue(self, origin: Origin, *, label: str) -> Issue | None:
        """The issue with this label, open or closed, that was made from ``origin``."""

    def rewrite_issue(self, number: int, title: str, body: str, *, origin: Origin) -> Issue:
        """Make the issue say this; what is too long for its body goes on in comments.

        May be repeated freely; what is so already is not sent.

        Raises:
            UserError: ``code="gone"``: somebody deleted the issue, or its number is another's.
        """

    def link_child(self, parent: int, child: int) -> bool:
        """Make one issue a sub-issue of the other; False where GitHub does not offer that."""


class Folder(Protocol):
    """A folder of reports."""

    def put(self, name: str, text: str, *, origin: Origin, private: bool = False) -> str:
        """Write a report and return its path: the one it has already, whatever its name would be now.

        Otherwise ``name``.md, with a number where that is somebody else's. A ``private`` one only
        mayday's own account may read.

        Raises:
            UserError: the folder cannot be written to.
        """
