"""The checks of the health endpoints. Each returns one sentence of mayday's own, or an empty string."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Ticks
from bot.errors import MaydayError
from bot.store.engine import Store
from bot.web.health import Check, Lasting

CLOCK_TIMEOUT = 60.0
"""Seconds without a tick after which the clock counts as stopped."""

SOCKET_TIMEOUT = 300.0
"""Seconds without a working socket to Slack after which a restart is worth trying."""

CLOCK_STOPPED = "The clock has stopped."
LEASE_INVALID = "mayday can't renew its lease on the database."
LEASE_LOST = "mayday has lost its lease on the database."
DATABASE_AWAY = "The database doesn't answer; mayday's log has the reason."
STOPPING = "mayday is stopping."


@dataclass(frozen=True, kw_only=True)
class Checks:
    """``live`` are checks for what a restart cures, ``ready`` for what mayday needs to serve.

    ``look`` is called at intervals: it observes what has to last before it counts.
    """

    live: dict[str, Check]
    ready: dict[str, Check]
    look: Callable[[], object]


def health_checks(
    *,
    ticks: Ticks,
    store: Store,
    is_stopping: Callable[[], bool],
    socket: Check | None,
    foreign: Check = lambda: "",
    has_lease: Callable[[], bool] = lambda: True,
    lost_lease: Callable[[], bool] = lambda: False,
) -> Checks:
    """Return the checks; ``socket`` says what is wrong with the socket to Slack, where there is one.

    ``foreign`` says whether other programs have sockets, too, which no restart cures.

    ``has_lease`` is whether the lease is valid now, ``lost_lease`` whether it can never be again.
    """

    def clock() -> str:
        return "" if ticks.age < CLOCK_TIMEOUT else CLOCK_STOPPED

    def database() -> str:
        try:
            store.check()
        except MaydayError:
            return DATABASE_AWAY  # the error names the server
        return ""

    def lost() -> str:
        return LEASE_LOST if lost_lease() else ""

    live: dict[str, Check] = {"clock": clock, "lease": lost}
    ready: dict[str, Check] = {
        "process": lambda: STOPPING if is_stopping() else "",
        "clock": clock,
        "lease": lambda: lost() or ("" if has_lease() else LEASE_INVALID),
        "database": database,
    }
    if socket is None:
        return Checks(live=live, ready=ready, look=lambda: "")
    lasting = Lasting(socket, seconds=SOCKET_TIMEOUT)
    live["slack"] = lasting.problem
    ready["slack"] = socket
    ready["connections"] = foreign
    return Checks(live=live, ready=ready, look=lasting.look)
