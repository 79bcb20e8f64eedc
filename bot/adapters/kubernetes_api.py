"""Requests to Kubernetes' API, built on the official client.

By default the client has no timeout and resends lost deletions. Here every request has a limit, and only 401
and 403 are resent, because they prove that nothing happened. Reads are parsed as plain JSON, because the
client's models cost more than a second of CPU for a thousand pods.
"""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot import deadline
from bot.adapters.bounded import MOST_BYTES, BoundedRequest, OutOfTime
from bot.adapters.kubernetes_binding import Binding
from bot.adapters.kubernetes_credentials import Credentials
from bot.adapters.kubernetes_errors import GONE, ApiCall, late, translated
from bot.adapters.kubernetes_kubeconfig import Kubeconfig
from bot.domain.limits import Limits
from bot.domain.retry_after import http_date
from bot.domain.rights import Permission
from bot.errors import UserError

PAGE = 500
APIS = ("AppsV1Api", "AuthorizationV1Api", "CoreV1Api")
"""The client imports them at their first use, which can take seconds on a slow machine."""


@cache
def _load(apis: tuple[str, ...]) -> None:
    """Import parts of the client, and exempt what is imported from garbage collection.

    Reading a thousand pods makes the collector run several times. Each run would visit the hundreds of
    thousands of objects of the imported modules, which costs more than the parsing.
    """
    for lazily_imported in apis:
        getattr(client, lazily_imported)
    gc.freeze()


NO_DEPLOYMENT = (
    "Deployment {name} not found in namespace {namespace} of cluster {cluster}: set "
    "hubs[].proxy_deployment."
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A kind of object in the API, by its plural name. ``extension`` is the program that serves it, empty
    for the API server itself."""

    name: str
    group: str = ""
    version: str = "v1"
    extension: str = ""

    def path(self, namespace: str, *names: str) -> str:
        """Return the path of the list, or of the object or its part with these names."""
        root = f"/apis/{self.group}" if self.group else "/api"
        inside = ("namespaces", namespace) if namespace else ()
        parts = (*inside, self.name, *names)
        return f"{root}/{self.version}/" + "/".join(quote(part, safe="") for part in parts)


PODS = Resource(name="pods")


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
        self._skew: timedelta | None = None
        self._timeout = (timeout / 2, timeout)

    def skew(self) -> timedelta | None:
        """Return how far the API server's clock was behind ours at its last answer; None if unknown."""
        return self._skew

    def _no_deployment(self, namespace: str, name: str) -> str:
        return NO_DEPLOYMENT.format(name=name, namespace=namespace, cluster=self._name)

    def _list(
        self,
        resource: Resource,
        namespace: str,
        read: Callable[[Mapping[str, Any]], T],
        **query: str,
    ) -> tuple[T, ...]:
        """Return the items of all pages of a list; of the whole cluster if ``namespace`` is empty."""
        found: list[T] = []
        following = ""

        def page(body: str) -> tuple[list[T], str]:
            answer = json.loads(body)
            # Some API servers write an empty list as null.
            items = [read(item) for item in answer["items"] or ()]
            return items, answer.get("metadata", {}).get("continue") or ""

        while True:
            asked = query | {"limit": str(PAGE)} | ({"continue": following} if following else {})
            items, following = self._read("list", resource, namespace, page, query=asked)
            found += items
            if not following:
                return tuple(found)

    def _found(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        read: Callable[[Mapping[str, Any]], T],
    ) -> T | None:
        """Return one object, or None if it doesn't exist."""
        try:
            return self._get(resource, namespace, name, read)
        except UserError as error:
            if error.code == GONE:
                return None
            raise

    def _get(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        read: Callable[[Mapping[str, Any]], T],
        *,
        missing: str = "",
    ) -> T:
        """Return one object. ``missing`` is the message if it doesn't exist."""

        def parse(body: str) -> T:
            return read(json.loads(body))

        return self._read("get", resource, namespace, parse, (name,), missing=missing)

    def _read(
        self,
        verb: str,
        resource: Resource,
        namespace: str,
        parse: Callable[[str], T],
        names: tuple[str, ...] = (),
        *,
        query: Mapping[str, str] | None = None,
        missing: str = "",
    ) -> T:
        """Return what ``parse`` makes of the answer to a GET."""
        path = resource.path(namespace, *names)

        def send(api: client.ApiClient) -> T:
            asked = api.param_serialize(
                "GET",
                path,
                query_params=list((query or {}).items()),
                header_params={"Accept": "application/json"},
                auth_settings=["BearerToken"],
            )
            answer = api.call_api(*asked, _request_timeout=self._timeout)
            if at := http_date(answer.response.headers.get("Date", "")):
                self._skew = datetime.now(UTC) - at
            read = answer.response.read(MOST_BYTES + 1, decode_content=True)
            if len(read) > MOST_BYTES:
                raise ValueError("too large an answer")
            body = read.decode("utf-8", "replace")
            if not 200 <= answer.status < 300:
                raise ApiException(http_resp=answer, body=body)
            try:
                return parse(body)
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"not a {resource.name}") from error

        part = "/".join((resource.name, *names[1:]))
        needed = Permission(verb=verb, resource=part, group=resource.group)
        said = f"{verb} {resource.name.removesuffix('s')} {names[0]}" if names else str(needed)
        if resource.extension:
            said = f"{needed}.{resource.group}"
        if names[1:]:
            said = (
                f"{verb} the {' '.join(names[1:])} of {resource.name.removesuffix('s')} {names[0]}"
            )
        return self._ask(
            said, namespace, send, missing=missing, needs=needed, extension=resource.extension
        )

    def _ask(
        self,
        verb: str,
        namespace: str,
        send: Callable[[client.ApiClient], T],
        *,
        writes: bool = False,
        missing: str = "",
        needs: Permission | None = None,
        extension: str = "",
    ) -> T:
        """Send a request, and resend it with renewed credentials if they were refused.

        Resending a write is safe: the API server authenticates and authorizes before it changes anything.
        """
        call = ApiCall(
            cluster=self._name,
            verb=verb,
            namespace=namespace,
            writes=writes,
            missing=missing,
            needs=needs,
            extension=extension,
        )
        # Reads as plain JSON need none of them, so a hurried one leaves them to a later request.
        is_hurried = deadline.left(writes=False) < math.inf
        _load(() if needs and is_hurried else APIS)
        request = BoundedRequest(self._limit, writes=writes, party=f"cluster {self._name}")
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
