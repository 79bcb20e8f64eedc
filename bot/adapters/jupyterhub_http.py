"""Requests to JupyterHub's REST API, with its failures translated into mayday's errors.

Only JupyterHub's own responses count: a 404 from an ingress or another service never means that a user
doesn't exist.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NoReturn

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.adapters.jupyterhub_tls import tls_failure
from bot.domain.retry_after import retry_after_seconds
from bot.errors import RetryLater, UserError

PAGINATED = "application/jupyterhub-pagination+json"
"""Without this header the hub returns a truncated list (jupyterhub.readthedocs.io, REST)."""

PROXY_UNREACHABLE = (
    "Hub {hub} could not reach its proxy: if this continues, run restart-proxy on this hub."
)
NOT_A_URL = "hubs[].api_url of {hub} is not a URL: write it as http://hub.NAMESPACE:8081/hub/api."
NO_ANSWER = (
    "Hub {hub} does not answer at {url}: check that the hub runs and that hubs[].api_url is right."
)
TIMED_OUT = "Hub {hub} at {url} did not answer in time: it may be overloaded."
DISCONNECTED = "The connection to hub {hub} at {url} was lost: check the hub."
NOT_A_HUB = (
    "{url} answered hub {hub} with something that is not JupyterHub's API: set hubs[].api_url to the "
    "address that ends in /hub/api."
)
RATE_LIMITED = "Hub {hub} asks mayday to wait: too many servers are starting."
SERVER_ERROR = "Hub {hub} failed with {status}: if this continues, read the hub's log."
REFUSED = "Hub {hub} refused: {reason}."
HIDDEN = (
    "Hub {hub} has no such user, or a filtered scope hides them from the token: give mayday's service "
    "its scopes without a filter."
)
MISSING_SCOPE = (
    "The token of hub {hub} lacks a scope{scope}: add it to the role of mayday's service in the hub's "
    "configuration."
)
NOT_ACCEPTED = (
    "Hub {hub} does not accept the token: set hubs[].api_token to that of mayday's service in the "
    "hub."
)

_HIDDEN = "No access to resources"
"""The start of the hub's message if a filtered scope hides whether something exists."""


class HubApi:
    """The API at the hub's service. ``url`` has no trailing slash."""

    def __init__(self, *, hub: str, url: str, ca_bundle: str, client: BoundedClient) -> None:
        self.hub = hub
        self._url = url
        self._ca_bundle = ca_bundle
        self._client = client

    def request(
        self, method: str, path: str, params: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a request and return the response, whatever its status.

        Raises:
            UserError: no TLS connection can be made, or ``hubs[].api_url`` is not a URL.
            RetryLater: there was no response in time.
        """
        try:
            return self._client.request(method, self._url + path, params)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise UserError(NOT_A_URL.format(hub=self.hub), code="api_url") from error
        except httpx.HTTPError as error:
            raise self._unanswered(error, at_proxy=path == "/proxy") from error

    def _unanswered(self, error: httpx.HTTPError, *, at_proxy: bool) -> UserError | RetryLater:
        failure = tls_failure(
            error, hub=self.hub, url=self._url, key="hubs[].api_url", ca_bundle=self._ca_bundle
        )
        if failure is not None:
            return failure
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return RetryLater(
                NO_ANSWER.format(hub=self.hub, url=self._url), after=10.0, maybe_done=False
            )
        if isinstance(error, httpx.TimeoutException):
            if at_proxy:
                return RetryLater(PROXY_UNREACHABLE.format(hub=self.hub), after=10.0)
            return RetryLater(TIMED_OUT.format(hub=self.hub, url=self._url), after=10.0)
        return RetryLater(DISCONNECTED.format(hub=self.hub, url=self._url), after=10.0)

    def get(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a path.

        Raises:
            UserError: the hub refused, or the response is not JupyterHub's.
            RetryLater: the hub or its proxy failed.
        """
        return self.object(self.check(self.request("GET", path, params)))

    def object(self, answer: httpx.Response) -> dict[str, Any]:
        """Return the JSON object of a response.

        Raises:
            UserError: it has none, so it is not the hub's.
        """
        found = _object(answer)
        if found is None:
            self.malformed()
        return found

    def malformed(self) -> NoReturn:
        """Raise a UserError for a response that is not JupyterHub's."""
        raise UserError(NOT_A_HUB.format(url=self._url, hub=self.hub), code="not_a_hub")

    def message(self, answer: httpx.Response) -> str:
        """Return the hub's error message on one line; empty if the response is not JupyterHub's."""
        return _message(answer) or ""

    def is_absent(self, answer: httpx.Response) -> bool:
        """Return whether the hub says that there is no such user or server.

        Raises:
            UserError: the 404 is not the hub's, or a filtered scope hides whether there is one.
        """
        if answer.status_code != httpx.codes.NOT_FOUND:
            return False
        message = _message(answer)
        if message is None:
            self.malformed()
        if message.startswith(_HIDDEN):
            self._hidden()
        return True

    def check(self, answer: httpx.Response) -> httpx.Response:
        """Return the response if it is successful.

        Raises:
            UserError: the hub refused; the text says what to change.
            RetryLater: the hub or its proxy failed.
        """
        status = answer.status_code
        if answer.is_success:
            return answer
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise RetryLater(
                RATE_LIMITED.format(hub=self.hub),
                after=_retry_after(answer, 30.0),
                maybe_done=False,
            )
        if status >= 500 and answer.request.url.path.endswith("/api/proxy"):
            raise RetryLater(PROXY_UNREACHABLE.format(hub=self.hub), after=10.0)
        if status >= 500:
            raise RetryLater(
                SERVER_ERROR.format(hub=self.hub, status=status), after=_retry_after(answer, 10.0)
            )
        message = _message(answer)
        if message is None:
            self.malformed()
        if status in (401, 403):
            raise self._forbidden(message)
        if status == httpx.codes.NOT_FOUND and message.startswith(_HIDDEN):
            self._hidden()
        raise UserError(REFUSED.format(hub=self.hub, reason=message or status), code=str(status))

    def lacking(self, scope: str) -> UserError:
        """Return the error for a token without a scope."""
        return UserError(
            MISSING_SCOPE.format(hub=self.hub, scope=f" ({scope})" if scope else ""),
            code="forbidden",
        )

    def _hidden(self) -> NoReturn:
        raise UserError(HIDDEN.format(hub=self.hub), code="hidden")

    def _forbidden(self, message: str) -> UserError:
        """Return the error for a 403: the hub's text tells a bad token from a missing scope."""
        if "scopes" in message:
            return self.lacking(message.partition("any of [")[2].partition("]")[0])
        return UserError(NOT_ACCEPTED.format(hub=self.hub), code="forbidden")


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        data = answer.json()
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _message(answer: httpx.Response) -> str | None:
    """Return the hub's error message on one line, or None if the error is not JupyterHub's.

    JupyterHub's errors have exactly a status and a message, which may be ``null`` since version 6.
    """
    data = _object(answer) or {}
    if set(data) != {"status", "message"} or data["status"] != answer.status_code:
        return None
    return " ".join(str(data["message"] or "").split()).rstrip(".")


def _retry_after(answer: httpx.Response, default: float) -> float:
    return retry_after_seconds(
        answer.headers.get("Retry-After"), datetime.now(UTC), default=default
    )
