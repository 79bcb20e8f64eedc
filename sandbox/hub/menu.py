"""The outages in the words of the sandbox's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import httpx

from sandbox.outages import Outage, OutageError, Param

if TYPE_CHECKING:
    from sandbox.hub.sandbox import HubSandbox


def menu(hub: HubSandbox) -> list[Outage]:
    """Every outage of a hub, in the order in which people meet them."""

    def play(run: Callable[[], str]) -> str:
        with hub.playing:
            try:
                return run()
            except (TimeoutError, httpx.HTTPError) as exc:
                raise OutageError(
                    f"It did not work out: {exc} Press “Put everything right” and try again."
                ) from exc

    def plain(
        id_: str, label: str, help_: str, run: Callable[[], str], *, mends: bool = False
    ) -> Outage:
        return Outage(id=id_, label=label, help=help_, mends=mends, run=lambda _chosen: play(run))

    def of_user(id_: str, label: str, help_: str, run: Callable[[str], str]) -> Outage:
        def chosen(params: Mapping[str, str]) -> str:
            user = params.get("user")
            if not user:
                raise OutageError("Choose a user first.")
            return play(lambda: run(user))

        param = Param(name="user", label="User", choices=hub.users)
        return Outage(id=id_, label=label, help=help_, params=(param,), run=chosen)

    return [
        plain(
            "evict-proxy",
            "Evict the proxy",
            "The node evicts the proxy's pod; its successor has no routes. Both health checks say "
            "200 while nobody reaches their server.",
            hub.evict_proxy,
        ),
        plain(
            "kill-proxy",
            "Kill the proxy",
            "The proxy runs out of memory and restarts in the same pod, without routes.",
            hub.kill_proxy,
        ),
        plain("drop-routes", "Drop the routes", "The proxy runs on, empty.", hub.drop_routes),
        plain("proxy-down", "Proxy down", "The proxy is scaled to 0.", hub.proxy_down),
        plain("proxy-up", "Proxy up", "The proxy is scaled back to 1.", hub.proxy_up, mends=True),
        plain("hub-down", "Hub down", "The hub is scaled to 0; servers run on.", hub.hub_down),
        plain("hub-up", "Hub up", "The hub is scaled back to 1.", hub.hub_up, mends=True),
        plain(
            "drain-core-pool",
            "Drain the core pool",
            "The core pool loses its node: hub and proxy cannot be placed.",
            hub.drain_core_pool,
        ),
        of_user(
            "hang-stop",
            "Hang a stop",
            "A user's server is stopped and its node does not answer: Terminating for ever.",
            hub.hang_stop,
        ),
        of_user(
            "hang-spawn",
            "Hang a start",
            "A user's server is started and its image cannot be pulled: Pending for ever.",
            hub.hang_spawn,
        ),
        of_user(
            "orphan-pod", "Orphan a pod", "The hub forgets a server that runs on.", hub.orphan_pod
        ),
        of_user(
            "stale-record",
            "Leave a stale record",
            "A user's pod is gone and the hub still says ready.",
            hub.stale_record,
        ),
        plain(
            "heal", "Put everything right", "Undo every outage of the hub.", hub.heal, mends=True
        ),
    ]
