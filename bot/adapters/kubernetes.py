"""Kubernetes, by the official client, as mayday's verbs.

The client waits for ever and re-sends lost deletions unless told otherwise, so every request carries a
timeout and none is re-sent here but after 401 and 403, which prove that nothing happened. RBAC cannot
name generated pods: deletions carry the pod's uid.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.adapters import kubernetes_objects as objects
from bot.adapters.kubernetes_credentials import Credentials
from bot.adapters.kubernetes_errors import CONFLICT, GONE, ApiCall, translated
from bot.adapters.kubernetes_kubeconfig import Kubeconfig
from bot.domain.hubs import Deployment, Pod, PodEvent
from bot.domain.rights import Permission
from bot.errors import UserError

PAGE = 500

T = TypeVar("T")
Item = TypeVar("Item")


class KubernetesCluster:
    """One cluster, bound to one context; any number of threads may use it.

    ``kubeconfig`` empty means the service account of the pod mayday runs in. ``server``, where given,
    must be the API server that the context leads to. Both are looked at on the first request.
    ``timeout`` is in seconds, for each request; an exec plugin has ``plugin_limit`` beside that.
    """

    def __init__(
        self,
        *,
        name: str,
        kubeconfig: str = "",
        context: str = "",
        server: str = "",
        timeout: float = 10.0,
        plugin_limit: float = 10.0,
    ) -> None:
        self._name = name
        file = Kubeconfig(
            path=Path(kubeconfig).expanduser(),
            context=context,
            cluster=name,
            plugin_limit=plugin_limit,
        )
        self._credentials = Credentials(
            cluster=name, kubeconfig=file if kubeconfig else None, server=server
        )
        self._timeout = (min(timeout, 5.0), timeout)

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """The pods with these labels, all pages."""
        return self._all(
            "list pods",
            namespace,
            lambda api: client.CoreV1Api(api).list_namespaced_pod,
            objects.pod,
            label_selector=selector,
        )

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        """What was reported lately of the pods of a namespace, all pages."""
        return self._all(
            "list events",
            namespace,
            lambda api: client.CoreV1Api(api).list_namespaced_event,
            objects.pod_event,
            field_selector="involvedObject.kind=Pod",
        )

    def may(self, namespace: str, permission: Permission) -> bool:
        """Whether the cluster gives mayday this permission."""
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
        """How a Deployment's rollout stands."""

        def read(api: client.ApiClient) -> Deployment:
            return objects.deployment(
                client.AppsV1Api(api).read_namespaced_deployment(
                    name, namespace, _request_timeout=self._timeout
                )
            )

        missing = self._no_deployment(namespace, name)
        return self._ask(f"read deployment {name}", namespace, read, missing=missing)

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        """Patch the template's annotation, as ``kubectl rollout restart`` does, with a given time."""
        template = {"metadata": {"annotations": {objects.RESTARTED_AT: at}}}

        def patch(api: client.ApiClient) -> None:
            client.AppsV1Api(api).patch_namespaced_deployment(
                name,
                namespace,
                {"spec": {"template": template}},
                _content_type="application/strategic-merge-patch+json",
                _request_timeout=self._timeout,
            )

        missing = self._no_deployment(namespace, name)
        self._ask(f"patch deployment {name}", namespace, patch, writes=True, missing=missing)

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod in its own grace time; one that is gone or was replaced is left alone."""
        self._delete(namespace, name, uid, grace=None)

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod without waiting for its node.

        Raises:
            UserError: it has finalizers or belongs to a StatefulSet, which relies on there being one.
        """

        def read(api: client.ApiClient) -> Pod:
            return objects.pod(
                client.CoreV1Api(api).read_namespaced_pod(
                    name, namespace, _request_timeout=self._timeout
                )
            )

        try:
            pod = self._ask(f"get pod {name}", namespace, read)
        except UserError as error:
            if error.code == GONE:
                return
            raise
        if pod.uid != uid:
            return
        if pod.finalizers:
            raise UserError(
                f"Pod {name} waits for finalizer {', '.join(pod.finalizers)}: see to that first, a "
                "forced deletion would not remove it.",
                code="finalizers",
            )
        if pod.owner_kind == "StatefulSet":
            raise UserError(
                f"Pod {name} belongs to a StatefulSet: mayday never force-deletes those.",
                code="statefulset",
            )
        self._delete(namespace, name, uid, grace=0)

    def _delete(self, namespace: str, name: str, uid: str, *, grace: int | None) -> None:
        options = client.V1DeleteOptions(
            grace_period_seconds=grace, preconditions=client.V1Preconditions(uid=uid)
        )

        def delete(api: client.ApiClient) -> None:
            client.CoreV1Api(api).delete_namespaced_pod(
                name, namespace, body=options, _request_timeout=self._timeout
            )

        try:
            self._ask(f"delete pod {name}", namespace, delete, writes=True)
        except UserError as error:
            if error.code not in (GONE, CONFLICT):
                raise

    def _no_deployment(self, namespace: str, name: str) -> str:
        return (
            f"Deployment {name} was not found in namespace {namespace} of cluster {self._name}: set "
            "hubs[].proxy_deployment."
        )

    # -- asking ------------------------------------------------------------------------------

    def _all(
        self,
        verb: str,
        namespace: str,
        lister: Callable[[client.ApiClient], Callable[..., Any]],
        read: Callable[[Any], Item],
        **selector: str,
    ) -> tuple[Item, ...]:
        """Every page of a list."""
        found: list[Item] = []
        following: str | None = None

        def page(api: client.ApiClient) -> tuple[list[Item], str | None]:
            answer = lister(api)(
                namespace,
                limit=PAGE,
                _continue=following,
                _request_timeout=self._timeout,
                **selector,
            )
            return [*map(read, answer.items)], answer.metadata and answer.metadata.var_continue

        while True:
            items, following = self._ask(verb, namespace, page)
            found += items
            if not following:
                return tuple(found)

    def _ask(
        self,
        verb: str,
        namespace: str,
        send: Callable[[client.ApiClient], T],
        *,
        writes: bool = False,
        missing: str = "",
    ) -> T:
        """Send one request; once more, with renewed credentials, where they were refused.

        A write may be asked again too: the API server judges who asks, and whether they may, before it
        looks at the object.
        """
        call = ApiCall(
            cluster=self._name, verb=verb, namespace=namespace, writes=writes, missing=missing
        )
        login = self._credentials.login()
        with translated(call, login):
            try:
                return send(login.client)
            except ApiException as error:
                newer = self._credentials.renewed(login) if error.status in (401, 403) else None
                if newer is None:
                    raise
        with translated(call, newer):
            return send(newer.client)
