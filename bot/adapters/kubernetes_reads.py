"""What mayday reads in a cluster."""

from __future__ import annotations

from kubernetes import client

from bot.adapters import kubernetes_objects as objects
from bot.adapters.kubernetes_api import KubernetesApi
from bot.adapters.kubernetes_errors import GONE
from bot.domain.hubs import Deployment, Pod, PodEvent
from bot.domain.rights import Permission
from bot.errors import UserError


class Reads(KubernetesApi):
    """The verbs that change nothing."""

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods with these labels."""
        return self._all(
            "list pods",
            namespace,
            lambda api: client.CoreV1Api(api).list_namespaced_pod,
            objects.pod,
            label_selector=selector,
        )

    def pod(self, namespace: str, name: str) -> Pod | None:
        """Return one pod, or None if it doesn't exist."""

        def read(api: client.ApiClient) -> Pod:
            return objects.pod(
                client.CoreV1Api(api).read_namespaced_pod(
                    name, namespace, _request_timeout=self._timeout
                )
            )

        try:
            return self._ask(f"get pod {name}", namespace, read)
        except UserError as error:
            if error.code == GONE:
                return None
            raise

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        """Return the recent events of the pods in a namespace."""
        return self._all(
            "list events",
            namespace,
            lambda api: client.CoreV1Api(api).list_namespaced_event,
            objects.pod_event,
            field_selector="involvedObject.kind=Pod",
        )

    def may(self, namespace: str, permission: Permission) -> bool:
        """Return whether the cluster gives mayday this permission."""
        wanted = client.V1ResourceAttributes(
            namespace=namespace,
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

        def read(api: client.ApiClient) -> Deployment:
            return objects.deployment(
                client.AppsV1Api(api).read_namespaced_deployment(
                    name, namespace, _request_timeout=self._timeout
                )
            )

        missing = self._no_deployment(namespace, name)
        return self._ask(f"read deployment {name}", namespace, read, missing=missing)
