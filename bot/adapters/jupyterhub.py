"""JupyterHub's REST API and its health checks, as mayday's verbs.

The API is asked at the hub's own service, for the public address dies with the proxy; health is asked
at the public address, for that is what users meet. Tokens stand in a header and in no error.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from bot.domain.hubs import Health, Route, Server
from bot.domain.waits import asked_wait
from bot.errors import ConfigError, Retry, Tell
from bot.ports import Started, Stopped

PAGE = 200
"""JupyterHub cuts any longer page to this (``api_page_max_limit``)."""

PAGINATED = "application/jupyterhub-pagination+json"
"""Without this the hub answers a bare list that is silently cut (jupyterhub.readthedocs.io, REST)."""

PROXY_AWAY = (
    "Hub {hub} could not reach its proxy: if the proxy stays away, run restart-proxy on this hub."
)


class JupyterHub:
    """One hub. ``timeout`` is in seconds and holds for each request.

    With the proxy dead the hub keeps ``/hub/api/proxy`` open for over 20 s, so a request that runs out
    of time there is told as a proxy that is away.

    Raises:
        ConfigError: the token cannot stand in a header; the text does not repeat it.
    """

    def __init__(
        self, *, name: str, url: str, api_url: str, token: str, timeout: float = 10.0
    ) -> None:
        if not (token.isascii() and token.isprintable() and token == token.strip()):
            raise ConfigError(
                f"hubs.api_token of {name} has characters that no token has: copy it again."
            )
        self._name = name
        self._url = url.rstrip("/") + "/"
        self._api_url = api_url.rstrip("/")
        self._api = httpx.Client(
            headers={"Authorization": f"token {token}", "Accept": PAGINATED}, timeout=timeout
        )
        self._public = httpx.Client(timeout=timeout, follow_redirects=True)

    def close(self) -> None:
        """Let go of the connections."""
        self._api.close()
        self._public.close()

    def health(self) -> Health:
        """Whether the hub and the proxy answer 200 at the public address.

        The proxy's own page stands at the root of the host, whatever path the hub is under.
        """
        return Health(hub=self._answers("hub/health"), proxy=self._answers("/_chp_healthz"))

    def servers(self) -> tuple[Server, ...]:
        """Every server that is ready or pending, of all pages of active users."""
        return tuple(
            server
            for user in self._pages("/users", {"state": "active"})
            for server in _servers(user)
            if server.ready or server.pending
        )

    def server(self, user: str, name: str) -> Server | None:
        """One server; None when it neither runs nor is pending, or the user is unknown."""
        answer = self._ask("GET", f"/users/{quote(user, safe='')}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found = (s for s in _servers(self._json(answer)) if s.name == name)
        return next((s for s in found if s.ready or s.pending), None)

    def sees_everyone(self) -> bool:
        """Whether the token's ``list:users`` is not narrowed to some users or groups."""
        return "list:users" in self._json(self._ask("GET", "/user")).get("scopes", ())

    def routes(self) -> tuple[Route, ...]:
        """The routes of users' servers; those of the hub and of services are left out."""
        found = []
        for path, route in self._pages("/proxy", {}):
            data = route.get("data") or {}
            if data.get("user"):
                found.append(
                    Route(
                        user=str(data["user"]),
                        server=str(data.get("server_name") or ""),
                        path=path.rstrip("/") + "/",
                        target=str(route.get("target", "")),
                    )
                )
        return tuple(found)

    def resync_routes(self) -> None:
        """Have the hub write all routes into the proxy."""
        self._check(self._ask("POST", "/proxy"))

    def stop_server(self, user: str, name: str) -> Stopped:
        """Tell the hub to stop a server.

        A server that hangs in its stop answers ``SLOW`` for ever: only its pod's end helps.
        """
        answer = self._ask("DELETE", _server_path(user, name))
        if answer.status_code == httpx.codes.NOT_FOUND:
            return Stopped.UNKNOWN
        self._check(answer)
        return Stopped.SLOW if answer.status_code == httpx.codes.ACCEPTED else Stopped.GONE

    def start_server(self, user: str, name: str) -> Started:
        """Tell the hub to start a server.

        Raises:
            Tell: the hub refused it: it runs already, is pending stop, or the user is unknown.
        """
        answer = self._check(self._ask("POST", _server_path(user, name)))
        pending = answer.status_code == httpx.codes.ACCEPTED
        return Started.PENDING if pending else Started.READY

    def _answers(self, path: str) -> bool:
        try:
            answer = self._public.get(httpx.URL(self._url).join(path))
            return answer.status_code == httpx.codes.OK
        except (httpx.HTTPError, httpx.InvalidURL):
            return False

    def _pages(self, path: str, params: dict[str, str]) -> Iterator[Any]:
        """The items of all pages: users, or pairs of path and route.

        The next page is asked for by its offset at our own address: the hub's ``next.url`` repeats
        the host it believes to have, and the token must go nowhere else.
        """
        offset = 0
        while True:
            query = {**params, "limit": str(PAGE), "offset": str(offset)}
            page = self._json(self._ask("GET", path, query))
            items = page.get("items", ())
            yield from items.items() if isinstance(items, dict) else items
            following = (page.get("_pagination") or {}).get("next")
            if not following or int(following["offset"]) <= offset:
                return
            offset = int(following["offset"])

    def _ask(self, method: str, path: str, params: dict[str, str] | None = None) -> httpx.Response:
        at_proxy = path == "/proxy"
        try:
            return self._api.request(method, self._api_url + path, params=params)
        except httpx.ConnectError as error:
            raise Retry(
                f"Hub {self._name} does not answer at {self._api_url}: check that the hub runs and "
                "that hubs.api_url is right.",
                after=10.0,
                maybe_done=False,
            ) from error
        except httpx.TimeoutException as error:
            if at_proxy:
                raise Retry(PROXY_AWAY.format(hub=self._name), after=10.0) from error
            raise Retry(
                f"Hub {self._name} at {self._api_url} did not answer in time: it may be overloaded.",
                after=10.0,
            ) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Tell(
                f"hubs.api_url of {self._name} is not an address: write it as "
                "http://hub.NAMESPACE:8081/hub/api.",
                code="api_url",
            ) from error
        except httpx.HTTPError as error:
            raise Retry(
                f"The connection to hub {self._name} at {self._api_url} broke: check the hub.",
                after=10.0,
            ) from error

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        self._check(answer)
        try:
            data = answer.json()
        except ValueError as error:
            raise self._not_a_hub(answer) from error
        if not isinstance(data, dict):
            raise self._not_a_hub(answer)
        return data

    def _not_a_hub(self, answer: httpx.Response) -> Tell:
        return Tell(
            f"{self._api_url} answered hub {self._name} with something that is not JupyterHub's API: "
            "set hubs.api_url to the address that ends in /hub/api.",
            code=str(answer.status_code),
        )

    def _check(self, answer: httpx.Response) -> httpx.Response:
        """The answer, when it is a good one.

        Raises:
            Tell: the hub refused; the text says what to change.
            Retry: the hub or its proxy failed.
        """
        status = answer.status_code
        if answer.is_success:
            return answer
        if answer.is_redirect:
            raise self._not_a_hub(answer)
        said = _message(answer)
        if status in (401, 403):
            raise Tell(self._refusal(said), code="forbidden")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Retry(
                f"Hub {self._name} asks to wait: too many servers are starting.",
                after=_asked(answer, 30.0),
                maybe_done=False,
            )
        if status >= 500 and answer.request.url.path.endswith("/api/proxy"):
            raise Retry(PROXY_AWAY.format(hub=self._name), after=10.0)
        if status >= 500:
            raise Retry(
                f"Hub {self._name} failed with {status}: read the hub's log if it goes on.",
                after=_asked(answer, 10.0),
            )
        if status == httpx.codes.NOT_FOUND and not said:
            raise self._not_a_hub(answer)
        raise Tell(f"Hub {self._name} refused: {said or status}.", code=str(status))

    def _refusal(self, said: str) -> str:
        """A bad token and a missing scope both answer 403; only the message tells them apart."""
        if "scopes" in said:
            need = said.partition("any of [")[2].partition("]")[0]
            wanted = f" ({need})" if need else ""
            return (
                f"The token of hub {self._name} lacks a scope{wanted}: add it to the role of mayday's "
                "service in the hub's configuration."
            )
        return (
            f"Hub {self._name} does not accept the token: set hubs.api_token to that of mayday's "
            "service in the hub."
        )


def _server_path(user: str, name: str) -> str:
    owner = f"/users/{quote(user, safe='')}"
    return f"{owner}/servers/{quote(name, safe='')}" if name else f"{owner}/server"


def _servers(user: dict[str, Any]) -> Iterator[Server]:
    for name, model in (user.get("servers") or {}).items():
        yield Server(
            user=str(user["name"]),
            name=str(name),
            ready=bool(model.get("ready")),
            pending=str(model.get("pending") or ""),
            started=_moment(model.get("started")),
            last_activity=_moment(model.get("last_activity")),
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _message(answer: httpx.Response) -> str:
    try:
        data = answer.json()
    except ValueError:
        return ""
    return str(data.get("message", "")).rstrip(".") if isinstance(data, dict) else ""


def _asked(answer: httpx.Response, otherwise: float) -> float:
    return asked_wait(answer.headers.get("Retry-After"), datetime.now(UTC), otherwise=otherwise)
