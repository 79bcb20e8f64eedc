"""The Kubernetes adapter, built on the official client.

By default the client has no timeout and resends lost deletions. Here every request has a limit, and only 401
and 403 are resent, because they prove that nothing happened. RBAC can't restrict deletions to some
pods, so each deletion carries the uid of its pod.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.adapters import kubernetes_objects as objects
from bot.adapters.bounded import BoundedRequest, OutOfTime
from bot.adapters.kubernetes_credentials import Credentials
from bot.adapters.kubernetes_errors import CONFLICT, GONE, ApiCall, late, translated
from bot.adapters.kubernetes_kubeconfig import Kubeconfig
from bot.domain.hubs import Deployment, Pod, PodEvent
from bot.domain.limits import Limits
from bot.domain.rights import Permission
from bot.errors import UserError

PAGE = 500
APIS = ("AppsV1Api", "AuthorizationV1Api", "CoreV1Api")
"""The client imports them at their first use, which can take seconds on a slow machine."""

HAS_FINALIZERS = (
    "Pod {name} waits for finalizer {finalizers}: resolve that first, because a forced deletion "
    "doesn't remove it."
)
IN_STATEFULSET = "Pod {name} belongs to a StatefulSet: mayday never force-deletes those."
NO_DEPLOYMENT = (
    "Deployment {name} not found in namespace {namespace} of cluster {cluster}: set "
    "hubs[].proxy_deployment."
)

T = TypeVar("T")
Item = TypeVar("Item")


class KubernetesCluster:
    """One cluster, by one context of a kubeconfig. Safe for concurrent use.

    An empty ``kubeconfig`` means the service account of mayday's pod. If ``server`` is set, it must be
    the API server of the context. Both are read on the first request. ``timeout`` limits each request as a
    whole, with the exec plugin that it may need, in seconds; ``plugin_limit`` limits that plugin.
    """

    def __init__(
        self,
        *,
        name: str,
        kubeconfig: str = "",
        context: str = "",
        server: str = "",
        timeout: float = Limits.call,
        plugin_limit: float = Limits.call * 0.8,
        allow_insecure: bool = False,
    ) -> None:
        self._name = name
        file = Kubeconfig(
            path=Path(kubeconfig).expanduser(),
            context=context,
            cluster=name,
            plugin_limit=min(plugin_limit, timeout * 0.8),
            allow_insecure=allow_insecure,
        )
        self._credentials = Credentials(
            cluster=name, kubeconfig=file if kubeconfig else None, server=server
        )
        self._limit = timeout
        self._timeout = (timeout / 2, timeout)

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods with these labels."""
        return self._all(
            "list pods",
            namespace,
            lambda api: client.CoreV1Api(api).list_namespaced_pod,
            objects.pod,
            label_selector=selector,
        )

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

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        """Restart a Deployment by setting the annotation of ``kubectl rollout restart`` to ``at``."""
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
        """Delete a pod with its grace period; do nothing if it no longer exists or was replaced."""
        self._delete(namespace, name, uid, grace=None)

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod without waiting for its node.

        Raises:
            UserError: it has finalizers, or belongs to a StatefulSet, which requires pods to be unique.
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
                HAS_FINALIZERS.format(name=name, finalizers=", ".join(pod.finalizers)),
                code="finalizers",
            )
        if pod.owner_kind == "StatefulSet":
            raise UserError(IN_STATEFULSET.format(name=name), code="statefulset")
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
        return NO_DEPLOYMENT.format(name=name, namespace=namespace, cluster=self._name)

    # -- requests ----------------------------------------------------------------------------

    def _all(
        self,
        verb: str,
        namespace: str,
        lister: Callable[[client.ApiClient], Callable[..., Any]],
        read: Callable[[Any], Item],
        **selector: str,
    ) -> tuple[Item, ...]:
        """Return the items of all pages of a list."""
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
        """Send a request, and resend it with renewed credentials if they were refused.

        Resending a write is safe: the API server authenticates and authorizes before it changes anything.
        """
        call = ApiCall(
            cluster=self._name, verb=verb, namespace=namespace, writes=writes, missing=missing
        )
        for lazily_imported in APIS:
            getattr(client, lazily_imported)
        request = BoundedRequest(self._limit, writes=writes)
        try:
            return request.run(lambda: self._send(call, send))
        except OutOfTime as error:
            raise late(call, sent=error.sent) from error

    def _send(self, call: ApiCall, send: Callable[[client.ApiClient], T]) -> T:
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
