"""A model of one hub and its cluster in memory, made from facts, on which plans are rehearsed.

It refuses what hubs and clusters are known to refuse, and applies everything else at once: a restart works, a
start finds a node, and a server that can be stopped goes. What was not read stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from bot.domain.cluster import SAFE_TO_EVICT, Budget, Claim, Node, Revision, Workload
from bot.domain.evidence import Known, Unknown, View
from bot.domain.hubs import Health, HubAccess, Pod, Route, Server
from bot.errors import UserError
from bot.ports import Started, Stopped
from bot.runbook.site import Site
from bot.services.model_state import REPLACED, ModelState, listed, route, routed, unread

NOT_MODELLED = "The model of the hub has nothing that this step acts on."
STOPPING = "The hub starts no server that is stopping."
PROXY_DOWN = "The proxy doesn't answer."
CANT_GROW = "The StorageClass of {name} doesn't allow growing."
NOT_ENDED = "Pod {name} is neither being deleted nor finished."
FINALIZERS = "Pod {name} has finalizers, so it can't be deleted by force."


class HubModel(ModelState):
    """The model, with the methods of the ports that steps use."""

    # --- the hub -------------------------------------------------------------------------------

    def access(self) -> HubAccess:
        """The hub's version and the scopes of the token."""
        found = self.facts.access
        return unread(found.why) if isinstance(found, Unknown) else found.value

    def health(self) -> Health:
        """Whether hub and proxy answer."""
        found = self.facts.health
        return unread(found.why) if isinstance(found, Unknown) else found.value

    def server(self, user: str, name: str) -> Server | None:
        """The hub's record of a server."""
        found = listed(self.facts.servers)
        return next((each for each in found if (each.user, each.name) == (user, name)), None)

    def servers(self) -> View[Server]:
        """All records."""
        return self.facts.servers

    def routes(self) -> tuple[Route, ...]:
        """All routes."""
        return listed(self.facts.routes)

    def resync_routes(self) -> None:
        """Give every ready server its route."""
        health = self.facts.health
        if isinstance(health, Known) and not health.value.proxy:
            raise UserError(PROXY_DOWN)
        ready = [each for each in listed(self.facts.servers) if each.ready]
        self.set(
            routes=replace(self.facts.routes, items=tuple(map(route, ready))),
            rows=tuple(routed(row) if row.is_ready else row for row in self.facts.rows),
        )

    def start_server(self, user: str, name: str) -> Started:
        """Start a server, which is ready at once."""
        record = self.server(user, name)
        if record is not None and record.pending == "stop":
            raise UserError(STOPPING)
        if record is None or not record.ready:
            self.end(user, name)
            self.run(user, name)
        return Started.READY

    def stop_server(self, user: str, name: str) -> Stopped:
        """End a server, unless the hub waits for it already or its node doesn't answer."""
        record = self.server(user, name)
        if record is None:
            return Stopped.GONE
        row = self.facts.row(user, name)
        if record.pending == "stop" or (row and row.pod and self.is_lost(row.pod)):
            return Stopped.SLOW
        self.end(user, name)
        return Stopped.GONE

    # --- the cluster ---------------------------------------------------------------------------

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Every pod, which are those of the hub's parts."""
        return self.every_pod()

    def pod(self, namespace: str, name: str) -> Pod | None:
        """A pod."""
        return next((pod for pod in self.every_pod() if pod.name == name), None)

    def nodes(self) -> tuple[Node, ...]:
        """The nodes."""
        return listed(self.facts.around.nodes)

    def node(self, name: str) -> Node | None:
        """A node."""
        return next((each for each in listed(self.facts.around.nodes) if each.name == name), None)

    def claims(self, namespace: str) -> tuple[Claim, ...]:
        """The volume claims."""
        return listed(self.facts.around.claims)

    def budgets(self, namespace: str) -> tuple[Budget, ...]:
        """The disruption budgets."""
        return listed(self.facts.around.budgets)

    def revisions(self, namespace: str) -> tuple[Revision, ...]:
        """The revisions of Deployments."""
        return listed(self.facts.around.revisions)

    def workloads(self, namespace: str) -> tuple[Workload, ...]:
        """The StatefulSets and DaemonSets."""
        return listed(self.facts.around.workloads)

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        """Roll a Deployment out again. A proxy that restarts has lost its routes."""
        self.roll_out(name, restarted_at=at)

    def roll_back(
        self,
        namespace: str,
        deployment: str,
        template: Mapping[str, object],
        *,
        generation: int,
        at: str,
    ) -> None:
        """Roll a Deployment out with another template."""
        if self.deployment(namespace, deployment).generation != generation:
            raise UserError(REPLACED.format(name=deployment), code="409")
        known = self.facts.around.revisions
        own = [each for each in known.items if each.deployment == deployment]
        latest = max(own, key=lambda each: each.number)
        made = replace(latest, number=latest.number + 1, name="", template=template)
        self.set_around(revisions=replace(known, items=(*known.items, made)))
        self.roll_out(deployment)

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod; on a node that doesn't answer it stays."""
        found = self.pod_of(uid)
        if found is None:
            return
        if self.is_lost(found):
            self.each_pod(uid, lambda pod: replace(pod, deleting_since=self.facts.read_at))
        else:
            self.drop(found)

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod without its node."""
        found = self.pod_of(uid)
        if found is None:
            return
        if found.finalizers:
            raise UserError(FINALIZERS.format(name=name))
        if not (found.deleting_since or found.finished):
            raise UserError(NOT_ENDED.format(name=name))
        self.drop(found)

    def set_cordon(
        self, node: str, uid: str, *, cordoned: bool, annotations: Mapping[str, str | None]
    ) -> None:
        """Cordon or uncordon a node."""
        self.change(
            "nodes",
            uid,
            lambda one: replace(
                one, is_cordoned=cordoned, annotations=noted(one.annotations, annotations)
            ),
        )

    def scale(
        self,
        namespace: str,
        stateful_set: str,
        uid: str,
        replicas: int,
        annotations: Mapping[str, str | None],
    ) -> None:
        """Scale a StatefulSet, whose pods are ready at once."""
        self.change(
            "workloads",
            uid,
            lambda one: replace(
                one,
                replicas=replicas,
                ready=replicas,
                annotations=noted(one.annotations, annotations),
            ),
        )

    def grow_claim(self, namespace: str, name: str, uid: str, size: int) -> None:
        """Grow a volume, where its class allows it."""

        def grown(claim: Claim) -> Claim:
            if claim.can_grow is False:
                raise UserError(CANT_GROW.format(name=name))
            return replace(claim, requested=size, capacity=size)

        self.change("claims", uid, grown)

    def annotate(
        self, namespace: str, kind: str, name: str, uid: str, annotations: Mapping[str, str | None]
    ) -> None:
        """Annotate a pod or a node."""
        if kind == "Node":
            self.change(
                "nodes",
                uid,
                lambda one: replace(one, annotations=noted(one.annotations, annotations)),
            )
        value = annotations.get(SAFE_TO_EVICT) or ""
        self.each_pod(uid, lambda pod: replace(pod, safe_to_evict=value))

    def create_budget(self, namespace: str, name: str, selector: Mapping[str, str]) -> None:
        """Create a disruption budget, unless there is one of this name."""
        known = self.facts.around.budgets
        if not any(each.name == name for each in known.items):
            made = Budget(
                name=name, allowed=0, healthy=1, desired=1, expected=1, selector=dict(selector)
            )
            self.set_around(budgets=replace(known, items=(*known.items, made)))

    def delete_budget(self, namespace: str, name: str) -> None:
        """Delete a disruption budget."""
        known = self.facts.around.budgets
        left = tuple(each for each in known.items if each.name != name)
        self.set_around(budgets=replace(known, items=left))

    # --- the notice ----------------------------------------------------------------------------

    def notice(self) -> str:
        """The notice on the hub's page."""
        found = self.facts.signs.notice
        return unread(found.why) if isinstance(found, Unknown) else found.value

    def show(self, text: str) -> None:
        """Show a notice."""
        self.set(signs=replace(self.facts.signs, notice=Known(value=text)))

    def clear(self) -> None:
        """Show none."""
        self.show("")

    def __getattr__(self, name: str) -> NoReturn:
        """Fail for what the model doesn't have: GitHub, kernels, Slack.

        Raises:
            UserError: always; for names that no port has, AttributeError.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        raise UserError(NOT_MODELLED)


def site_of(model: HubModel, site: Site) -> Site:
    """The site with the model in the place of every system that is configured."""
    practice: Any = model
    return replace(
        site,
        hub=practice,
        cluster=practice if site.cluster else None,
        notices=practice if site.notices else None,
        kernels=practice if site.kernels else None,
        deploys=practice if site.deploys else None,
        diagnostics=practice,
    )


def noted(before: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Annotations after a change; None removes one."""
    merged = {**before, **changes}
    return {key: value for key, value in merged.items() if value is not None}
