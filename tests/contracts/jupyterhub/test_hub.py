"""JupyterHub and proxy behavior that mayday relies on, tested via our adapter."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import httpx
import pytest

from bot.adapters import jupyterhub_lists
from bot.adapters.jupyterhub import JupyterHub
from bot.domain.hubs import Health
from bot.errors import RetryLater, UserError
from bot.ports import Started, Stopped
from sandbox.cluster.waiting import wait_for
from sandbox.hub.access import BOT_SCOPES
from tests.contracts.jupyterhub.conftest import USERS, Connect, World
from tests.contracts.jupyterhub.plain import PlainHub

STARTED = (httpx.codes.CREATED, httpx.codes.ACCEPTED)
"""The hub's answers to a start."""

AWAY = "could not reach its proxy"
PATIENCE = 4.0
"""Request timeout in seconds when the proxy is down."""

HUBS_OWN = 20.0
"""Minimum seconds that such a hub holds the request."""


def contract(statement: str) -> pytest.MarkDecorator:
    """Mark a test as a JupyterHub contract."""
    return pytest.mark.contract("JupyterHub", statement)


@contract("servers with their times, and a route for each, by path with a slash at the end")
def test_healthy(hub: JupyterHub) -> None:
    assert hub.health() == Health(hub=True, proxy=True)
    assert hub.servers().complete
    servers = hub.servers().items
    assert {(server.user, server.name) for server in servers} == {(user, "") for user in USERS}
    assert all(server.ready and not server.pending for server in servers)
    assert all(s.started and s.started.utcoffset() is not None for s in servers)
    assert {(route.user, route.path) for route in hub.routes()} == {
        (user, f"/user/{user}/") for user in USERS
    }


@contract("the hub names its version and the token's scopes, each in full")
def test_access(hub: JupyterHub) -> None:
    access = hub.access()
    assert access.version == version("jupyterhub")
    assert access.scopes >= set(BOT_SCOPES)
    assert not any("!" in scope for scope in access.scopes)


@contract("names of users are compared exactly")
def test_known_users(hub: JupyterHub) -> None:
    assert hub.knows("ana")
    assert not hub.knows("Ana")
    assert not hub.knows("nobody")


@contract(
    "all routes gone: both health checks say 200, the hub says ready, a resync brings all back"
)
def test_lost_routes(world: World, hub: JupyterHub) -> None:
    world.drop_routes()
    assert hub.routes() == ()
    assert hub.health() == Health(hub=True, proxy=True)
    assert all(server.ready for server in hub.servers().items)
    hub.resync_routes()
    assert {route.user for route in hub.routes()} == set(USERS)


@contract("one route gone: only that one is missing, and a resync brings it back")
def test_lost_route(world: World, hub: JupyterHub) -> None:
    world.rest.drop_route("/user/ben/")
    assert {route.user for route in hub.routes()} == set(USERS) - {"ben"}
    hub.resync_routes()
    assert {route.user for route in hub.routes()} == set(USERS)


@contract("lists come in pages of the size that is asked for, and every page is read")
def test_pages(hub: JupyterHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyterhub_lists, "PAGE", 2)
    assert sorted(server.user for server in hub.servers().items) == sorted(USERS)
    assert sorted(route.user for route in hub.routes()) == sorted(USERS)


@contract("a server is stopped and started; stopping what does not run is done, too")
def test_stop_and_start(world: World, hub: JupyterHub) -> None:
    assert hub.stop_server("ana", "") in (Stopped.GONE, Stopped.SLOW)
    wait_for(lambda: hub.server("ana", "") is None, "the server to stop")
    assert hub.stop_server("ana", "") is Stopped.GONE
    assert world.rest.start_server("ana") in STARTED
    wait_for(lambda: bool((s := hub.server("ana", "")) and s.ready), "the server")
    assert world.rest.start_server("ana") == httpx.codes.BAD_REQUEST


@contract("a user whom the hub does not know")
def test_unknown_user(hub: JupyterHub) -> None:
    assert hub.stop_server("nobody", "") is Stopped.UNKNOWN
    assert hub.server("nobody", "") is None


@contract("a named server stands beside the default one; one that never was is unknown")
def test_named_servers(world: World, hub: JupyterHub) -> None:
    if not isinstance(world, PlainHub):
        pytest.skip("the sandbox's hub has no named servers, as few have that mayday is for")
    assert hub.server("chidi", "gpu") is None
    assert hub.stop_server("chidi", "gpu") is Stopped.UNKNOWN
    own = {"Authorization": f"token {world.rest.user_token('chidi')}"}
    started = httpx.post(f"{world.api_url}/users/chidi/servers/gpu", headers=own, timeout=30)
    assert started.status_code in STARTED
    wait_for(lambda: bool((s := hub.server("chidi", "gpu")) and s.ready), "the server")
    routes = {route.path for route in hub.routes() if route.user == "chidi"}
    assert routes == {"/user/chidi/", "/user/chidi/gpu/"}
    assert hub.stop_server("chidi", "gpu") in (Stopped.GONE, Stopped.SLOW)
    wait_for(lambda: hub.server("chidi", "gpu") is None, "the server to stop")
    default = hub.server("chidi", "")
    assert default is not None and default.ready
    assert {route.path for route in hub.routes() if route.user == "chidi"} == {"/user/chidi/"}


