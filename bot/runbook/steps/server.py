"""What the steps that end one server have in common: which server and which pod, and whether it is gone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition, Place, Pod, Row
from bot.domain.rights import Permission, Right
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Step

GET_PODS = Permission(verb="get", resource="pods")
DELETE_PODS = Permission(verb="delete", resource="pods")

NO_POD = "{server} has no pod to delete"


@dataclass(frozen=True, kw_only=True)
class ServerStep(Step, ABC):
    """A step that ends one server, as it was found: its condition, its start and its pod.

    ``server`` is empty for the default server. ``started`` is when the hub was asked to start it, None for
    a server without a record; ``uid`` is its pod's, empty without one.
    """

    destructive: ClassVar[bool] = True

    user: str
    server: str
    condition: Condition
    started: datetime | None = None
    uid: str = ""

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

    def settled(self, facts: HubFacts) -> Look:
        """Whether the pod and the hub's record of this start are both gone."""
        if not facts.pods.read:
            return Look(holds=None, seen=facts.totals, why=facts.pods.unknown)
        records = facts.servers.items
        record = next((s for s in records if (s.user, s.name) == (self.user, self.server)), None)
        if record is None and facts.servers.unknown:
            return Look(holds=None, seen=facts.totals, why=facts.servers.unknown)
        # A stop that the hub still waits for belongs to the same start, as does one that failed.
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

    def find(self, site: Site) -> Pod | None:
        """The pod, as long as it exists.

        Raises:
            UserError, RetryLater: the pods could not be read.
        """
        return next((pod for pod in site.pods() if pod.uid == self.uid), None)

    def pod_gone(self, facts: HubFacts) -> Look:
        """Whether the pod no longer exists."""
        holds = not facts.has_pod(self.uid) if facts.pods.read else None
        why = "" if facts.pods.read else facts.pods.unknown
        return Look(holds=holds, seen=facts.totals, why=why)


def lost_with(row: Row) -> tuple[str, ...]:
    """The server whose unsaved work ends with its pod; none where no container may run."""
    return (server_name(row),) if row.pod is not None and row.pod.may_run else ()


def server_name(one: Row | ServerStep) -> str:
    """What people call a server: the user, with the name behind a slash where it has one."""
    return f"{one.user}/{one.server}" if one.server else one.user
