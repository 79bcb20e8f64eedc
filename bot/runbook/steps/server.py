"""What the steps that end one server have in common: which server and which pod, and whether it is gone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from bot.domain.facts import HubFacts
from bot.domain.hubs import PENDING, READY, Condition, Place, Pod, Row, Server
from bot.domain.rights import Permission, Right
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

GET_PODS = Permission(verb="get", resource="pods")
DELETE_PODS = Permission(verb="delete", resource="pods")

NO_POD = "{server} has no pod to delete"
ANOTHER_START = "The server of {server} was started again since the plan was made."
CHANGED = "The server of {server} is no longer as it was when the plan was made."


@dataclass(frozen=True, kw_only=True)
class ServerStep(Step, ABC):
    """A step that ends one server, as it was found: its condition, its start and its pod.

    ``server`` is empty for the default server. ``started`` is when the hub was asked to start it, None for
    a server without a record. ``pod`` and ``uid`` are its pod's, empty without one; ``found`` says how the
    hub's record and the pod were. In plans of versions before, both ``pod`` and ``found`` may be missing.
    """

    destructive: ClassVar[bool] = True
    is_independent: ClassVar[bool] = True

    user: str
    server: str
    condition: Condition
    started: datetime | None = None
    uid: str = ""
    pod: str = ""
    found: str = ""

    @classmethod
    @abstractmethod
    def of(cls, row: Row) -> Self:
        """The step for this row's server."""

    @property
    def identity(self) -> str:
        """The server and its fault: after another start, or with another pod, it is another target."""
        started = self.started.isoformat() if self.started else ""
        return f"{self.user}/{self.server}:{self.condition}:{started}:{self.uid}"

    @property
    def measure(self) -> Measure:
        """The hub notices the end of a pod after its next poll."""
        return Measure(within=90.0)

    def drifted(self, site: Site) -> str | None:
        """Return whether the hub's record of the server or its pod are other than they were planned for."""
        if not self.found or (self.uid and not self.pod):
            return None
        record = site.hub.server(self.user, self.server)
        if record is not None and record.started != self.started:
            return ANOTHER_START.format(server=server_name(self))
        pod = self.find(site)
        now = state_of(hub_state(record), pod)
        return "" if now == self.found else CHANGED.format(server=server_name(self))

    def find(self, site: Site) -> Pod | None:
        """The pod, as long as it exists.

        Raises:
            UserError, RetryLater: it could not be read.
        """
        if not self.pod:
            return None
        pod = site.reachable_cluster.pod(site.place.namespace, self.pod)
        return pod if pod is not None and pod.uid == self.uid else None

    def settled(self, site: Site, read: Read) -> Look:
        """Whether the pod and the hub's record of this start are both gone."""
        if self.uid and not self.pod:
            return self._settled_in(read())
        if self.find(site) is not None:
            return Look(holds=False)
        record = site.hub.server(self.user, self.server)
        # A stop that the hub still waits for belongs to the same start, as does one that failed.
        return Look(holds=record is None or record.started != self.started)

    def _settled_in(self, facts: HubFacts) -> Look:
        """The same by a reading of everything, for a plan that does not name the pod."""
        if not facts.pods.read:
            return Look(holds=None, seen=facts.totals, why=facts.pods.unknown)
        records = facts.servers.items
        record = next((s for s in records if (s.user, s.name) == (self.user, self.server)), None)
        if record is None and facts.servers.unknown:
            return Look(holds=None, seen=facts.totals, why=facts.servers.unknown)
        gone = record is None or record.started != self.started
        return Look(holds=gone and not facts.has_pod(self.uid), seen=facts.totals)


@dataclass(frozen=True, kw_only=True)
class PodStep(ServerStep, ABC):
    """A step that deletes a server's ``pod``, by its uid."""

    pod: str

    @classmethod
    def of(cls, row: Row) -> Self:
        """The deletion of this row's pod.

        Raises:
            ValueError: it has none.
        """
        if row.pod is None:
            raise ValueError(NO_POD.format(server=server_name(row)))
        return cls(
            user=row.user,
            server=row.server,
            condition=row.condition,
            started=row.started,
            uid=row.pod.uid,
            pod=row.pod.name,
            found=state_of(row.hub, row.pod),
            loses=lost_with(row),
        )

    @property
    def target(self) -> str:
        """The pod."""
        return self.pod

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The permissions to look at pods and to delete them."""
        return (GET_PODS, DELETE_PODS)

    def pod_gone(self, site: Site) -> Look:
        """Whether the pod no longer exists."""
        return Look(holds=self.find(site) is None)


def hub_state(record: Server | None) -> str:
    """What :attr:`bot.domain.hubs.Row.hub` is for this record."""
    if record is None:
        return "absent"
    return f"{PENDING}{record.pending}" if record.pending else READY


def state_of(hub: str, pod: Pod | None) -> str:
    """The hub's record and the pod in one comparable text: what a plan rests on beside names and ids."""
    return f"{hub}; {state_of_pod(pod) if pod else 'no pod'}"


def state_of_pod(pod: Pod) -> str:
    """The pod's own part of :func:`state_of`."""
    ready = "ready" if pod.ready else "not ready"
    return f"{pod.phase}, {ready}, {'deleted' if pod.deleting_since else 'kept'}"


def lost_with(row: Row) -> tuple[str, ...]:
    """The server whose unsaved work ends with its pod; none where no container may run."""
    return (server_name(row),) if row.pod is not None and row.pod.may_run else ()


def server_name(one: Row | ServerStep) -> str:
    """What people call a server: the user, with the name behind a slash where it has one."""
    return f"{one.user}/{one.server}" if one.server else one.user
