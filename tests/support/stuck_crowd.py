"""A hub with many users, of whom many are stuck in every way, whose calls take time and are counted."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.domain.hubs import Pod, Server
from bot.ports import Stopped
from tests.support.hubs import late_spawn, pod, route, server, terminating
from tests.support.scripted import Scripted

LISTS = {"servers": 5, "pods": 2, "routes": 5}
"""How many pages, each one request, the long lists have."""


@dataclass(kw_only=True)
class Crowd(Scripted):
    """Acts take effect at once. Each request takes ``latency`` seconds; ``most`` is how many ran at once.

    ``fault`` is called with the name and the target of each call about one target, before it has effect.
    """

    latency: float = 0.0
    fault: Callable[[str, str], None] = field(default=lambda _call, _target: None)
    requests: Counter[str] = field(default_factory=Counter)
    most: int = 0
    guard: threading.RLock = field(default_factory=threading.RLock)
    under_way: int = 0
    waited: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds of waiting for answers, by thread."""

    @contextmanager
    def _request(self, name: str, number: int = 1) -> Iterator[None]:
        with self.guard:
            self.requests[name] += number
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.waited[threading.get_ident()] += self.latency * number
        time.sleep(self.latency * number)
        try:
            with self.guard:
                yield
        finally:
            with self.guard:
                self.under_way -= 1

    def _look(self, *names: str) -> None:
        with self._request(names[0], LISTS.get(names[0], 1)):
            super()._look(*names)

    def server(self, user: str, name: str) -> Server | None:
        self.fault("server", user)
        return super().server(user, name)

    def pod(self, namespace: str, name: str) -> Pod | None:
        self.fault("pod", name)
        return super().pod(namespace, name)

    def _gone(self, uid: str) -> None:
        users = {pod.user for pod in self.live if pod.uid == uid}
        self.live = [pod for pod in self.live if pod.uid != uid]
        self.records = [r for r in self.records if not (r.user in users and r.pending == "stop")]

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        self.fault("delete", name)
        with self._request("delete"):
            self._gone(uid)

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        self.fault("delete", name)
        with self._request("delete", 2):  # the adapter looks at the pod first
            self._gone(uid)

    def stop_server(self, user: str, name: str) -> Stopped:
        self.fault("stop", user)
        with self._request("stop"):
            self.records = [record for record in self.records if record.user != user]
            self.live = [pod for pod in self.live if pod.user != user]
            self.known = [route for route in self.known if route.user != user]
        return Stopped.GONE

    def add(self, kind: str, user: str) -> None:
        """Add a server in this condition; ``fine`` is a healthy one.

        The route of a server whose pod vanished stays, as it does on a real hub.
        """
        records, pods = KINDS[kind](user)
        number = len(self.records) + len(self.live)  # addresses of many names would not be unique
        address = f"10.9.{number // 250}.{number % 250 + 1}"
        self.records += records
        self.live += [replace(one, ips=(address,)) if one.ips else one for one in pods]
        if kind in ("fine", "stale_record"):
            self.known.append(route(user, to=address))

    def listed(self, *users: str) -> list[object]:
        """Everything that there is of these users."""
        everything = (*self.records, *self.live, *self.known)
        return [each for each in everything if each.user in users]


KINDS: dict[str, Callable[[str], tuple[list[Server], list[Pod]]]] = {
    "fine": lambda user: ([server(user)], [pod(user)]),
    "orphan": lambda user: ([], [pod(user)]),
    "stuck_orphan": lambda user: ([], [terminating(user)]),
    "stuck_stop": lambda user: ([server(user, pending="stop")], [terminating(user)]),
    "lost_node": lambda user: ([server(user)], [terminating(user)]),
    "unsent_stop": lambda user: ([server(user, pending="stop")], [pod(user)]),
    "stuck_spawn": lambda user: (
        [late_spawn(user)],
        [pod(user, phase="Pending", reason="ImagePullBackOff")],
    ),
    "lost_spawn": lambda user: ([late_spawn(user)], []),
    "stale_record": lambda user: ([server(user)], []),
}
"""The record and the pod of a server in each condition."""


ALL = tuple(kind for kind in KINDS if kind != "fine")


def crowd(stuck: dict[str, int], *, fine: int, latency: float = 0.0) -> Crowd:
    """So many servers in each condition, and healthy ones; users are named after it."""
    made = Crowd(latency=latency)
    for kind, count in {**stuck, "fine": fine}.items():
        for number in range(count):
            made.add(kind, f"{kind.replace('_', '-')}-{number:03}")
    return made
