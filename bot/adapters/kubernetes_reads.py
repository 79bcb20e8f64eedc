"""What mayday reads in a cluster."""

from __future__ import annotations

from kubernetes import client

from bot.adapters import kubernetes_objects as objects
from bot.adapters import kubernetes_surroundings as surroundings
from bot.adapters.kubernetes_api import PODS, KubernetesApi, Resource
from bot.adapters.kubernetes_errors import ALIEN, GONE
from bot.domain.cluster import Budget, Claim, Event, Node, PodMemory, Quota, Revision, Workload
from bot.domain.hubs import Deployment, Pod, PodEvent
from bot.domain.rights import Permission
from bot.errors import RetryLater, UserError

EVENTS = Resource(name="events")
NODES = Resource(name="nodes")
CLAIMS = Resource(name="persistentvolumeclaims")
QUOTAS = Resource(name="resourcequotas")
CLASSES = Resource(name="storageclasses", group="storage.k8s.io")
DEPLOYMENTS = Resource(name="deployments", group="apps")
REPLICA_SETS = Resource(name="replicasets", group="apps")
STATEFUL_SETS = Resource(name="statefulsets", group="apps")
DAEMON_SETS = Resource(name="daemonsets", group="apps")
BUDGETS = Resource(name="poddisruptionbudgets", group="policy")
OLD_BUDGETS = Resource(name="poddisruptionbudgets", group="policy", version="v1beta1")
POD_METRICS = Resource(
    name="pods", group="metrics.k8s.io", version="v1beta1", extension="metrics-server"
)

NODES_EVENTS = "default"
"""The namespace of the events of objects without a namespace."""

MOST_LOG = 1024 * 1024
"""Bytes of a log that are read at most."""


class Reads(KubernetesApi):
    """The verbs that change nothing."""

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods with these labels."""
        return self._list(PODS, namespace, objects.pod, labelSelector=selector)

    def all_pods(self, namespace: str) -> tuple[Pod, ...]:
        """Return every pod of a namespace."""
        return self._list(PODS, namespace, objects.pod)

    def pod(self, namespace: str, name: str) -> Pod | None:
        """Return one pod, or None if it doesn't exist."""
        return self._found(PODS, namespace, name, objects.pod)

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        """Return the recent events of the pods in a namespace."""
        selector = "involvedObject.kind=Pod"
        return self._list(EVENTS, namespace, objects.pod_event, fieldSelector=selector)

    def events(self, namespace: str) -> tuple[Event, ...]:
        """Return the recent events of all objects of a namespace."""
        return self._list(EVENTS, namespace, surroundings.event)

    def node_events(self) -> tuple[Event, ...]:
        """Return the recent events of nodes, which are in the namespace ``default``."""
        selector = "involvedObject.kind=Node"
        return self._list(EVENTS, NODES_EVENTS, surroundings.event, fieldSelector=selector)

    def nodes(self) -> tuple[Node, ...]:
        """Return the nodes of the cluster."""
        return self._list(NODES, "", surroundings.node)

    def node(self, name: str) -> Node | None:
        """Return one node, or None if it doesn't exist."""
        return self._found(NODES, "", name, surroundings.node)

    def claims(self, namespace: str) -> tuple[Claim, ...]:
        """Return the PersistentVolumeClaims; whether they can grow is unknown without their classes."""
        classes: dict[str, bool] | None = None
        try:
            classes = dict(self._list(CLASSES, "", surroundings.storage_class))
        except (UserError, RetryLater):
            classes = None
        return self._list(CLAIMS, namespace, lambda item: surroundings.claim(item, classes))

    def budgets(self, namespace: str) -> tuple[Budget, ...]:
        """Return the PodDisruptionBudgets. Before Kubernetes 1.21 they have an older version."""
        try:
            return self._list(BUDGETS, namespace, surroundings.budget)
        except UserError as error:
            if error.code not in (GONE, ALIEN):
                raise
        return self._list(OLD_BUDGETS, namespace, surroundings.budget)

    def quotas(self, namespace: str) -> tuple[Quota, ...]:
        """Return the ResourceQuotas."""
        return self._list(QUOTAS, namespace, surroundings.quota)

    def deployments(self, namespace: str) -> tuple[Deployment, ...]:
        """Return the Deployments with their rollouts."""
        return self._list(DEPLOYMENTS, namespace, objects.deployment)

    def revisions(self, namespace: str) -> tuple[Revision, ...]:
        """Return the revisions of all Deployments, as far as their ReplicaSets are kept."""
        found = self._list(REPLICA_SETS, namespace, surroundings.revision)
        return tuple(revision for revision in found if revision is not None)

    def workloads(self, namespace: str) -> tuple[Workload, ...]:
        """Return the StatefulSets and DaemonSets."""
        return (
            *self._list(STATEFUL_SETS, namespace, surroundings.stateful_set),
            *self._list(DAEMON_SETS, namespace, surroundings.daemon_set),
        )

    def memory(self, namespace: str, selector: str) -> tuple[PodMemory, ...]:
        """Return the memory in use of the pods with these labels, as far as metrics-server measured it."""
        return self._list(POD_METRICS, namespace, surroundings.pod_memory, labelSelector=selector)

    def log(
        self,
        namespace: str,
        pod: str,
        *,
        lines: int = 200,
        previous: bool = False,
        container: str = "",
    ) -> str:
        """Return the last lines of a container's log, each after its time.

        ``previous`` means the container before the last restart; empty if there was none. A pod of several
        containers needs the name of one.
        """
        query = {"tailLines": str(lines), "limitBytes": str(MOST_LOG), "timestamps": "true"}
        query |= {"previous": "true"} if previous else {}
        query |= {"container": container} if container else {}
        try:
            return self._read("get", PODS, namespace, str, (pod, "log"), query=query)
        except UserError as error:
            if previous and error.code == "400":
                return ""
            raise

    def may(self, namespace: str, permission: Permission) -> bool:
        """Return whether the cluster gives mayday this permission."""
        wanted = client.V1ResourceAttributes(
            namespace="" if permission.is_cluster_wide else namespace,
            verb=permission.verb,
            group=permission.group,
            resource=permission.resource,
            name=permission.name,
        )
        review = client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=wanted)
        )

        def ask(api: client.ApiClient) -> bool:
            answer = client.AuthorizationV1Api(api).create_self_subject_access_review(
                review, _request_timeout=self._timeout
            )
            if answer.status is None:
                raise ValueError("a review without a status")
            return bool(answer.status.allowed)

        return self._ask("create selfsubjectaccessreviews", "", ask)

    def deployment(self, namespace: str, name: str) -> Deployment:
        """Return the rollout of a Deployment."""
        missing = self._no_deployment(namespace, name)
        return self._get(DEPLOYMENTS, namespace, name, objects.deployment, missing=missing)
