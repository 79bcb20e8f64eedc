"""Requests to Kubernetes' API, built on the official client.

By default the client has no timeout and resends lost deletions. Here every request has a limit, and only 401
and 403 are resent, because they prove that nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.adapters.bounded import BoundedRequest, OutOfTime
from bot.adapters.kubernetes_binding import Binding
from bot.adapters.kubernetes_credentials import Credentials
from bot.adapters.kubernetes_errors import ApiCall, late, translated
from bot.adapters.kubernetes_kubeconfig import Kubeconfig
from bot.domain.limits import Limits

PAGE = 500
APIS = ("AppsV1Api", "AuthorizationV1Api", "CoreV1Api")
"""The client imports them at their first use, which can take seconds on a slow machine."""

NO_DEPLOYMENT = (
    "Deployment {name} not found in namespace {namespace} of cluster {cluster}: set "
    "hubs[].proxy_deployment."
)

T = TypeVar("T")
Item = TypeVar("Item")


class KubernetesApi:
    """Requests to one cluster, by one context of a kubeconfig. Safe for concurrent use.

    An empty ``kubeconfig`` means the service account of mayday's pod. ``server``, ``ca`` and ``ca_sha256``
    are what the cluster has to be (:class:`bot.adapters.kubernetes_binding.Binding`). All are read on the
    first request. ``timeout`` limits each request as a whole, with the exec plugin that it may need, in
    seconds; ``plugin_limit`` limits that plugin.
    """

    def __init__(
        self,
        *,
        name: str,
        kubeconfig: str = "",
        context: str = "",
        server: str = "",
        ca: Path | None = None,
        ca_sha256: str = "",
        timeout: float = Limits.call,
        plugin_limit: float = Limits.call * 0.8,
        allow_insecure: bool = False,
    ) -> None:
        self._name = name
        binding = Binding(cluster=name, server=server, ca=ca, ca_sha256=ca_sha256)
        file = Kubeconfig(
            path=Path(kubeconfig).expanduser(),
            context=context,
            binding=binding,
            plugin_limit=min(plugin_limit, timeout * 0.8),
            allow_insecure=allow_insecure,
        )
        self._credentials = Credentials(kubeconfig=file if kubeconfig else None, binding=binding)
        self._limit = timeout
        self._timeout = (timeout / 2, timeout)

    def _no_deployment(self, namespace: str, name: str) -> str:
        return NO_DEPLOYMENT.format(name=name, namespace=namespace, cluster=self._name)

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
