"""The hub's lists of users and routes: complete, or marked incomplete."""

from __future__ import annotations

import pytest

from bot.domain.hubs import Route
from bot.errors import RetryLater, UserError
from tests.support.hub_stub import HTML, page, paged, route, saying, stubbed, user
from tests.support.stub import Answer


def test_every_page_of_users_is_read_at_our_own_address() -> None:
    with stubbed(paged([user(f"u{n:03}") for n in range(450)])) as (hub, running):
        view = hub.servers()
    assert view.complete
    assert [server.user for server in view.items] == [f"u{n:03}" for n in range(450)]
    assert [asked.query["offset"] for asked in running.asked] == ["0", "180", "360"]
    assert {asked.query["state"] for asked in running.asked} == {"active"}


def test_every_page_of_routes_is_read_and_only_users_routes_are_kept() -> None:
    table = [("/", route({"hub": "true"})), ("/services/x", route({"service": "x"}))]
    table += [(f"/user/u{n:03}", route({"user": f"u{n:03}"})) for n in range(250)]
    table += [("/user/ana/gpu/", route({"user": "ana", "server_name": "gpu"}))]
    with stubbed(paged(table)) as (hub, _running):
        routes = hub.routes()
    assert len(routes) == 251
    assert all(found.path.endswith("/") for found in routes)
    assert routes[-1] == Route(
        user="ana", server="gpu", path="/user/ana/gpu/", target="http://10.0.0.1:8888"
    )


def test_servers_that_neither_run_nor_wait_are_left_out() -> None:
    people = [user("ana"), user("ben", ready=False, pending="spawn"), user("chi", ready=False)]
    with stubbed(paged(people)) as (hub, _running):
        view = hub.servers()
    assert [(s.user, s.pending) for s in view.items] == [("ana", ""), ("ben", "spawn")]
    assert view.complete


@pytest.mark.parametrize("stopped", [1, 19, 30])
def test_nobody_is_missed_when_servers_stop_while_the_list_is_read(stopped: int) -> None:
    """The users move up, so the next page by offset would skip some."""
    people = [user(f"u{n:03}") for n in range(450)]

    def stop_some(asked: int) -> None:
        if asked == 1:
            del people[:stopped]

    with stubbed(paged(people, stop_some)) as (hub, _running):
        seen = {server.user for server in hub.servers().items}
    assert seen >= {f"u{n:03}" for n in range(stopped, 450)}


@pytest.mark.parametrize("lost", [1, 30])
def test_no_route_is_missed_when_others_go_while_the_table_is_read(lost: int) -> None:
    table = [(f"/user/u{n:03}/", route({"user": f"u{n:03}"})) for n in range(450)]

    def lose_some(asked: int) -> None:
        if asked == 1:
            del table[:lost]

    with stubbed(paged(table, lose_some)) as (hub, _running):
        seen = {found.user for found in hub.routes()}
    assert seen >= {f"u{n:03}" for n in range(lost, 450)}


def test_a_start_on_an_earlier_page_lists_nobody_twice() -> None:
    people = [user(f"u{n:03}") for n in range(300)]

    def start_one(asked: int) -> None:
        if asked == 1:
            people.insert(0, user("early"))

    with stubbed(paged(people, start_one)) as (hub, _running):
        seen = [server.user for server in hub.servers().items]
    assert sorted(seen) == [f"u{n:03}" for n in range(300)]


def test_a_list_that_never_stands_still_is_not_given_out() -> None:
    people = [user(f"u{n:04}") for n in range(2000)]

    def stop_many(_asked: int) -> None:
        del people[:100]

    with (
        stubbed(paged(people, stop_many)) as (hub, _running),
        pytest.raises(RetryLater, match="list of users changed faster than mayday could read it"),
    ):
        hub.servers()


@pytest.mark.parametrize("following", [0, 1])
def test_pages_that_do_not_advance_are_told(following: int) -> None:
    with (
        saying(page([user("ana")], following=following)) as hub,
        pytest.raises(UserError, match="endless pages of users"),
    ):
        hub.servers()


def test_a_cache_that_always_sends_the_first_page_is_told() -> None:
    first = page([user(f"u{n}") for n in range(200)], following=200)
    with saying(first) as hub, pytest.raises(UserError, match="not JupyterHub's API"):
        hub.servers()


NO_PAGES = {
    "HTML": HTML,
    "a list": Answer(body=[user("ana")]),
    "an empty object": Answer(body={}),
    "no items": Answer(body={"_pagination": {"offset": 0, "next": None}}),
    "items are null": page(None),
    "no pagination": Answer(body={"items": []}),
    "no next page and no word of it": Answer(body={"items": [], "_pagination": {"offset": 0}}),
    "a next page that is none": Answer(
        body={"items": [], "_pagination": {"offset": 0, "next": "more"}}
    ),
    "another page than was asked for": page([], offset=200),
}


@pytest.mark.parametrize("answer", [*NO_PAGES.values(), page({})], ids=[*NO_PAGES, "routes"])
def test_what_is_no_page_of_users_never_reads_as_no_servers(answer: Answer) -> None:
    with saying(answer) as hub, pytest.raises(UserError, match="not JupyterHub's API") as told:
        hub.servers()
    assert "datahub" in str(told.value)


@pytest.mark.parametrize("answer", [*NO_PAGES.values(), page([])], ids=[*NO_PAGES, "users"])
def test_what_is_no_page_of_routes_never_reads_as_no_routes(answer: Answer) -> None:
    with saying(answer) as hub, pytest.raises(UserError, match="not JupyterHub's API"):
        hub.routes()


@pytest.mark.parametrize(
    "record",
    [
        "ana",
        {"servers": {}},
        {"name": "", "servers": {}},
        {"name": "ana", "servers": []},
        {"name": "ana", "servers": {"": None}},
        {"name": "ana", "servers": {"": {"pending": None}}},
        {"name": "ana", "servers": {"": {"ready": True}}},
        user("ana", pending=True),
        user("ana", started="yesterday"),
        user("ana", last_activity=17),
    ],
)
def test_a_record_that_is_none_never_reads_as_no_server(record: object) -> None:
    with saying(page([record])) as hub, pytest.raises(UserError, match="not JupyterHub's API"):
        hub.servers()


@pytest.mark.parametrize(
    "record", ["x", {}, {"target": "http://x"}, {"target": None, "data": {"user": "ana"}}]
)
def test_a_route_that_is_none_never_reads_as_no_route(record: object) -> None:
    with (
        saying(page({"/user/ana/": record})) as hub,
        pytest.raises(UserError, match="JupyterHub's API"),
    ):
        hub.routes()


def test_times_are_aware_however_the_hub_writes_them() -> None:
    people = [user("ana", started="2026-11-22T10:00:00.5Z", last_activity="2026-11-22T11:00:00")]
    with stubbed(paged(people)) as (hub, _running):
        (server,) = hub.servers().items
    assert server.started and server.last_activity
    assert server.started.utcoffset() == server.last_activity.utcoffset()
