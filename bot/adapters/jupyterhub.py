"""The JupyterHub adapter: the REST API and the public address.

API requests go to the hub's service, because the public address fails with the proxy. Health is checked at
the public address, which users see. Only the API receives the token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.adapters.jupyterhub_certificate import read_certificate
from bot.adapters.jupyterhub_health import VERSION_HEADER, PublicAddress
from bot.adapters.jupyterhub_http import PAGINATED, HubApi
from bot.adapters.jupyterhub_lists import read_list
from bot.adapters.jupyterhub_metrics import read_metrics
from bot.adapters.jupyterhub_records import (
    Record,
    route_of,
    routes_by_path,
    servers_of,
    users_by_name,
)
from bot.adapters.jupyterhub_tls import trust
from bot.domain.evidence import View
from bot.domain.hubs import Health, HubAccess, Route, Server
from bot.domain.retry_after import http_date
from bot.domain.signs import Certificate, HubMetrics
from bot.errors import ConfigError, UserError
from bot.ports import Started, Stopped

T = TypeVar("T")

BAD_CHARACTERS = "hubs[].api_token of {hub} has invalid characters: copy it again."
CANNOT_CANCEL = (
    "Hub {hub} (JupyterHub {version}) cannot cancel a pending start: this requires JupyterHub 5.1."
)
OLDER_VERSION = "of an older version"
SERVERS_HIDDEN = (
    "Hub {hub} does not show the servers of user {users}: the token needs the scope read:servers "
    "without a filter."
)

_PENDING_SPAWN = "pending spawn"
"""Part of the hub's message if it refuses to cancel a start."""

_RUNS = "already running"
"""Part of the hub's message if it refuses to start a server that runs."""


