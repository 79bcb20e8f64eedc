"""A hub that steps act on: its place, the systems behind it, and what is configured of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.facts import BlastRadius
from bot.domain.hubs import Place, Pod
from bot.domain.ownership import Owner
from bot.domain.snapshot import StuckThresholds
from bot.errors import UserError
from bot.ports import Cluster, Deploys, Hub

NO_CLUSTER = "Hub {hub} has no cluster in mayday.yaml: set hubs[].cluster and hubs[].namespace."

PARTS = "component in (hub, proxy, singleuser-server)"
"""The label by which the Zero to JupyterHub chart distinguishes its parts."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a plan is carried out. ``release`` and ``users_here`` say which pods are the hub's users'
    (:class:`bot.domain.ownership.Owner`). ``deploys`` is the repository that deploys the hub, if one is
    configured."""

    place: Place
    hub: Hub
    cluster: Cluster | None
    release: str = ""
    users_here: bool = False
    thresholds: StuckThresholds = field(default_factory=StuckThresholds)
    limit: BlastRadius = field(default_factory=BlastRadius)
    deploys: Deploys | None = None

    @property
    def owner(self) -> Owner:
        """Which pods of the namespace are this hub's."""
        return Owner(namespace=self.place.namespace, release=self.release, complete=self.users_here)

    @property
    def reachable_cluster(self) -> Cluster:
        """The cluster.

        Raises:
            UserError: the hub is configured without one.
        """
        if self.cluster is None:
            raise UserError(NO_CLUSTER.format(hub=self.place.hub), code="no_cluster")
        return self.cluster

    def pods(self) -> tuple[Pod, ...]:
        """The pods in the namespace that are parts of a hub.

        Raises:
            UserError, RetryLater: they could not be read.
        """
        return self.reachable_cluster.pods(self.place.namespace, PARTS)
