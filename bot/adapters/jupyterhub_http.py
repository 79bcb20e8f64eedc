"""Requests to JupyterHub's REST API, and what its refusals and failures mean, in one sentence each.

An answer counts only when it is JupyterHub's own: what an ingress or another service says on the way
is never taken for "there is no such user".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NoReturn

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.adapters.jupyterhub_tls import tls_failure
from bot.domain.retry_after import asked_wait
from bot.errors import RetryLater, UserError

PAGINATED = "application/jupyterhub-pagination+json"
"""Without this the hub answers a bare list that is silently cut (jupyterhub.readthedocs.io, REST)."""

PROXY_AWAY = (
    "Hub {hub} could not reach its proxy: if the proxy stays away, run restart-proxy on this hub."
)

_HIDDEN = "No access to resources"
"""How the hub's message begins when a filtered scope leaves open whether something exists."""


class HubApi:
    """The API at the hub's own service. ``url`` has no slash at its end."""

    def __init__(self, *, hub: str, url: str, ca_bundle: str, client: BoundedClient) -> None:
        self.hub = hub
        self._url = url
        self._ca_bundle = ca_bundle
        self._client = client

    def ask(self, method: str, path: str, params: dict[str, str] | None = None) -> httpx.Response:
        """The answer, whatever its status.

        Raises:
            UserError: no TLS connection can be made, or ``hubs[].api_url`` is not an address.
            RetryLater: nobody answered, or not in time.
        """
        try:
            return self._client.request(method, self._url + path, params)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise UserError(
                f"hubs[].api_url of {self.hub} is not an address: write it as "
                "http://hub.NAMESPACE:8081/hub/api.",
                code="api_url",
            ) from error
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
                f"Hub {self.hub} does not answer at {self._url}: check that the hub runs and "
                "that hubs[].api_url is right.",
                after=10.0,
                maybe_done=False,
            )
        if isinstance(error, httpx.TimeoutException):
            if at_proxy:
                return RetryLater(PROXY_AWAY.format(hub=self.hub), after=10.0)
            return RetryLater(
                f"Hub {self.hub} at {self._url} did not answer in time: it may be overloaded.",
                after=10.0,
            )
        return RetryLater(
            f"The connection to hub {self.hub} at {self._url} broke: check the hub.", after=10.0
        )

    def get(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at a path.

        Raises:
            UserError: the hub refused, or it is no hub.
            RetryLater: the hub or its proxy failed.
        """
        return self.object(self.check(self.ask("GET", path, params)))

    def object(self, answer: httpx.Response) -> dict[str, Any]:
        """The JSON object of an answer.

        Raises:
            UserError: it has none, so it is not the hub's.
        """
        found = _object(answer)
        if found is None:
            self.garbage()
        return found

    def garbage(self) -> NoReturn:
        """Raise UserError: the answer is not of JupyterHub's form."""
        raise UserError(
            f"{self._url} answered hub {self.hub} with something that is not JupyterHub's API: "
            "set hubs[].api_url to the address that ends in /hub/api.",
            code="not_a_hub",
        )

    def is_absent(self, answer: httpx.Response) -> bool:
        """Whether the hub says that there is no such user or server.

        Raises:
            UserError: the 404 is somebody else's, or the hub keeps secret whether there is one.
        """
        if answer.status_code != httpx.codes.NOT_FOUND:
            return False
        said = _message(answer)
        if said is None:
            self.garbage()
        if said.startswith(_HIDDEN):
            self._hidden()
        return True

    def check(self, answer: httpx.Response) -> httpx.Response:
        """The answer, when it is a good one.

        Raises:
            UserError: the hub refused; the text says what to change.
            RetryLater: the hub or its proxy failed.
        """
        status = answer.status_code
        if answer.is_success:
            return answer
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise RetryLater(
                f"Hub {self.hub} asks to wait: too many servers are starting.",
                after=_asked(answer, 30.0),
                maybe_done=False,
            )
        if status >= 500 and answer.request.url.path.endswith("/api/proxy"):
            raise RetryLater(PROXY_AWAY.format(hub=self.hub), after=10.0)
        if status >= 500:
            raise RetryLater(
                f"Hub {self.hub} failed with {status}: read the hub's log if it goes on.",
                after=_asked(answer, 10.0),
            )
        said = _message(answer)
        if said is None:
            self.garbage()
        if status in (401, 403):
            raise UserError(self._refusal(said), code="forbidden")
        if status == httpx.codes.NOT_FOUND and said.startswith(_HIDDEN):
            self._hidden()
        raise UserError(f"Hub {self.hub} refused: {said or status}.", code=str(status))

    def _hidden(self) -> NoReturn:
        raise UserError(
            f"Hub {self.hub} has no such user, or a filtered scope hides them from the token: "
            "give mayday's service its scopes without a filter.",
            code="hidden",
        )

    def _refusal(self, said: str) -> str:
        """A bad token and a missing scope both answer 403; only the message tells them apart."""
        if "scopes" in said:
            need = said.partition("any of [")[2].partition("]")[0]
            wanted = f" ({need})" if need else ""
            return (
                f"The token of hub {self.hub} lacks a scope{wanted}: add it to the role of mayday's "
                "service in the hub's configuration."
            )
        return (
            f"Hub {self.hub} does not accept the token: set hubs[].api_token to that of mayday's "
            "service in the hub."
        )


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        data = answer.json()
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _message(answer: httpx.Response) -> str | None:
    """What the hub says about an error, in one line; None when the error is not JupyterHub's.

    JupyterHub answers an error with exactly its status and a message, which since 6 may be ``null``.
    """
    data = _object(answer) or {}
    if set(data) != {"status", "message"} or data["status"] != answer.status_code:
        return None
    return " ".join(str(data["message"] or "").split()).rstrip(".")


def _asked(answer: httpx.Response, otherwise: float) -> float:
    return asked_wait(answer.headers.get("Retry-After"), datetime.now(UTC), otherwise=otherwise)
