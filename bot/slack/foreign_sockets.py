"""Finds out whether another program uses this app's tokens: Slack gives each delivery to one connection only.

Slack tells how many connections an app has when it greets a new one. While a connection is replaced its
replica has two, so only what every count shows for some minutes counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from bot.slack.socket import Socket

FOREIGN = (
    "Slack counts connections of this app that are not mayday's, so another program gets some of what people "
    "ask: stop it, or give it an app of its own."
)

LASTS = 300.0
"""Seconds for which every count has to show others. A connection that died counts for some of them."""

SOON = 60.0
"""Seconds between two counts while there are others."""

SELDOM = 900.0
"""Seconds between two counts otherwise."""

log = structlog.get_logger()


class ForeignSockets:
    """Compares the connections that Slack counts with the replicas that are alive.

    ``replicas`` returns how many replicas are alive, this one included. ``found`` is called with the number
    of other connections whenever it changes.
    """

    def __init__(
        self,
        socket: Socket,
        *,
        replicas: Callable[[], int],
        found: Callable[[int], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._socket = socket
        self._replicas = replicas
        self._found = found
        self._now = now
        self._since: float | None = None
        self._number = 0

    def look(self) -> None:
        """Compare with the last count, and have Slack count again when that is due."""
        count = self._socket.count
        if count is None:
            return
        others = count.others - (self._replicas() - 1)
        if others <= 0:
            self._since = None
        elif self._since is None:
            self._since = self._now()
        lasts = self._since is not None and count.at - self._since >= LASTS
        if (number := others if lasts else 0) != self._number:
            log.warning("socket.foreign", number=number)
            self._found(number)
            self._number = number
        if self._now() - count.at >= (SELDOM if self._since is None else SOON):
            self._socket.count_again()

    def problem(self) -> str:
        """Return what is wrong, or an empty string."""
        return FOREIGN if self._number else ""
