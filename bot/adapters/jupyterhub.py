"""JupyterHub's REST API and its public address, as mayday's verbs.

The API is asked at the hub's own service, for the public address dies with the proxy; health is asked
at the public address, for that is what users meet. Only the API gets the token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.adapters.jupyterhub_health import VERSION_HEADER, PublicAddress
from bot.adapters.jupyterhub_http import PAGINATED, HubApi
from bot.adapters.jupyterhub_lists import read_list
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
from bot.errors import ConfigError, UserError
from bot.ports import Stopped

T = TypeVar("T")


class JupyterHub:
    """One hub. ``timeout`` is in seconds and holds for each whole request.

    ``ca_bundle`` is the path of a PEM file with authorities to trust at both addresses, besides the
    usual ones. With the proxy dead the hub keeps ``/hub/api/proxy`` open for over 20 s, so a request
    that runs out of time there is reported as an unreachable proxy.

    Raises:
        ConfigError: the token cannot stand in a header (the text does not repeat it), or
            ``ca_bundle`` holds no certificates.
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
            raise ConfigError(
                f"hubs[].api_token of {name} has characters that no token has: copy it again."
            )
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

    def close(self) -> None:
        """Do nothing: no connection outlives its request."""

    def access(self) -> HubAccess:
        """The hub's version and clock, and the token's scopes, each exactly as the hub names them."""
        answer = self._api.check(self._api.ask("GET", "/user"))
        scopes = self._api.object(answer).get("scopes")
        if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
            self._api.garbage()
        version = answer.headers.get(VERSION_HEADER) or self._api.get("/").get("version")
        return HubAccess(version=str(version or ""), scopes=frozenset(scopes), clock=_date(answer))

    def health(self) -> Health:
        """Who answers at the public address.

        Raises:
            UserError: no TLS connection can be made there, or ``hubs[].url`` is to be written otherwise.
        """
        return self._public.health()

    def servers(self) -> View[Server]:
        """Every server that is ready or pending, of all active users.

        Incomplete where the hub lists an active user and shows none of their servers, which happens
        when the token may not read them. What a filtered ``list:users`` or ``read:servers`` removes
        without a trace cannot be seen here: compare the scopes of ``access``.
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
        """One server; None when it neither runs nor is pending, or the user is unknown.

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
        """Whether the hub has a user of exactly this name; some databases find ``Ana`` for ``ana``."""
        record = self._user(user)
        return record is not None and record["name"] == user

    def routes(self) -> tuple[Route, ...]:
        """The routes of users' servers; those of the hub and of services are left out."""
        table = read_list(self._api, "/proxy", {}, what="routes", entries=routes_by_path)
        found = (self._read(route_of, path, record) for path, record in table.items())
        return tuple(route for route in found if route is not None)

    def resync_routes(self) -> None:
        """Have the hub write all routes into the proxy."""
        self._api.check(self._api.ask("POST", "/proxy"))

    def stop_server(self, user: str, name: str) -> Stopped:
        """Tell the hub to stop a server.

        A server that hangs in its stop answers ``SLOW`` for ever: only its pod's end helps.

        Raises:
            UserError: the hub refused it; before JupyterHub 5.1 it refuses for every pending start.
        """
        answer = self._api.ask("DELETE", _server_path(user, name))
        if self._api.is_absent(answer):
            return Stopped.UNKNOWN
        # Seen up to 5.1: the hub stumbles over a user whom it does not know.
        failed = answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
        if failed and self._user(user) is None:
            return Stopped.UNKNOWN
        try:
            self._api.check(answer)
        except UserError as refused:
            if refused.code == "400" and "pending spawn" in str(refused):
                version = answer.headers.get(VERSION_HEADER) or "of an older version"
                raise UserError(
                    f"Hub {self._name} (JupyterHub {version}) cannot cancel a start that is "
                    "pending: JupyterHub can since 5.1.",
                    code="pending_spawn",
                ) from refused
            raise
        return Stopped.SLOW if answer.status_code == httpx.codes.ACCEPTED else Stopped.GONE

    def _user(self, name: str) -> Record | None:
        """The record of a user; None when the hub has none.

        Raises:
            UserError: the hub keeps it secret, or a 404 is not the hub's.
        """
        answer = self._api.ask("GET", f"/users/{quote(name, safe='')}")
        if self._api.is_absent(answer):
            return None
        users = users_by_name([self._api.object(self._api.check(answer))])
        if users is None:
            self._api.garbage()
        return next(iter(users.values()))

    def _read(self, reader: Callable[..., T], *record: str | Mapping[str, Any]) -> T:
        try:
            return reader(*record)
        except ValueError:
            self._api.garbage()

    def _not_shown(self, users: Sequence[str]) -> str:
        if not users:
            return ""
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        return (
            f"Hub {self._name} does not show the servers of user {users[0]}{more}: the token needs "
            "the scope read:servers without a filter."
        )


def _date(answer: httpx.Response) -> datetime | None:
    """The hub's clock by its header ``Date``, of whole seconds; None where there is no such header."""
    try:
        date = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def _lives(server: Server) -> bool:
    return server.ready or bool(server.pending)


def _server_path(user: str, name: str) -> str:
    owner = f"/users/{quote(user, safe='')}"
    return f"{owner}/servers/{quote(name, safe='')}" if name else f"{owner}/server"
