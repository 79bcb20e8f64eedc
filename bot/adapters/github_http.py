"""PyGithub's connections, with one limit for each request and its repeats.

PyGithub has no limit for a whole request, but lets its connection classes be replaced, for the whole
process. Replaced ones are used for one request each, so no connection is kept.
"""

from __future__ import annotations

import json
from typing import Any

from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)
from requests.adapters import HTTPAdapter

from bot.adapters.bounded import BoundedRequest, bind

READS = ("GET", "HEAD")
NOT_MODIFIED = 304
WITH_BODY = (200, 201)
"""The statuses of answers that have a body."""


class Redirected(Exception):
    """GitHub answered with an address, which is not followed: it is of another repository or server."""


class _Adapter(HTTPAdapter):
    """An adapter of requests, with bounded connections."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        bind(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        bind(manager)
        return manager


class _Connection(HTTPRequestsConnectionClass):
    """A connection for one request. ``timeout`` limits the request with its repeats, in seconds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = float(self.timeout or 0)
        self.session.mount(f"{self.protocol}://", _Adapter(max_retries=self.retry))

    def getresponse(self) -> RequestsResponse:
        """Send the request and return the response.

        Raises:
            OutOfTime: there was none within the limit.
            RetryLater: the deadline was over before the request was sent.
            Redirected: the answer is another address. PyGithub would send the same request there.
            ValueError: it says that it succeeded, but isn't JSON. PyGithub would take it for an object of
                which nothing is known, or for one that hasn't changed.
        """
        reads = self.verb in READS
        # A read that gets no answer can still be repeated once within the limit. PyGithub annotates whole
        # seconds, but only passes them to requests.
        self.timeout = self.limit / 2 if reads else self.limit  # type: ignore[assignment]
        request = BoundedRequest(self.limit, writes=not reads)
        try:
            response = request.run(super().getresponse)
            if 300 <= response.status < 400 and response.status != NOT_MODIFIED:
                raise Redirected
            if response.status in WITH_BODY:
                json.loads(response.response.content)
            return response
        finally:
            self.close()


# PyGithub annotates the initializers of the two differently.
class _TLSConnection(_Connection, HTTPSRequestsConnectionClass):  # type: ignore[misc]
    """The same over TLS."""


def install() -> None:
    """Make PyGithub use these connections."""
    Requester.injectConnectionClasses(_Connection, _TLSConnection)
