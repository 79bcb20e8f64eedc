"""The stage: the hub that things happen to, and how it looks from every side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.cluster.waiting import wait_for
from sandbox.hub import HubSandbox
from sandbox.hub.running import Row

OVERDUE = timedelta(seconds=11)
"""How long after its grace time a pod's end is waited for: a little over mayday's ten seconds."""

WORKS = 200
"""The HTTP status that a student gets whose server can be reached."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The hub at one moment: its rows, what the two health pages say, the HTTP status that each
    student gets, and the uid of each student's pod."""

    name: str
    rows: Sequence[Row]
    hub_well: bool
    proxy_well: bool
    visits: Mapping[str, int]
    pods: Mapping[str, str]

    @property
    def ready(self) -> set[str]:
        """Whose servers the hub calls ready."""
        return {row.user for row in self.rows if row.hub == "ready"}

    @property
    def routed(self) -> set[str]:
        """To whose servers the proxy leads."""
        return {row.user for row in self.rows if row.route}

    @property
    def stuck(self) -> set[str]:
        """Whose servers stop and do not end."""
        return {row.user for row in self.rows if row.hub.startswith("pending")}

    @property
    def working(self) -> set[str]:
        """Who reaches their server."""
        return {user for user, status in self.visits.items() if status == WORKS}

    def __str__(self) -> str:
        health = f"hub {_word(self.hub_well)}, proxy {_word(self.proxy_well)}"
        return (
            f"{len(self.ready)} ready, {len(self.routed)} routed, {len(self.stuck)} stuck; "
            f"{len(self.working)} of {len(self.visits)} students reach their server; {health}"
        )


def look(hub: HubSandbox, name: str) -> Sight:
    """Look at everything; the students' pages are asked for all at once."""
    rows = hub.rows()
    with ThreadPoolExecutor(max_workers=len(hub.users)) as pool:
        statuses = list(pool.map(hub.visit, hub.users))
    return Sight(
        name=name,
        rows=rows,
        hub_well=hub.hub_ok(),
        proxy_well=hub.proxy_ok(),
        visits=dict(zip(hub.users, statuses, strict=True)),
        pods={
            user: str(pod["metadata"]["uid"]) for user in hub.users if (pod := hub.user_pod(user))
        },
    )


def hang_stops(hub: HubSandbox, users: Iterable[str]) -> str:
    """Let the stops of these servers hang."""
    names = list(users)
    for user in names:
        hub.hang_stop(user)
    return f"The servers of {' and '.join(names)} are being stopped, which does not end."


def wait_in_vain(hub: HubSandbox, users: Iterable[str], *, seconds: float) -> str:
    """Wait until these pods are overdue.

    Raises:
        LookupError: one of them is not being stopped.
        TimeoutError: it took too long.
    """
    names = list(users)
    wait_for(
        lambda: all(_overdue(hub, user) for user in names),
        f"the pods of {' and '.join(names)} to be overdue",
        seconds=seconds,
    )
    return f"The pods of {' and '.join(names)} should be gone long since, and are still there."


def start_servers(hub: HubSandbox, users: Iterable[str]) -> str:
    """Start these servers and let their owners in. Raises TimeoutError."""
    names = list(users)
    hub.start_servers(names)
    return f"{' and '.join(names)} press “Start my server” and are in."


def _overdue(hub: HubSandbox, user: str) -> bool:
    pod = hub.user_pod(user)
    deadline = pod and pod["metadata"].get("deletionTimestamp")
    if not deadline:
        raise LookupError(f"The pod of {user} is not being stopped.")
    return datetime.now(UTC) > datetime.fromisoformat(deadline) + OVERDUE


def _word(well: bool) -> str:
    return "says 200" if well else "does not say 200"
