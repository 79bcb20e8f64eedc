"""Who answers at a hub's public address, judged by what only a hub or its proxy can answer.

A status alone proves nothing there: ingresses, login pages and other sites on the same host answer
200, 302 and 404 in front of a hub that is dead, and 404 beside one that is well.
"""

from __future__ import annotations

import json
from typing import Any

import httpx

from bot.adapters.bounded_http import BoundedClient, TLSFault, tls_fault
from bot.adapters.jupyterhub_tls import tls_failure
from bot.domain.hubs import Health
from bot.errors import UserError

VERSION_HEADER = "X-JupyterHub-Version"


class PublicAddress:
    """A hub's address for people. ``url`` ends in a slash."""

    def __init__(self, *, hub: str, url: str, ca_bundle: str, client: BoundedClient) -> None:
        self._hub = hub
        self._url = url
        self._ca_bundle = ca_bundle
        self._client = client

    def health(self) -> Health:
        """Whether the hub and its proxy answer.

        The hub's API needs no token for its version and says it under every base path and behind
        every proxy. Only when it does not, configurable-http-proxy is asked; its own page stands at
        the root of the host.

        Raises:
            UserError: no TLS connection can be made, or the address is to be written otherwise.
        """
        answer = self._get("hub/api/")
        if answer is not None:
            if _is_hub(answer):
                return Health(hub=True, proxy=True)
            if VERSION_HEADER in answer.headers:  # the hub answers, though not well
                return Health(hub=False, proxy=True)
            self._refuse_https_redirect(answer)
        at_root = self._get("/_chp_healthz")
        if at_root is None:
            return Health(hub=False, proxy=False)
        # Anything else may be an ingress that lost its proxy as well as another kind of proxy.
        return Health(hub=False, proxy=True if _is_chp(at_root) else None)

    def _get(self, path: str) -> httpx.Response | None:
        """The answer; None when nobody answers in time."""
        try:
            return self._client.request("GET", httpx.URL(self._url).join(path))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise UserError(
                f"hubs[].url of {self._hub} is not an address: write it as https://hub.example.org/.",
                code="url",
            ) from error
        except httpx.HTTPError as error:
            found = tls_fault(error)
            if found is not None and found[0] is not TLSFault.BROKEN:
                failure = tls_failure(
                    error,
                    hub=self._hub,
                    url=self._url,
                    key="hubs[].url",
                    ca_bundle=self._ca_bundle,
                )
                if failure is not None:
                    raise failure from error
            return None

    def _refuse_https_redirect(self, answer: httpx.Response) -> None:
        """Raise Tell for a redirect from http to the same page by https.

        It says nothing about the hub and would make every healthy one look dead.
        """
        if not answer.has_redirect_location:
            return
        asked = answer.request.url
        try:
            target = asked.join(answer.headers["Location"])
        except httpx.InvalidURL:
            return
        if asked.scheme == "http" and (target.scheme, target.host) == ("https", asked.host):
            raise UserError(
                f"{self._url} of hub {self._hub} redirects to https: write hubs[].url with https.",
                code="url",
            )


def _is_hub(answer: httpx.Response) -> bool:
    if not answer.is_success:
        return False
    return VERSION_HEADER in answer.headers or isinstance(_object(answer).get("version"), str)


def _is_chp(answer: httpx.Response) -> bool:
    """configurable-http-proxy answers exactly ``{"status": "OK"}``."""
    return answer.is_success and str(_object(answer).get("status", "")).upper() == "OK"


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        data = json.loads(answer.content)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
