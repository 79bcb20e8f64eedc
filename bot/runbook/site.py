"""A hub that steps act on: its place, the systems behind it, and what is configured of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bot.domain.facts import BlastRadius
from bot.domain.hubs import Place, Pod
from bot.domain.ownership import Owner
from bot.domain.snapshot import StuckThresholds
from bot.errors import UserError
from bot.ports import Cluster, Deploys, Diagnostics, Hub, Kernels, Notices

NO_CANARY = (
    "Hub {hub} has no user for test spawns in mayday.yaml: set hubs[].canary_user and "
    "hubs[].canary_token."
)
NO_NOTICES = "Hub {hub} has no announcement service in mayday.yaml: set hubs[].notices.url."
NO_CLUSTER = "Hub {hub} has no cluster in mayday.yaml: set hubs[].cluster and hubs[].namespace."
NO_DIAGNOSTICS = "Files about hub {hub} can be shared only by a mayday that runs with Slack."
NO_REPOSITORY = "Hub {hub} has no repository in mayday.yaml: set hubs[].repository."

T = TypeVar("T")

PARTS = "component in (hub, proxy, singleuser-server)"
"""The label by which the Zero to JupyterHub chart distinguishes its parts."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a plan is carried out. ``release`` and ``users_here`` say which pods are the hub's users'
    (:class:`bot.domain.ownership.Owner`). ``core_nodes`` are the labels of the core pool's nodes, empty for
    the chart's. ``deploys`` is the repository that deploys the hub, if one is
    configured."""

    place: Place
    hub: Hub
    cluster: Cluster | None
    release: str = ""
    users_here: bool = False
    core_nodes: Mapping[str, str] = field(default_factory=dict)
    thresholds: StuckThresholds = field(default_factory=StuckThresholds)
    limit: BlastRadius = field(default_factory=BlastRadius)
    notices: Notices | None = None
    kernels: Kernels | None = None
    deploys: Deploys | None = None
    diagnostics: Diagnostics | None = None

    @property
    def owner(self) -> Owner:
        """Which pods of the namespace are this hub's."""
        return Owner(namespace=self.place.namespace, release=self.release, complete=self.users_here)

    @property
    def reachable_cluster(self) -> Cluster:
        """The cluster. This and the like raise a UserError if the hub is configured without one."""
        return self._configured(self.cluster, NO_CLUSTER, "no_cluster")

    @property
    def reachable_notices(self) -> Notices:
        """The service of the hub's notices."""
        return self._configured(self.notices, NO_NOTICES, "no_notices")

    @property
    def reachable_kernels(self) -> Kernels:
        """The kernels of the canary user."""
        return self._configured(self.kernels, NO_CANARY, "no_canary")

    @property
    def reachable_deploys(self) -> Deploys:
        """The repository that deploys the hub."""
        return self._configured(self.deploys, NO_REPOSITORY, "no_repository")

    @property
    def reachable_diagnostics(self) -> Diagnostics:
        """What shares files about the hub."""
        return self._configured(self.diagnostics, NO_DIAGNOSTICS, "no_diagnostics")

    def _configured(self, system: T | None, why: str, code: str) -> T:
        if system is None:
            raise UserError(why.format(hub=self.place.hub), code=code)
        return system

    def pods(self) -> tuple[Pod, ...]:
        """The pods in the namespace that are parts of a hub.

        Raises:
            UserError, RetryLater: they could not be read.
        """
        return self.reachable_cluster.pods(self.place.namespace, PARTS)
