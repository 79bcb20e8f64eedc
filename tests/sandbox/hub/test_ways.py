"""Fault rules on the users' path to the proxy and the hub's path to the cluster."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from sandbox.cluster.waiting import wait_for
from sandbox.faults import (
    Fault,
    drop_before,
    expired_after,
    garbage_after,
    says,
)
from sandbox.hub import HubSandbox, Row
from sandbox.rules import on_request

PODS = r"/api/v1/namespaces/[^/]+/pods\?.*watch="


def test_users_are_turned_away_while_the_hub_is_well(hub: HubSandbox, bot: httpx.Client) -> None:
    hub.public.faults = [on_request("GET", "/user/ana/", says(503))]
    assert (hub.visit("ana"), hub.visit("ben")) == (503, 200)
    hub.public.faults = [on_request("*", "/", drop_before())]
    assert (hub.visit("ana"), hub.visit("ben")) == (0, 0)
    assert len(bot.get("/proxy").json()) > len(hub.users)
    assert (hub.hub_ok(), hub.proxy_ok()) == (True, True)
    hub.public.faults.clear()
    assert (hub.visit("ana"), hub.visit("ben")) == (200, 200)


def test_a_browser_meets_the_same(hub: HubSandbox) -> None:
    hub.public.faults = [on_request("GET", "/hub/login", says(502))]
    page = httpx.get(f"{hub.url}/hub/login", headers={"Accept": "text/html"})
    assert page.status_code == 502


def test_it_refuses_users_while_there_is_no_proxy(hub: HubSandbox) -> None:
    hub.proxy_down()
    with pytest.raises(httpx.ConnectError):
        httpx.get(hub.url)


@pytest.mark.parametrize("make", [expired_after, garbage_after], ids=["expired", "garbage"])
def test_kubespawner_lives_with_a_watch_that_goes_wrong(
    hub: HubSandbox, make: Callable[[int], Fault]
) -> None:
    """The reflector lists again, so it sees a server start.

    Slow: KubeSpawner's watches last ten seconds.
    """
    hub.rest.stop_server("ana")
    wait_for(lambda: hub.row("ana").hub == "absent", "the server to stop")
    hub.spawning.faults = [on_request("GET", PODS, make(1))]
    # Watches last ten seconds: wait for the first one that fails.
    wait_for(lambda: hub.spawning.faults.standing()[0].struck, "a watch", seconds=30)
    hub.rest.begin("POST", "ana")
    ready = Row(user="ana", server="", hub="ready", pod="Running", route=True)
    wait_for(lambda: hub.row("ana") == ready, "the server", seconds=60)
