"""What mayday changes in a cluster. RBAC can't restrict deletions to some pods, so each carries a uid."""

from __future__ import annotations

from kubernetes import client

from bot.adapters import kubernetes_objects as objects
from bot.adapters.kubernetes_api import PODS, KubernetesApi
from bot.adapters.kubernetes_errors import CONFLICT, GONE
from bot.errors import UserError

HAS_FINALIZERS = (
    "Pod {name} waits for finalizer {finalizers}: resolve that first, because a forced deletion "
    "doesn't remove it."
)
IN_STATEFULSET = "Pod {name} belongs to a StatefulSet: mayday never force-deletes those."
LIVES = "Pod {name} is not being deleted, so mayday doesn't force-delete it. Nothing was deleted."


class Writes(KubernetesApi):
    """The verbs that change something. Each sends its request once."""

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
            UserError: it has finalizers, belongs to a StatefulSet, which requires pods to be unique, or is
                neither being deleted nor finished.
        """

        pod = self._found(PODS, namespace, name, objects.pod)
        if pod is None or pod.uid != uid:
            return
        if pod.finalizers:
            raise UserError(
                HAS_FINALIZERS.format(name=name, finalizers=", ".join(pod.finalizers)),
                code="finalizers",
            )
        if pod.owner_kind == "StatefulSet":
            raise UserError(IN_STATEFULSET.format(name=name), code="statefulset")
        if pod.deleting_since is None and not pod.finished:
            raise UserError(LIVES.format(name=name), code="lives")
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
