"""Checks the health of a hub and its proxy at the public address.

A status code alone proves nothing: ingresses, login pages and other sites on the same host return 200, 302
and 404 in front of a dead hub, and 404 next to a healthy one. Only responses that are specific to a hub or
its proxy count.
"""

from __future__ import annotations

import json
from typing import Any

import httpx

from bot import deadline
from bot.adapters.bounded_http import BoundedClient, TLSFault, tls_fault
from bot.adapters.jupyterhub_tls import tls_failure
from bot.domain.hubs import Health
from bot.errors import RetryLater, UserError

VERSION_HEADER = "X-JupyterHub-Version"

NOT_A_URL = "hubs[].url of {hub} is not a URL: write it as https://hub.example.org/."
USE_HTTPS = "{url} of hub {hub} redirects to https: write hubs[].url with https."


class PublicAddress:
    """The public address of a hub. ``url`` ends in a slash."""

    def __init__(self, *, hub: str, url: str, ca_bundle: str, client: BoundedClient) -> None:
        self._hub = hub
        self._url = url
        self._ca_bundle = ca_bundle
        self._client = client

    def health(self) -> Health:
        """Return whether the hub and its proxy answer.

        The hub's API returns its version without a token, under any base path and behind any proxy. If it
        doesn't, the health page of configurable-http-proxy at the root of the host is requested.

        Raises:
            UserError: no TLS connection can be made, or the URL is wrong.
            RetryLater: the caller's patience ended before an answer was due.
        """
        answer = self._get("hub/api/")
        if answer is not None:
            if _is_hub(answer):
                return Health(hub=True, proxy=True)
            if VERSION_HEADER in answer.headers:  # the hub answers with an error
                return Health(hub=False, proxy=True)
            self._refuse_https_redirect(answer)
        at_root = self._get("/_chp_healthz")
        if at_root is None:
            return Health(hub=False, proxy=False)
        # Any other response may come from an ingress without its proxy or from another kind of proxy.
        return Health(hub=False, proxy=True if _is_chp(at_root) else None)

    def _get(self, path: str) -> httpx.Response | None:
        """Return the response, or None if there is none in time."""
        try:
            return self._client.request("GET", httpx.URL(self._url).join(path))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise UserError(NOT_A_URL.format(hub=self._hub), code="url") from error
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
            if deadline.left(writes=False) <= 0:
                # mayday had no time left to wait for it, so nobody knows whether it answers.
                raise RetryLater(deadline.NO_PATIENCE, maybe_done=False) from error
            return None

    def _refuse_https_redirect(self, answer: httpx.Response) -> None:
        """Raise UserError for a redirect from http to the same page on https.

        The redirect says nothing about the hub, and every healthy hub would look dead.
        """
        if not answer.has_redirect_location:
            return
        requested = answer.request.url
        try:
            target = requested.join(answer.headers["Location"])
        except httpx.InvalidURL:
            return
        if requested.scheme == "http" and (target.scheme, target.host) == ("https", requested.host):
            raise UserError(USE_HTTPS.format(url=self._url, hub=self._hub), code="url")


def _is_hub(answer: httpx.Response) -> bool:
    if not answer.is_success:
        return False
    return VERSION_HEADER in answer.headers or isinstance(_object(answer).get("version"), str)


def _is_chp(answer: httpx.Response) -> bool:
    """Return whether this is configurable-http-proxy's ``{"status": "OK"}``."""
    return answer.is_success and str(_object(answer).get("status", "")).upper() == "OK"


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        data = json.loads(answer.content)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
