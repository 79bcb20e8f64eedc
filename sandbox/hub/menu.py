"""The outages in the words of the sandbox's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import httpx

from sandbox.outages import Outage, OutageError, Param

if TYPE_CHECKING:
    from sandbox.hub.sandbox import HubSandbox

# Label and help of each outage by its id, in the order in which people meet them. The id is the
# name of the method that plays it.
_WORDS = {
    "evict-proxy": (
        "Evict the proxy",
        "The node evicts the proxy's pod; its successor has no routes. Both health checks say 200 "
        "while nobody reaches their server.",
    ),
    "kill-proxy": (
        "Kill the proxy",
        "The proxy runs out of memory and restarts in the same pod, without routes.",
    ),
    "drop-routes": ("Drop the routes", "The proxy runs on, empty."),
    "proxy-down": ("Proxy down", "The proxy is scaled to 0."),
    "proxy-up": ("Proxy up", "The proxy is scaled back to 1."),
    "hub-down": ("Hub down", "The hub is scaled to 0; servers run on."),
    "hub-up": ("Hub up", "The hub is scaled back to 1."),
    "drain-core-pool": (
        "Drain the core pool",
        "The core pool loses its node: hub and proxy cannot be placed.",
    ),
    "hang-stop": (
        "Hang a stop",
        "A user's server is stopped and its node does not answer: Terminating for ever.",
    ),
    "hang-spawn": (
        "Hang a start",
        "A user's server is started and its image cannot be pulled: Pending for ever.",
    ),
    "orphan-pod": ("Orphan a pod", "The hub forgets a server that runs on."),
    "stale-record": (
        "Leave a stale record",
        "A user's pod is gone and the hub still says ready.",
    ),
    "heal": ("Put everything right", "Undo every outage of the hub."),
}
_OF_A_USER = {"hang-stop", "hang-spawn", "orphan-pod", "stale-record"}
_REPAIRS = {"proxy-up", "hub-up", "heal"}


def menu(hub: HubSandbox) -> list[Outage]:
    """Every outage of a hub."""
    user = Param(name="user", label="User", choices=hub.users)
    return [
        Outage(
            id=id_,
            label=label,
            help=help_,
            params=(user,) if id_ in _OF_A_USER else (),
            mends=id_ in _REPAIRS,
            run=_play(hub, id_),
        )
        for id_, (label, help_) in _WORDS.items()
    ]


def _play(hub: HubSandbox, id_: str) -> Callable[[Mapping[str, str]], str]:
    outage: Callable[..., str] = getattr(hub, id_.replace("-", "_"))

    def run(chosen: Mapping[str, str]) -> str:
        if id_ in _OF_A_USER and not chosen.get("user"):
            raise OutageError("Choose a user first.")
        with hub.playing:
            try:
                return outage(chosen["user"]) if id_ in _OF_A_USER else outage()
            except (TimeoutError, httpx.HTTPError) as exc:
                raise OutageError(
                    f"It did not work out: {exc} Press “Put everything right” and try again."
                ) from exc

    return run
