"""Who has servers on a hub, and how long one has been pending, where the hub does not say: since mayday
first saw it pending.

Only an unbroken series of sightings counts. A server that nobody looked at for a while may have become
ready and pending again meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.domain.evidence import View
from bot.domain.hubs import Server, ServerKey
from bot.store import hub_users
from bot.store import sightings as rows
from bot.store.engine import Store

UNBROKEN = timedelta(minutes=15)
"""The longest time between two sightings of the same series."""

KEPT = timedelta(days=400)
"""How long the name of somebody is kept whom a hub serves no more."""


class Sightings:
    """The pending servers of all hubs, and when each was first seen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: dict[str, tuple[date, frozenset[str]]] = {}

    def of(self, hub: str, servers: View[Server], now: datetime) -> Mapping[ServerKey, datetime]:
        """Record that these servers were seen now; return when each pending one was first seen pending."""
        if not servers.read:
            return {}
        self._remember(hub, frozenset(server.user for server in servers.items), now)
        pending = {(s.user, s.name): _state(s) for s in servers.items if s.pending}
        since: dict[ServerKey, datetime] = {}
        with self._store.write() as tx:
            before = rows.of_hub(tx, hub)
            for key, state in pending.items():
                was, first, last = before.get(key, ("", now, now))
                since[key] = first if was == state and now - last <= UNBROKEN else now
                rows.put(tx, hub, key, state, since[key], now)
            rows.drop_others(tx, hub, pending)
        return since

    def _remember(self, hub: str, names: frozenset[str], now: datetime) -> None:
        """Record whom the hub serves, which published reports don't name; what is recorded costs nothing."""
        day, told = self._told.get(hub, (now.date(), frozenset()))
        if day == now.date() and names <= told:
            return
        with self._store.write() as tx:
            hub_users.remember(tx, hub, names, day=now.date())
            hub_users.forget(tx, before=now.date() - KEPT)
        self._told[hub] = (now.date(), names | (told if day == now.date() else frozenset()))


def _state(server: Server) -> str:
    """What the server waits for, and which of its starts that is."""
    return f"{server.pending} {server.started.isoformat() if server.started else ''}".strip()
