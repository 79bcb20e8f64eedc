"""The hub's adapter: on a real hub and proxy, and on a stub for what those do not show."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.domain.hubs import Health, Route
from bot.errors import ConfigError, Retry, Tell
from bot.ports import Hub, Started, Stopped
from tests.support.bot import wait_until
from tests.support.cruelty import WAITS
from tests.support.hub import Lab, lab, running_lab
from tests.support.stub import Answer, Asked, Stub, nobody_there, stub

__all__ = ["lab", "running_lab"]

TOKEN = "0123456789abcdef"


@contextmanager
def hub_at(url: str, *, api_url: str = "", token: str = TOKEN) -> Iterator[JupyterHub]:
    hub = JupyterHub(
        name="datahub", url=url, api_url=api_url or f"{url}/hub/api", token=token, timeout=3.0
    )
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def stubbed(answer: Callable[[Asked], Answer]) -> Iterator[tuple[JupyterHub, Stub]]:
    with stub(answer) as running, hub_at(running.url) as hub:
        yield hub, running


# --- on a real hub -----------------------------------------------------------------------------


def test_servers_and_routes_of_a_healthy_hub(lab: Lab) -> None:
    hub: Hub = lab.hub
    assert hub.health() == Health(hub=True, proxy=True)
    servers = hub.servers()
    assert {server.user for server in servers} == {"ana", "ben", "chidi", "dara"}
    assert all(server.ready and not server.pending for server in servers)
    assert all(s.started and s.started.utcoffset() is not None for s in servers)
    assert {(route.user, route.server) for route in hub.routes()} == {
        (server.user, server.name) for server in servers
    }
    assert all(route.path == f"/user/{route.user}/" for route in hub.routes())
    assert hub.sees_everyone()


def test_a_resync_brings_back_routes_that_health_checks_do_not_miss(lab: Lab) -> None:
    lab.sandbox.drop_routes()
    assert lab.hub.health() == Health(hub=True, proxy=True)
    assert lab.hub.routes() == ()
    lab.hub.resync_routes()
    assert len(lab.hub.routes()) == 4


def test_a_server_is_stopped_and_started(lab: Lab) -> None:
    assert lab.hub.stop_server("ana", "") in (Stopped.GONE, Stopped.SLOW)
    wait_until(lambda: lab.hub.server("ana", "") is None, "the server to stop", timeout=30)
    assert lab.hub.stop_server("ana", "") is Stopped.GONE
    assert lab.hub.start_server("ana", "") in Started
    found = lab.hub.server("ana", "")
    assert found is not None
    assert found.user == "ana"


def test_a_user_whom_the_hub_does_not_know(lab: Lab) -> None:
    assert lab.hub.stop_server("nobody", "") is Stopped.UNKNOWN
    assert lab.hub.server("nobody", "") is None


def test_a_hung_stop_stays_slow_and_refuses_a_start(lab: Lab) -> None:
    lab.sandbox.hang_stop("ben")
    assert lab.hub.stop_server("ben", "") is Stopped.SLOW
    found = lab.hub.server("ben", "")
    assert found is not None
    assert found.pending == "stop"
    with pytest.raises(Tell, match="pending stop"):
        lab.hub.start_server("ben", "")


def test_a_wrong_token_and_a_missing_scope_are_told_apart(lab: Lab) -> None:
    api_url = lab.sandbox.api_url
    with hub_at(lab.sandbox.url, api_url=api_url) as hub, pytest.raises(Tell) as wrong:
        hub.servers()
    assert "does not accept the token: set hubs.api_token" in str(wrong.value)
    users_own = lab.sandbox.rest.user_token("ana")
    with hub_at(lab.sandbox.url, api_url=api_url, token=users_own) as hub:
        assert not hub.sees_everyone()
        with pytest.raises(Tell) as narrow:
            hub.routes()
    assert "lacks a scope (proxy)" in str(narrow.value)


def test_a_dead_proxy_is_told_in_time(lab: Lab) -> None:
    lab.sandbox.proxy_down()
    with hub_at(lab.sandbox.url, api_url=lab.sandbox.api_url, token=lab.sandbox.api_token) as hub:
        assert hub.health() == Health(hub=False, proxy=False)
        assert len(hub.servers()) == 4
        for verb in (hub.routes, hub.resync_routes):
            with pytest.raises(Retry, match="Hub datahub could not reach its proxy"):
                verb()
    lab.sandbox.proxy_up()
    # The hub goes on with what nobody waits for any more: it is not to do so in the next test.
    wait_until(lambda: len(lab.sandbox.rest.routes()) == 4, "the late resync", timeout=30)


def test_a_dead_hub_behind_a_living_proxy(lab: Lab) -> None:
    lab.sandbox.hub_down()
    assert lab.hub.health() == Health(hub=False, proxy=True)
    with pytest.raises(Retry) as away:
        lab.hub.servers()
    assert lab.sandbox.api_url in str(away.value)
    assert not away.value.maybe_done


# --- on a stub ---------------------------------------------------------------------------------


def paged(items: list[object]) -> Callable[[Asked], Answer]:
    """Answer as the hub does: whole pages to those who ask for them, a cut list to others."""

    def answer(asked: Asked) -> Answer:
        offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 50))
        limit = min(limit, 200)
        part: object = items[offset : offset + limit]
        if asked.path.endswith("/proxy"):
            part = dict(items[offset : offset + limit])  # type: ignore[arg-type]
        if "jupyterhub-pagination" not in asked.headers.get("accept", ""):
            return Answer(body=part)
        more = offset + limit < len(items)
        following = {"offset": offset + limit, "limit": limit, "url": "http://elsewhere.invalid/"}
        pages = {"offset": offset, "limit": limit, "total": len(items)}
        return Answer(
            body={"items": part, "_pagination": {**pages, "next": following if more else None}}
        )

    return answer


def user(name: str, **server: object) -> dict[str, object]:
    model = {"name": "", "ready": True, "pending": None, "started": None, "last_activity": None}
    return {"name": name, "servers": {"": {**model, **server}}}


def test_every_page_of_users_is_read_at_our_own_address() -> None:
    with stubbed(paged([user(f"u{n:03}") for n in range(450)])) as (hub, running):
        assert len({server.user for server in hub.servers()}) == 450
    assert [asked.query["offset"] for asked in running.asked] == ["0", "200", "400"]
    assert {asked.query["state"] for asked in running.asked} == {"active"}


def test_every_page_of_routes_is_read_and_only_users_routes_are_kept() -> None:
    def entry(data: dict[str, str]) -> dict[str, object]:
        return {"target": "http://10.0.0.1:8888", "data": data}

    table: list[object] = [("/", entry({"hub": "true"})), ("/services/x", entry({"service": "x"}))]
    table += [(f"/user/u{n:03}", entry({"user": f"u{n:03}"})) for n in range(250)]
    table += [("/user/ana/gpu/", entry({"user": "ana", "server_name": "gpu"}))]
    with stubbed(paged(table)) as (hub, _running):
        routes = hub.routes()
    assert len(routes) == 251
    assert all(route.path.endswith("/") for route in routes)
    assert routes[-1] == Route(
        user="ana", server="gpu", path="/user/ana/gpu/", target="http://10.0.0.1:8888"
    )


def test_servers_that_neither_run_nor_wait_are_left_out() -> None:
    people: list[object] = [
        user("ana"),
        user("ben", ready=False, pending="spawn"),
        user("chi", ready=False),
    ]
    with stubbed(paged(people)) as (hub, _running):
        assert [(s.user, s.pending) for s in hub.servers()] == [("ana", ""), ("ben", "spawn")]


def test_names_with_odd_characters_stay_one_piece_of_the_path() -> None:
    with stubbed(lambda _asked: Answer(status=204)) as (hub, running):
        assert hub.stop_server("a/b c@d", "g/u") is Stopped.GONE
    assert running.asked[0].path == "/hub/api/users/a%2Fb%20c%40d/servers/g%2Fu"


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (Answer(status=500), Retry, "failed with 500"),
        (Answer(status=503, body="no"), Retry, "failed with 503"),
        (Answer(status=429, headers={"Retry-After": "40"}), Retry, "asks to wait"),
        (Answer(status=404, body="<html>"), Tell, "set hubs.api_url"),
        (Answer(status=302, headers={"Location": "/hub/login"}), Tell, "set hubs.api_url"),
        (Answer(body="<html>welcome</html>"), Tell, "set hubs.api_url"),
        (Answer(body=[1, 2]), Tell, "set hubs.api_url"),
        (Answer(status=403, body={"message": "Missing or invalid credentials."}), Tell, "token"),
        (Answer(hang=True), Retry, "did not answer in time"),
        (Answer(drop=True), Retry, "broke"),
    ],
)
def test_each_failure_is_one_sentence_that_names_the_hub(
    answer: Answer, error: type[Exception], says: str
) -> None:
    with stubbed(lambda _asked: answer) as (hub, _running), pytest.raises(error) as failure:
        hub.servers()
    told = str(failure.value)
    assert says in told
    assert "datahub" in told
    assert "\n" not in told
    assert TOKEN not in "".join(traceback.format_exception(failure.value))


def test_a_hub_under_a_path_has_its_proxys_health_at_the_root() -> None:
    good = {"/jupyter/hub/health", "/_chp_healthz"}

    def answer(asked: Asked) -> Answer:
        return Answer(status=200 if asked.path in good else 404)

    with stub(answer) as running, hub_at(f"{running.url}/jupyter") as hub:
        assert hub.health() == Health(hub=True, proxy=True)


@pytest.mark.parametrize("api_url", ["hub:8081/hub/api", "", "http://[::1"])
def test_an_api_url_that_is_no_address(api_url: str) -> None:
    hub = JupyterHub(name="datahub", url=api_url, api_url=api_url, token=TOKEN)
    assert hub.health() == Health(hub=False, proxy=False)
    with pytest.raises(Tell, match=r"hubs\.api_url of datahub is not an address"):
        hub.servers()
    hub.close()


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}é", f" {TOKEN}"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with pytest.raises(ConfigError, match=r"hubs\.api_token") as refused, hub_at("", token=token):
        pass
    assert TOKEN not in "".join(traceback.format_exception(refused.value))


def test_an_api_url_that_is_none() -> None:
    with nobody_there() as url, hub_at(url) as hub:
        assert hub.health() == Health(hub=False, proxy=False)
        with pytest.raises(Retry, match="does not answer at"):
            hub.servers()


def test_a_wait_that_the_hub_asks_for_is_passed_on() -> None:
    busy = Answer(status=429, headers={"Retry-After": "40"})
    with stubbed(lambda _asked: busy) as (hub, _running), pytest.raises(Retry) as failure:
        hub.start_server("ana", "")
    assert (failure.value.after, failure.value.maybe_done) == (40.0, False)


@pytest.mark.parametrize(("status", "otherwise"), [(429, 30.0), (503, 10.0)])
@pytest.mark.parametrize(("asked", "seconds"), WAITS.items())
def test_a_wait_that_is_nonsense(
    asked: str, seconds: float | None, status: int, otherwise: float
) -> None:
    busy = Answer(status=status, headers={"Retry-After": asked})
    with stubbed(lambda _asked: busy) as (hub, _running), pytest.raises(Retry) as failure:
        hub.servers()
    assert failure.value.after == (seconds or otherwise)