class JupyterHub:
    """One hub. ``timeout`` is in seconds and limits each request as a whole.

    ``ca_bundle`` is the path of a PEM file with additional authorities for both addresses. If the proxy is
    down, the hub keeps ``/hub/api/proxy`` open for over 20 s, so a timeout there is reported as an
    unreachable proxy.

    Raises:
        ConfigError: the token is invalid in a header, or ``ca_bundle`` has no certificates.
    """

    def __init__(
        self,
        *,
        name: str,
        url: str,
        api_url: str,
        token: str,
        timeout: float = 10.0,
        ca_bundle: str = "",
    ) -> None:
        if not (token.isascii() and token.isprintable() and token == token.strip()):
            raise ConfigError(BAD_CHARACTERS.format(hub=name))
        tls = trust(name, ca_bundle)
        headers = {"Authorization": f"token {token}", "Accept": PAGINATED}
        self._name = name
        self._api = HubApi(
            hub=name,
            url=api_url.rstrip("/"),
            ca_bundle=ca_bundle,
            client=BoundedClient(timeout=timeout, tls=tls, headers=headers),
        )
        self._public = PublicAddress(
            hub=name,
            url=url.rstrip("/") + "/",
            ca_bundle=ca_bundle,
            client=BoundedClient(timeout=timeout, tls=tls),
        )
        self._url = url
        self._timeout = timeout

    def close(self) -> None:
        """Do nothing: each request closes its connection."""

    def access(self) -> HubAccess:
        """Return the hub's version and clock, and the token's scopes as the hub names them."""
        answer = self._api.check(self._api.request("GET", "/user"))
        scopes = self._api.object(answer).get("scopes")
        if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
            self._api.malformed()
        version = answer.headers.get(VERSION_HEADER) or self._api.get("/").get("version")
        return HubAccess(
            version=str(version or ""),
            scopes=frozenset(scopes),
            clock=http_date(answer.headers.get("Date", "")),
        )

    def health(self) -> Health:
        """Return whether hub and proxy answer at the public address.

        Raises:
            UserError: no TLS connection can be made, or ``hubs[].url`` is wrong.
        """
        return self._public.health()

    def metrics(self) -> HubMetrics:
        """Return the hub's metrics, which need the scope ``read:metrics``."""
        return read_metrics(self._api)

    def certificate(self) -> Certificate | None:
        """Return the certificate of the public address, also a rejected one; None for http."""
        return read_certificate(self._name, self._url, self._timeout)

    def servers(self) -> View[Server]:
        """Return every ready or pending server of all active users.

        The view is incomplete if the hub lists an active user without servers, which happens if the token
        may not read them. Servers removed by a filtered ``list:users`` or ``read:servers`` leave no trace
        here: check the scopes of ``access``.
        """
        users = read_list(
            self._api, "/users", {"state": "active"}, what="users", entries=users_by_name
        )
        shown = {name: self._read(servers_of, user) for name, user in users.items()}
        return View(
            items=tuple(s for servers in shown.values() for s in servers or () if _lives(s)),
            unknown=self._not_shown([name for name, servers in shown.items() if not servers]),
        )

    def server(self, user: str, name: str) -> Server | None:
        """Return one server, or None if it is neither ready nor pending or the user is unknown.

        Raises:
            UserError: the hub does not show this user's servers.
        """
        record = self._user(user)
        if record is None:
            return None
        servers = self._read(servers_of, record)
        if servers is None:
            raise UserError(self._not_shown([user]), code="read:servers")
        return next((s for s in servers if s.name == name and _lives(s)), None)

    def knows(self, user: str) -> bool:
        """Return whether the hub has a user of exactly this name; some databases ignore case."""
        record = self._user(user)
        return record is not None and record["name"] == user

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of users' servers, without those of the hub and of services."""
        table = read_list(self._api, "/proxy", {}, what="routes", entries=routes_by_path)
        found = (self._read(route_of, path, record) for path, record in table.items())
        return tuple(route for route in found if route is not None)

    def resync_routes(self) -> None:
        """Make the hub write all routes into the proxy."""
        self._api.check(self._api.request("POST", "/proxy"))

    def start_server(self, user: str, name: str) -> Started:
        """Request the hub to start a server; a start that takes longer than 10 s returns ``PENDING``.

        Repeating it is harmless: the hub starts no second server.

        Raises:
            UserError: the hub has no such user, or refused, for example because the server is stopping.
        """
        answer = self._api.request("POST", _server_path(user, name))
        refused = answer.status_code == httpx.codes.BAD_REQUEST
        if refused and _RUNS in self._api.message(answer):
            return Started.READY
        pending = self._api.check(answer).status_code == httpx.codes.ACCEPTED
        return Started.PENDING if pending else Started.READY

    def stop_server(self, user: str, name: str) -> Stopped:
        """Request the hub to stop a server.

        A server that hangs while stopping always returns ``SLOW``, until its pod is deleted.

        Raises:
            UserError: the hub refused; before JupyterHub 5.1 it refuses for every pending start.
        """
        answer = self._api.request("DELETE", _server_path(user, name))
        if self._api.is_absent(answer):
            return Stopped.UNKNOWN
        # Up to 5.1 the hub returns 500 for an unknown user.
        failed = answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
        if failed and self._user(user) is None:
            return Stopped.UNKNOWN
        try:
            self._api.check(answer)
        except UserError as refused:
            if refused.code == "400" and _PENDING_SPAWN in self._api.message(answer):
                version = answer.headers.get(VERSION_HEADER) or OLDER_VERSION
                text = CANNOT_CANCEL.format(hub=self._name, version=version)
                raise UserError(text, code="pending_spawn") from refused
            raise
        return Stopped.SLOW if answer.status_code == httpx.codes.ACCEPTED else Stopped.GONE

    def _user(self, name: str) -> Record | None:
        """Return the record of a user, or None if the hub has none.

        Raises:
            UserError: a filtered scope hides it, or a 404 is not the hub's.
        """
        answer = self._api.request("GET", f"/users/{_segment(name)}")
        if self._api.is_absent(answer):
            return None
        users = users_by_name([self._api.object(self._api.check(answer))])
        if users is None:
            self._api.malformed()
        return next(iter(users.values()))

    def _read(self, reader: Callable[..., T], *record: str | Mapping[str, Any]) -> T:
        try:
            return reader(*record)
        except ValueError:
            self._api.malformed()

    def _not_shown(self, users: Sequence[str]) -> str:
        if not users:
            return ""
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        return SERVERS_HIDDEN.format(hub=self._name, users=f"{users[0]}{more}")


def _lives(server: Server) -> bool:
    return server.ready or bool(server.pending)


def _server_path(user: str, name: str) -> str:
    owner = f"/users/{_segment(user)}"
    return f"{owner}/servers/{_segment(name)}" if name else f"{owner}/server"


def _segment(name: str) -> str:
    """Return a name as one segment of a path. A client removes ``.`` and ``..``, which would name another."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")
