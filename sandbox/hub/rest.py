"""The sandbox's requests to the hub and its proxy, with its own token."""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

import httpx

_PAGES = "application/jupyterhub-pagination+json"
# Long enough for the hub to accept a request, far shorter than the 10 s after which it
# answers 202 to a start or stop that hangs.
_TAKEN_IN = 1.0


class HubRest:
    """The hub's REST API and the proxy's, both directly and as an administrator."""

    def __init__(self, *, api_url: str, token: str, proxy_api_url: str, proxy_token: str) -> None:
        self._api_url = api_url
        self._proxy_url = f"{proxy_api_url}/api/routes"
        # Created once: reading the certificates is slower than a request.
        self._tls = ssl.create_default_context()
        self._hub = self._client(token, timeout=60)
        self._proxy = self._client(proxy_token, timeout=10)
        # Proxy settings in the environment do not exclude the pods' addresses.
        self._anyone = httpx.Client(verify=self._tls, timeout=10, trust_env=False)

    def _client(self, token: str, *, timeout: float) -> httpx.Client:
        headers = {"Authorization": f"token {token}"}
        return httpx.Client(headers=headers, verify=self._tls, timeout=timeout)

    def is_well(self, url: str) -> bool:
        """Whether a health page is 200."""
        return self.status(url) == 200

    def status(self, url: str) -> int:
        """A page's own status for anyone, 0 without an answer."""
        try:
            # A connection that is kept may be closed by the proxy at the moment of its next request.
            answer = self._anyone.get(url, timeout=5, headers={"Connection": "close"})
            return answer.status_code
        except httpx.TransportError:
            return 0

    def page_status(self, url: str, headers: dict[str, str]) -> int:
        """A page's status after redirects, 0 without an answer."""
        try:
            # Do not send one user's cookies with another's request.
            with httpx.Client(verify=self._tls, follow_redirects=True, timeout=30) as browser:
                return browser.get(url, headers=headers).status_code
        except httpx.TransportError:
            return 0

    def page(self, url: str, headers: dict[str, str]) -> str:
        """The text of a page; raises httpx.HTTPError."""
        return self._anyone.get(url, headers=headers).raise_for_status().text

    def close(self) -> None:
        """Close the connections."""
        for client in (self._hub, self._proxy, self._anyone):
            client.close()

    def add_users(self, users: list[str]) -> None:
        """Create users; raises httpx.HTTPStatusError if one exists."""
        url = f"{self._api_url}/users"
        self._hub.post(url, json={"usernames": users}).raise_for_status()

    def rename(self, user: str, name: str) -> None:
        """Give a user another name; the server runs on under the old one."""
        self._hub.patch(f"{self._api_url}/users/{user}", json={"name": name}).raise_for_status()

    def servers(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every active server's model by user and server name; raises httpx.HTTPError."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        url: str | None = f"{self._api_url}/users?limit=200"
        while url:
            response = self._hub.get(url, headers={"Accept": _PAGES}, timeout=10)
            page = response.raise_for_status().json()
            for user in page["items"]:
                for name, server in (user.get("servers") or {}).items():
                    found[user["name"], name] = server
            following = page["_pagination"]["next"]
            url = following["url"] if following else None
        return found

    def start_server(self, user: str) -> int:
        """POST the user's default server and return the status, which takes the hub up to 10 s."""
        return self._hub.post(f"{self._api_url}/users/{user}/server").status_code

    def stop_server(self, user: str) -> None:
        """DELETE the user's default server; the hub answers after up to 10 s."""
        self._hub.delete(f"{self._api_url}/users/{user}/server")

    def begin(self, method: str, user: str) -> None:
        """Start (POST) or stop (DELETE) a server, without waiting for the result."""
        with contextlib.suppress(httpx.ReadTimeout):
            url = f"{self._api_url}/users/{user}/server"
            self._hub.request(method, url, timeout=_TAKEN_IN)

    def user_token(self, user: str) -> str:
        """A new token of the user, as in a browser session."""
        response = self._hub.post(f"{self._api_url}/users/{user}/tokens", json={"note": "browser"})
        return str(response.raise_for_status().json()["token"])

    def resync(self) -> None:
        """Make the hub restore all routes."""
        self._hub.post(f"{self._api_url}/proxy").raise_for_status()

    def routes(self) -> dict[tuple[str, str], str]:
        """The proxy's user routes: user and server name to route; none if it does not answer."""
        try:
            found: dict[str, Any] = self._proxy.get(self._proxy_url).raise_for_status().json()
        except httpx.HTTPError:
            return {}
        return {
            (data["user"], data.get("server_name", "")): route
            for route, data in found.items()
            if data.get("user")
        }

    def drop_route(self, route: str) -> None:
        """Delete one route from the proxy."""
        self._proxy.delete(self._proxy_url + route).raise_for_status()
