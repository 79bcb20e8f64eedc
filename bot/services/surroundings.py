"""Read what is around a hub: the rest of its cluster, and the signs of its health.

Only the parts that somebody asks for are read (:data:`bot.domain.facts.MORE`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.domain.cluster import ClusterFacts, Event
from bot.domain.evidence import Unknown, View
from bot.domain.facts import Part
from bot.domain.hubs import Pod
from bot.domain.ownership import proxy_pods
from bot.domain.proxy_log import bad_lines
from bot.domain.signs import LogLine, Signs
from bot.ports import Cluster
from bot.runbook.site import Site
from bot.services.side_by_side import Party, Pending, SideBySide, view

RECENT = timedelta(hours=6)
"""How far back merged pull requests are read."""

LOG_LINES = 1000
MOST_LOGS = 6
"""How many logs of the proxy are read: a rollout has two pods, each with a previous container."""

NO_PROXY = "No pod of the proxy runs whose log mayday could read."
MORE_LOGS = f"The proxy has more than {MOST_LOGS} logs, and mayday reads no more."

LISTS: dict[Part, Callable[[Cluster, str], Sequence[Any]]] = {
    Part.CLUSTER_PODS: lambda cluster, namespace: cluster.all_pods(namespace),
    Part.CLUSTER_EVENTS: lambda cluster, namespace: cluster.events(namespace),
    Part.NODES: lambda cluster, _: cluster.nodes(),
    Part.CLAIMS: lambda cluster, namespace: cluster.claims(namespace),
    Part.BUDGETS: lambda cluster, namespace: cluster.budgets(namespace),
    Part.QUOTAS: lambda cluster, namespace: cluster.quotas(namespace),
    Part.DEPLOYMENTS: lambda cluster, namespace: cluster.deployments(namespace),
    Part.REVISIONS: lambda cluster, namespace: cluster.revisions(namespace),
    Part.WORKLOADS: lambda cluster, namespace: cluster.workloads(namespace),
    Part.MEMORY: lambda cluster, namespace: cluster.memory(namespace, PROXY),
}

PROXY = "component=proxy"
"""The label by which the Zero to JupyterHub chart finds the proxy's pods."""

LARGE = frozenset({Part.CLUSTER_PODS, Part.CLAIMS, Part.CLUSTER_EVENTS})
"""Lists that grow with the users. They are read beside the hub's pages, so that they don't delay those."""
LATER = LARGE | {Part.MEMORY}
"""What is read after the first reading of pods. Memory is read only if the proxy has a limit."""


class Surroundings:
    """The parts that are asked for. Reading begins at once, except for large lists, the proxy's memory and
    its log."""

    def __init__(
        self, site: Site, now: datetime, threads: SideBySide, asked: frozenset[Part]
    ) -> None:
        absent = (
            *(() if site.deploys else (Part.MERGES,)),
            *(() if site.notices else (Part.NOTICE,)),
        )
        self.asked = asked - frozenset(absent)
        notices = site.notices
        self._notice = (
            threads.start(Party.HUB, notices.notice)
            if notices is not None and Part.NOTICE in asked
            else None
        )
        self._site = site
        self._threads = threads
        self._lists: dict[Part, Pending[Sequence[Any]]] = {}
        self._start(frozenset(LISTS) - LATER)
        self._node_events: Pending[Sequence[Event]] | None = None
        if Part.CLUSTER_EVENTS in asked:
            self._node_events = threads.start(
                Party.CLUSTER, lambda: site.reachable_cluster.node_events()
            )
        self._metrics = (
            threads.start(Party.HUB, site.hub.metrics) if Part.METRICS in asked else None
        )
        self._certificate = (
            threads.start(Party.HUB, site.hub.certificate) if Part.CERTIFICATE in asked else None
        )
        deploys = site.deploys
        self._merges = (
            threads.start(Party.FORGE, lambda: deploys.merges(now - RECENT))
            if deploys is not None and Part.MERGES in asked
            else None
        )
        self._logs: list[tuple[Pod, Pending[str]]] = []
        self._no_logs = ""

    def _start(self, parts: frozenset[Part]) -> None:
        for part in sorted(parts & self.asked):
            read = _listing(self._site, LISTS[part])
            self._lists[part] = self._threads.start(Party.CLUSTER, read)

    def start_rest(self, pods: View[Pod]) -> None:
        """Begin to read the large lists, the proxy's memory, and its log with that of its pods' previous
        containers."""
        found = [pod for pod in proxy_pods(pods.items, self._site.owner) if not pod.finished]
        if pods.complete and not any(pod.memory_limit for pod in found):
            self.asked -= {Part.MEMORY}
        self._start(LATER)
        if Part.PROXY_LOG not in self.asked:
            return
        self._no_logs = pods.unknown
        wanted = [
            (pod, previous)
            for pod in found
            for previous in ((False, True) if pod.restarts else (False,))
        ]
        if not wanted:
            self._no_logs = self._no_logs or NO_PROXY
        elif len(wanted) > MOST_LOGS:
            self._no_logs = self._no_logs or MORE_LOGS
        for pod, previous in wanted[:MOST_LOGS]:
            read = self._reading_log(pod.name, previous=previous)
            self._logs.append((pod, self._threads.start(Party.CLUSTER, read)))

    def _reading_log(self, pod: str, *, previous: bool) -> Callable[[], str]:
        site = self._site
        return lambda: site.reachable_cluster.log(
            site.place.namespace, pod, lines=LOG_LINES, previous=previous
        )

    def around(self) -> ClusterFacts:
        """Return the lists of the cluster."""
        found = {part: view(pending) for part, pending in self._lists.items()}
        if self._node_events is not None:
            events, nodes = found[Part.CLUSTER_EVENTS], view(self._node_events)
            both = View(
                items=(*events.items, *nodes.items), unknown=events.unknown, read=events.read
            )
            found[Part.CLUSTER_EVENTS] = both.marked_incomplete(nodes.unknown)
        names = {Part.CLUSTER_PODS: "pods", Part.CLUSTER_EVENTS: "events"}
        lists: dict[str, Any] = {names.get(part, part.value): found[part] for part in found}
        return ClusterFacts(core=self._site.core_nodes, **lists)

    def signs(self) -> Signs:
        """Return the signs."""
        found: dict[str, Any] = {}
        if self._metrics is not None:
            found["metrics"] = self._metrics.fact()
        if self._certificate is not None:
            found["certificate"] = self._certificate.fact()
        if self._notice is not None:
            found["notice"] = self._notice.fact()
        if self._merges is not None:
            found["merges"] = view(self._merges)
        if Part.PROXY_LOG in self.asked:
            found["proxy_log"] = self._proxy_log()
        return Signs(**found)

    def _proxy_log(self) -> View[LogLine]:
        lines: list[LogLine] = []
        unknown, is_read = self._no_logs, False
        for pod, pending in self._logs:
            log = pending.fact()
            if isinstance(log, Unknown):
                unknown = unknown or log.why
            else:
                is_read = True
                lines += bad_lines(log.value, pod.name)
        return View(items=tuple(lines), unknown=unknown, read=is_read)


def _listing(
    site: Site, read: Callable[[Cluster, str], Sequence[Any]]
) -> Callable[[], Sequence[Any]]:
    return lambda: read(site.reachable_cluster, site.place.namespace)