@contract("a server that runs is started again without effect; a stopped one starts")
def test_start(hub: JupyterHub) -> None:
    before = hub.server("ben", "")
    assert hub.start_server("ben", "") is Started.READY
    assert before is not None
    now = hub.server("ben", "")
    assert now is not None and now.started == before.started
    assert hub.stop_server("ben", "") in (Stopped.GONE, Stopped.SLOW)
    wait_for(lambda: hub.server("ben", "") is None, "the server to stop")
    assert hub.start_server("ben", "") in Started

    def ready() -> bool:
        found = hub.server("ben", "")
        return found is not None and found.ready

    wait_for(ready, "the server to start")


@contract("a start that hangs: pending spawn, started again still pending, a stop cancels it")
def test_hanging_spawn(world: World, hub: JupyterHub) -> None:
    world.hang_spawn("ben")
    found = hub.server("ben", "")
    assert found is not None
    assert (found.ready, found.pending) == (False, "spawn")
    assert world.rest.start_server("ben") == httpx.codes.ACCEPTED
    assert hub.start_server("ben", "") is Started.PENDING
    assert hub.stop_server("ben", "") is Stopped.GONE
    assert hub.server("ben", "") is None


@contract("a start that fails is told, and leaves no server")
def test_failing_spawn(world: World, hub: JupyterHub) -> None:
    if not isinstance(world, PlainHub):
        pytest.skip("a pod that fails to start takes KubeSpawner its whole start_timeout of 600 s")
    world.fail_spawn("ben")
    assert world.rest.start_server("ben") == httpx.codes.INTERNAL_SERVER_ERROR
    assert hub.server("ben", "") is None


@contract("a stop that hangs: slow for ever, pending stop, and a start is refused")
def test_hanging_stop(world: World, hub: JupyterHub) -> None:
    world.hang_stop("ben")
    assert [hub.stop_server("ben", "") for _ in range(2)] == [Stopped.SLOW, Stopped.SLOW]
    found = hub.server("ben", "")
    assert found is not None
    assert (found.ready, found.pending) == (False, "stop")
    assert world.rest.start_server("ben") == httpx.codes.BAD_REQUEST
    with pytest.raises(UserError, match="pending stop"):
        hub.start_server("ben", "")


@contract("a wrong token and a missing scope are told apart")
def test_tokens(world: World, connect: Connect) -> None:
    with pytest.raises(UserError, match=r"does not accept the token: set hubs\[\]\.api_token"):
        connect("0123456789abcdef").servers()
    narrow = connect(world.rest.user_token("ana"))
    assert "list:users" not in narrow.access().scopes
    with pytest.raises(UserError, match="without a filter"):
        narrow.knows("ben")
    with pytest.raises(UserError, match=r"lacks a scope \(proxy\)"):
        narrow.routes()


@contract(
    "proxy dead: nobody gets in, the hub's API answers, routes are told away within the timeout"
)
def test_dead_proxy(world: World, connect: Connect) -> None:
    if isinstance(world, PlainHub) and world.own_proxy:
        pytest.skip("this hub starts its proxy again by itself: a contract of its own")
    hub = connect(world.api_token, PATIENCE)
    world.proxy_down()
    assert hub.health() == Health(hub=False, proxy=False)
    assert {server.user for server in hub.servers().items} == set(USERS)
    with ThreadPoolExecutor() as pool:
        for waited in pool.map(_away_after, (hub.routes, hub.resync_routes)):
            assert PATIENCE <= waited < HUBS_OWN, "it is ours that ends it"
    world.proxy_up()
    assert hub.health().proxy
    # The hub continues abandoned requests; keep them out of the next test.
    wait_for(lambda: len(world.rest.routes()) == len(USERS), "the resync that was given up")


def _away_after(verb: Callable[[], object]) -> float:
    """Seconds until the proxy is reported as down."""
    began = time.monotonic()
    with pytest.raises(RetryLater, match=AWAY):
        verb()
    return time.monotonic() - began


@contract("a proxy that comes back is empty until a resync")
def test_empty_proxy(world: World, hub: JupyterHub) -> None:
    if isinstance(world, PlainHub) and world.own_proxy:
        pytest.skip("this hub starts its proxy again by itself: a contract of its own")
    world.proxy_down()
    world.proxy_up()
    assert hub.health() == Health(hub=True, proxy=True)
    assert hub.routes() == ()
    hub.resync_routes()
    assert {route.user for route in hub.routes()} == set(USERS)


@contract("a killed proxy that the hub started is back with all routes by itself")
def test_own_proxy(world: World, hub: JupyterHub) -> None:
    if not isinstance(world, PlainHub) or not world.own_proxy:
        pytest.skip("the hub does not start this proxy")
    world.proxy_down()

    def back() -> bool:
        return hub.health().hub and {route.user for route in hub.routes()} == set(USERS)

    wait_for(back, "the proxy with its routes")


@contract("hub dead: the proxy is well, nothing was sent; a new hub adopts the servers")
def test_dead_hub(world: World, hub: JupyterHub) -> None:
    before = {(server.user, server.started) for server in hub.servers().items}
    world.hub_down()
    assert hub.health() == Health(hub=False, proxy=True)
    with pytest.raises(RetryLater, match="check that the hub runs") as told:
        hub.servers()
    assert not told.value.maybe_done
    world.hub_up()

    def looked_round() -> bool:
        return sum(server.ready for server in hub.servers().items) == len(USERS)

    wait_for(looked_round, "the hub to look round")
    assert {(server.user, server.started) for server in hub.servers().items} == before
    hub.resync_routes()
    assert {route.user for route in hub.routes()} == set(USERS)
