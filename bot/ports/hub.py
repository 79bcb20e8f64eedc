"""JupyterHub, as services and steps use it."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from bot.domain.evidence import View
from bot.domain.hubs import Health, HubAccess, Route, Server
from bot.domain.signs import Certificate, HubMetrics


class Stopped(StrEnum):
    """The hub's answer to a request to stop a server."""

    GONE = "gone"  # stopped, or was not running
    SLOW = "slow"  # still stopping, for a stuck server indefinitely
    UNKNOWN = "unknown"  # no such user or server


class Hub(Protocol):
    """One JupyterHub: the REST API of its service, and its public address."""

    def access(self) -> HubAccess:
        """Return the hub's version and clock, and the scopes of mayday's token."""

    def health(self) -> Health:
        """Return whether hub and proxy answer at the public address. No answer is a result, not an error.

        Raises:
            UserError: the health is unknown, because the certificate is rejected or the URL is wrong.
        """

    def metrics(self) -> HubMetrics:
        """Return the hub's metrics.

        Raises:
            UserError: the token lacks the scope ``read:metrics``.
        """

    def certificate(self) -> Certificate | None:
        """Return the certificate of the public address, also a rejected one; None for http."""

    def servers(self) -> View[Server]:
        """Return every ready or pending server; the view is incomplete if the hub omits servers.

        Raises:
            UserError, RetryLater: the list could not be read completely.
        """

    def server(self, user: str, name: str) -> Server | None:
        """Return one server, or None if it is neither ready nor pending or the user is unknown.

        Raises:
            UserError: the hub does not show this user's servers.
        """

    def knows(self, user: str) -> bool:
        """Return whether the hub has a user of exactly this name."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of users' servers."""

    def resync_routes(self) -> None:
        """Make the hub write all routes into the proxy."""

    def stop_server(self, user: str, name: str) -> Stopped: ...

    def close(self) -> None:
        """Close the connections."""
