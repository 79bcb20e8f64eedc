"""Kubernetes, by the official client, as mayday's verbs.

The client waits for ever and re-sends lost deletions unless told otherwise, so every request carries a
timeout and none is re-sent here. RBAC cannot name generated pods: deletions carry the pod's uid.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from bot.domain.hubs import Deployment, Node, Pod
from bot.domain.waits import asked_wait
from bot.errors import Retry, Tell

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
USER = "hub.jupyter.org/username"
SERVER = "hub.jupyter.org/servername"
POOL = "hub.jupyter.org/node-purpose"
PAGE = 500

NOT_SENT = (
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
)
"""Failures before anything was sent. The client raises urllib3's own errors for the network."""


class KubernetesCluster:
    """One cluster, bound to one context.

    ``kubeconfig`` empty means the service account of the pod mayday runs in. ``server``, where given,
    must be the API server that the context leads to. Both are looked at on the first request.
    ``timeout`` is in seconds, for each request.
    """

    def __init__(
        self,
        *,
        name: str,
        kubeconfig: str = "",
        context: str = "",
        server: str = "",
        timeout: float = 15.0,
    ) -> None:
        self._name = name
        self._kubeconfig = kubeconfig
        self._context = context
        self._server = server
        self._timeout = (min(timeout, 5.0), timeout)

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """The pods with these labels, all pages."""
        with self._asking("list pods", namespace):
            found: list[Pod] = []
            following: str | None = None
            while True:
                page = self._core.list_namespaced_pod(
                    namespace,
                    label_selector=selector,
                    limit=PAGE,
                    _continue=following,
                    _request_timeout=self._timeout,
                )
                found += map(_pod, page.items)
                following = page.metadata.var_continue if page.metadata else None
                if not following:
                    return tuple(found)

    def deployment(self, namespace: str, name: str) -> Deployment:
        """How a Deployment's rollout stands."""
        with self._asking(f"read deployment {name}", namespace):
            return _deployment(
                self._apps.read_namespaced_deployment(
                    name, namespace, _request_timeout=self._timeout
                )
            )

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        """Patch the template's annotation, as ``kubectl rollout restart`` does, with a given time."""
        template = {"metadata": {"annotations": {RESTARTED_AT: at}}}
        with self._asking(f"patch deployment {name}", namespace, writes=True):
            self._apps.patch_namespaced_deployment(
                name,
                namespace,
                {"spec": {"template": template}},
                _content_type="application/strategic-merge-patch+json",
                _request_timeout=self._timeout,
            )

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod in its own grace time; one that is gone or was replaced is left alone."""
        self._delete(namespace, name, uid, grace=None)

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod without waiting for its node.

        Raises:
            Tell: it has finalizers or belongs to a StatefulSet, which relies on there being one.
        """
        try:
            with self._asking(f"read pod {name}", namespace):
                pod = _pod(
                    self._core.read_namespaced_pod(name, namespace, _request_timeout=self._timeout)
                )
        except Tell as error:
            if error.code == "404":
                return
            raise
        if pod.uid != uid:
            return
        if pod.finalizers:
            raise Tell(
                f"Pod {name} waits for finalizer {', '.join(pod.finalizers)}: see to that first, a "
                "forced deletion would not remove it.",
                code="finalizers",
            )
        if pod.owner_kind == "StatefulSet":
            raise Tell(
                f"Pod {name} belongs to a StatefulSet: mayday never force-deletes those.",
                code="statefulset",
            )
        self._delete(namespace, name, uid, grace=0)

    def nodes(self) -> tuple[Node, ...]:
        """All nodes."""
        with self._asking("list nodes", ""):
            return tuple(
                _node(item) for item in self._core.list_node(_request_timeout=self._timeout).items
            )

    def _delete(self, namespace: str, name: str, uid: str, *, grace: int | None) -> None:
        options = client.V1DeleteOptions(
            grace_period_seconds=grace, preconditions=client.V1Preconditions(uid=uid)
        )
        try:
            with self._asking(f"delete pod {name}", namespace, writes=True):
                self._core.delete_namespaced_pod(
                    name, namespace, body=options, _request_timeout=self._timeout
                )
        except Tell as error:
            if error.code not in ("404", "409"):
                raise

    @cached_property
    def _client(self) -> client.ApiClient:
        settings = client.Configuration()
        try:
            if self._kubeconfig:
                config.load_kube_config(  # type: ignore[no-untyped-call]
                    config_file=str(Path(self._kubeconfig).expanduser()),
                    context=self._context or None,
                    client_configuration=settings,
                    persist_config=False,
                )
            else:
                config.load_incluster_config(  # type: ignore[no-untyped-call]
                    client_configuration=settings
                )
        except ConfigException as error:
            where = f"in {self._kubeconfig}" if self._kubeconfig else "of this pod"
            raise Tell(
                f"Cluster {self._name} cannot be reached with the credentials {where}: check "
                "clusters.kubeconfig and clusters.context.",
                code="kubeconfig",
            ) from error
        except (OSError, yaml.YAMLError) as error:
            raise Tell(
                f"{self._kubeconfig} of cluster {self._name} is not a kubeconfig: check "
                "clusters.kubeconfig.",
                code="kubeconfig",
            ) from error
        if self._server and settings.host.rstrip("/") != self._server.rstrip("/"):
            raise Tell(
                f"Context {self._context or '(current)'} leads to {settings.host}, but cluster "
                f"{self._name} is {self._server}: correct clusters.context or clusters.server.",
                code="wrong_context",
            )
        settings.retries = False
        return client.ApiClient(settings)

    @cached_property
    def _core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self._client)

    @cached_property
    def _apps(self) -> client.AppsV1Api:
        return client.AppsV1Api(self._client)

    @contextmanager
    def _asking(self, act: str, namespace: str, *, writes: bool = False) -> Iterator[None]:
        """Turn the client's errors into ours. ``act`` is worded to follow “may not”.

        ``writes``: it may have taken effect although its answer cannot be read.
        """
        host = self._client.configuration.host
        try:
            yield
        except ApiException as error:
            raise self._ours(error, act, namespace) from error
        except NOT_SENT as error:
            raise Retry(
                f"Cluster {self._name} does not answer at {host}: check "
                "the network and clusters.server.",
                after=10.0,
                maybe_done=False,
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise Retry(
                f"Cluster {self._name} did not answer in time to “{act}”: look before repeating.",
                after=10.0,
            ) from error
        except ValueError as error:
            if writes:
                raise Retry(
                    f"Cluster {self._name} answered “{act}” with something that is not Kubernetes: "
                    "look before repeating.",
                    after=10.0,
                ) from error
            raise Tell(
                f"{host} answered “{act}” with something that is not "
                f"Kubernetes: check clusters.server of {self._name}.",
                code="not_kubernetes",
            ) from error

    def _ours(self, error: ApiException, act: str, namespace: str) -> Tell | Retry:
        where = f" in namespace {namespace}" if namespace else ""
        status = int(error.status or 0)
        if status == 401:
            text = (
                f"Cluster {self._name} does not accept mayday's credentials: renew the token or the "
                "certificate in its kubeconfig."
            )
        elif status == 403:
            text = (
                f"Mayday may not {act}{where} of cluster {self._name}: grant it in the Role of "
                "mayday's service account."
            )
        elif status == 404:
            text = (
                f"Cluster {self._name} has nothing to “{act}”{where}: check the hub's namespace in "
                "mayday.yaml."
            )
        elif status == 409:
            text = f"Cluster {self._name} would not {act}{where}: it has changed, make a new plan."
        elif status == 410:
            return Retry(
                f"Cluster {self._name} changed too much while it was to {act}{where}: ask again.",
                after=1.0,
                maybe_done=False,
            )
        elif status == 429:
            return Retry(
                f"Cluster {self._name} asks to wait before “{act}”{where}.",
                after=_asked(error),
                maybe_done=False,
            )
        elif status == 0:
            text = (
                f"The certificate of cluster {self._name} is not trusted: check the certificate "
                "authority in its kubeconfig."
            )
        elif status >= 500:
            return Retry(
                f"Cluster {self._name} failed with {status} at “{act}”{where}.", after=_asked(error)
            )
        else:
            text = f"Cluster {self._name} refused to {act}{where}: {error.reason}."
        return Tell(text, code=str(status))


def _asked(error: ApiException) -> float:
    headers = error.headers or {}
    return asked_wait(headers.get("Retry-After"), datetime.now(UTC), otherwise=10.0)


def _pod(item: client.V1Pod) -> Pod:
    meta, status, spec = item.metadata, item.status, item.spec
    if meta is None or status is None:
        raise ValueError("a pod without metadata or status")
    notes = meta.annotations or {}
    containers = list(status.container_statuses or ())
    grace = meta.deletion_grace_period_seconds or 0
    deadline = meta.deletion_timestamp
    return Pod(
        name=meta.name or "",
        uid=meta.uid or "",
        phase=status.phase or "Unknown",
        reason=_reason(status),
        node=(spec.node_name if spec else None) or "",
        user=notes.get(USER, ""),
        server=notes.get(SERVER, ""),
        component=(meta.labels or {}).get("component", ""),
        created_at=meta.creation_timestamp,
        started_at=status.start_time,
        # Kubernetes writes when the pod should be gone: the request's time plus the grace.
        deleting_since=deadline - timedelta(seconds=grace) if deadline else None,
        grace=grace,
        finalizers=tuple(meta.finalizers or ()),
        owner_kind=next((owner.kind for owner in meta.owner_references or ()), ""),
        restarts=sum(container.restart_count for container in containers),
        ready=bool(containers) and all(container.ready for container in containers),
    )


def _reason(status: client.V1PodStatus) -> str:
    """Why it does not run: the pod's own reason, else a container's, else the scheduler's."""
    if status.reason:
        return status.reason
    for container in [*(status.init_container_statuses or ()), *(status.container_statuses or ())]:
        state: Any = container.state
        for stage in (state.waiting, state.terminated) if state else ():
            if stage is not None and stage.reason and stage.reason != "Completed":
                return str(stage.reason)
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            return condition.reason or "Unschedulable"
    return ""


def _deployment(item: client.V1Deployment) -> Deployment:
    meta, spec, status = item.metadata, item.spec, item.status
    if meta is None or spec is None or status is None:
        raise ValueError("a deployment without metadata, spec or status")
    template = spec.template.metadata
    notes = (template.annotations if template else None) or {}
    return Deployment(
        name=meta.name or "",
        replicas=1 if spec.replicas is None else spec.replicas,
        ready=status.ready_replicas or 0,
        updated=status.updated_replicas or 0,
        generation=meta.generation or 0,
        observed_generation=status.observed_generation or 0,
        strategy=(spec.strategy.type if spec.strategy else None) or "RollingUpdate",
        restarted_at=notes.get(RESTARTED_AT, ""),
    )


def _node(item: client.V1Node) -> Node:
    meta, spec, status = item.metadata, item.spec, item.status
    conditions = (status.conditions if status else None) or ()
    return Node(
        name=(meta.name if meta else None) or "",
        ready=any(found.type == "Ready" and found.status == "True" for found in conditions),
        cordoned=bool(spec and spec.unschedulable),
        pool=((meta.labels if meta else None) or {}).get(POOL, ""),
    )
