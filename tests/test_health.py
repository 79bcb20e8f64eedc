"""The health endpoints: ``/livez`` fails for what a restart cures, ``/readyz`` while mayday can't serve."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from bot.bootstrap import Bot
from bot.bootstrap.checks import (
    CLOCK_STOPPED,
    CLOCK_TIMEOUT,
    DATABASE_AWAY,
    LEASE_INVALID,
    LEASE_LOST,
    SOCKET_TIMEOUT,
    STOPPING,
    health_checks,
)
from bot.clock import Ticks
from bot.store.engine import Store
from bot.web import health
from bot.web.health import FAILED, NO_ANSWER, Check, Lasting
from bot.web.server import Server

AWAY = "postgresql://mayday:hunter2@127.0.0.1:1/incidents"
THREADS = 40
"""The threads in which Starlette runs functions."""

Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve health checks; return a client for them."""
    with ExitStack() as stack:

        def start(
            *, live: Mapping[str, Check] | None = None, ready: Mapping[str, Check] | None = None
        ) -> httpx.Client:
            server = Server(
                health.routes(live=live or {}, ready=ready or {}), host="127.0.0.1", port=0
            )
            server.start()
            stack.callback(server.stop)
            limits = httpx.Limits(max_connections=2 * THREADS)
            return stack.enter_context(
                httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30, limits=limits)
            )

        yield start


class Time:
    """A monotonic clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def told(client: httpx.Client, path: str) -> tuple[int, dict[str, str]]:
    """The status and the problems."""
    answer = client.get(path)
    body = answer.json()
    assert body["ok"] is (answer.status_code == 200)
    wrong: dict[str, str] = body["wrong"]
    return answer.status_code, wrong


def checks(
    url: str,
    *,
    age: float = 0.0,
    stopping: bool = False,
    socket: str = "",
    has_lease: bool = True,
    lost_lease: bool = False,
) -> dict[str, dict[str, str]]:
    """The problems of a mayday in this state, by endpoint."""
    ticks, store = Ticks(), Store(url)
    ticks._last -= age
    made = health_checks(
        ticks=ticks,
        store=store,
        is_stopping=lambda: stopping,
        socket=lambda: socket,
        has_lease=lambda: has_lease,
        lost_lease=lambda: lost_lease,
    )
    found = {
        name: {key: said for key, check in group.items() if (said := check())}
        for name, group in (("live", made.live), ("ready", made.ready))
    }
    store.close()
    return found


def test_all_is_well(sqlite_url: str) -> None:
    assert checks(sqlite_url) == {"live": {}, "ready": {}}


def test_without_a_database_it_cannot_serve_but_no_restart_helps() -> None:
    assert checks(AWAY) == {"live": {}, "ready": {"database": DATABASE_AWAY}}


def test_while_it_stops_it_cannot_serve(sqlite_url: str) -> None:
    assert checks(sqlite_url, stopping=True) == {"live": {}, "ready": {"process": STOPPING}}


def test_a_stopped_clock_needs_a_restart(sqlite_url: str) -> None:
    stopped = {"clock": CLOCK_STOPPED}
    assert checks(sqlite_url, age=CLOCK_TIMEOUT + 1) == {"live": stopped, "ready": stopped}


def test_a_socket_that_was_just_lost_needs_no_restart(sqlite_url: str) -> None:
    assert checks(sqlite_url, socket="gone") == {"live": {}, "ready": {"slack": "gone"}}


def test_without_its_lease_it_cannot_serve_and_one_that_is_lost_needs_a_restart(
    sqlite_url: str,
) -> None:
    assert checks(sqlite_url, has_lease=False) == {"live": {}, "ready": {"lease": LEASE_INVALID}}
    lost = {"lease": LEASE_LOST}
    assert checks(sqlite_url, has_lease=False, lost_lease=True) == {"live": lost, "ready": lost}


def test_a_problem_counts_once_it_has_lasted() -> None:
    time, said = Time(), "gone"
    lasting = Lasting(lambda: said, seconds=SOCKET_TIMEOUT, now=time)
    time.now += SOCKET_TIMEOUT - 1
    assert lasting.problem() == ""
    time.now += 1
    assert lasting.problem() == "gone"


def test_a_problem_that_ended_in_between_begins_again() -> None:
    time, said = Time(), ["gone"]
    lasting = Lasting(lambda: said[-1], seconds=SOCKET_TIMEOUT, now=time)
    time.now += SOCKET_TIMEOUT - 1
    said.append("")
    assert lasting.look() == ""
    said.append("gone")
    time.now += 2
    assert lasting.problem() == ""


def test_the_answer_has_the_problems_by_name(serve: Serve) -> None:
    client = serve(
        live={"clock": lambda: ""}, ready={"clock": lambda: "", "slack": lambda: "Not connected."}
    )
    assert told(client, "/livez") == (200, {})
    assert told(client, "/readyz") == (503, {"slack": "Not connected."})
    assert told(client, "/healthz") == told(client, "/readyz")


def test_nothing_of_an_error_is_told(serve: Serve, sqlite_url: str) -> None:
    """An error may have an address or a password in it."""

    def fails() -> str:
        raise RuntimeError(AWAY)

    store = Store(AWAY)
    made = health_checks(ticks=Ticks(), store=store, is_stopping=lambda: False, socket=None)
    client = serve(live={"clock": fails}, ready={**made.ready, "other": fails})
    for path in ("/livez", "/readyz", "/healthz"):
        text = client.get(path).text
        assert FAILED in text
        for secret in ("hunter2", "127.0.0.1", "incidents", "postgresql"):
            assert secret not in text
    store.close()


def test_a_check_that_hangs_is_told_and_asked_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LIMIT", 0.05)
    goes_on, asked = threading.Event(), []

    def hangs() -> str:
        asked.append(1)
        goes_on.wait(30)
        return ""

    client = serve(ready={"database": hangs})
    assert [told(client, "/readyz") for _ in range(3)] == [(503, {"database": NO_ANSWER})] * 3
    assert len(asked) == 1
    goes_on.set()


def test_probes_that_hang_delay_no_answer_about_life(serve: Serve) -> None:
    goes_on, begun = threading.Event(), threading.Event()

    def hangs() -> str:
        begun.set()
        goes_on.wait(30)
        return ""

    client = serve(live={"clock": lambda: ""}, ready={"database": hangs})
    with ThreadPoolExecutor(THREADS + 5) as pool:
        probes = [pool.submit(client.get, "/readyz") for _ in range(THREADS + 5)]
        assert begun.wait(10)
        assert told(client, "/livez") == (200, {})
        goes_on.set()
        assert {probe.result().status_code for probe in probes} == {200}


def test_a_running_mayday_answers_all_three(bot: Bot) -> None:
    assert bot.http is not None
    with httpx.Client(base_url=f"http://127.0.0.1:{bot.http.port}") as client:
        for path in ("/livez", "/readyz", "/healthz"):
            assert told(client, path) == (200, {})
