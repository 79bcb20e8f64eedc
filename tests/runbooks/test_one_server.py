"""Start, stop and restart one user's server: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Server
from bot.errors import UserError
from bot.runbook import LossKind, Runbook
from bot.runbook.plan import Plan
from runbooks.restart_server import restart_server
from runbooks.start_server import start_server
from runbooks.stop_server import stop_server
from tests.support.hubs import NOW, facts, healthy, pod, route, server, stuck

START, STOP, RESTART = start_server, stop_server, restart_server
BOOKS = (START, STOP, RESTART)
PEOPLE = {"ana": Known(value=True), "nobody": Known(value=False), "eve": Unknown(why="No answer.")}


def plan(book: Runbook, seen: HubFacts, user: str, server: str = "") -> Plan:
    return book.plan(seen, book.arguments({"user": user, "server": server}))


def steps(plan: Plan) -> list[tuple[str, str]]:
    return [(step.verb, step.target) for step in plan.steps]


def started(ago: timedelta, **more: object) -> HubFacts:
    """Ana's server, ready and routed, started some time ago."""
    record: Server = replace(server("ana"), started=NOW - ago, **more)  # type: ignore[arg-type]
    young = replace(pod("ana"), created_at=NOW - ago)
    return facts(servers=(record,), pods=(young,), routes=(route("ana"),))


@pytest.mark.parametrize(
    ("book", "wanted"),
    [
        (START, []),
        (STOP, [("stop_running_server", "ana")]),
        (RESTART, [("stop_running_server", "ana"), ("start_server", "ana")]),
    ],
    ids=lambda value: str(getattr(value, "name", "")),
)
def test_a_server_that_runs(book: Runbook, wanted: list[tuple[str, str]]) -> None:
    made = plan(book, healthy("ana", "ben"), "ana")
    assert steps(made) == wanted
    assert "runs already" in made.nothing_to_do or wanted
    losses = [(loss.kind, loss.users, loss.active, loss.latest) for loss in made.losses]
    lost = (LossKind.SERVER, ("ana",), 1, NOW - timedelta(minutes=2))
    assert losses == ([lost] if wanted else [])
    assert all(step.loses == ("ana",) for step in made.steps if step.destructive)


@pytest.mark.parametrize(
    ("book", "wanted", "says"),
    [
        (START, [("start_server", "ana")], ""),
        (STOP, [], "The server of ana doesn't run."),
        (RESTART, [], "Run start-server"),
    ],
    ids=lambda value: str(getattr(value, "name", "")),
)
def test_a_server_that_does_not_run(
    book: Runbook, wanted: list[tuple[str, str]], says: str
) -> None:
    made = plan(book, facts(servers=(server("ben"),), pods=(pod("ben"),), people=PEOPLE), "ana")
    assert steps(made) == wanted
    assert says in made.nothing_to_do


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.name))
@pytest.mark.parametrize("user", ["stop", "gone", "unsent", "spawn", "check"])
def test_a_stuck_server_is_for_another_runbook(book: Runbook, user: str) -> None:
    made = plan(book, stuck(), user)
    assert made.steps == ()
    assert "Run force-delete-stuck-servers for it" in made.nothing_to_do


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.name))
@pytest.mark.parametrize("pending", ["spawn", "stop"])
def test_a_server_that_starts_or_stops_is_waited_for(book: Runbook, pending: str) -> None:
    record = server("ana", pending=pending)
    young = replace(pod("ana", phase="Pending"), created_at=NOW)
    going = replace(pod("ana"), deleting_since=NOW, grace=30)
    seen = facts(servers=(record,), pods=(young if pending == "spawn" else going,))
    made = plan(book, seen, "ana")
    assert made.steps == ()
    assert "Wait until that ends" in made.nothing_to_do


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.name))
@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("nobody", "The hub has no user nobody"),
        ("eve", "The hub could not be asked about eve: No answer."),
    ],
)
def test_nobody_else_is_meant_by_a_name(book: Runbook, user: str, says: str) -> None:
    made = plan(book, replace(healthy("ana"), people=PEOPLE), user)
    assert (made.steps, made.nothing_to_do) == ((), "")
    assert says in made.undecided[0].why


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.name))
def test_a_user_is_required(book: Runbook) -> None:
    with pytest.raises(UserError) as told:
        book.arguments({})
    assert told.value.field == "user"


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: str(book.name))
@pytest.mark.parametrize(
    "seen",
    [
        facts(servers=None, pods=(pod("ana"),), people=PEOPLE),
        facts(servers=View(unknown="It is filtered."), people=PEOPLE),
    ],
    ids=["unread", "filtered"],
)
def test_a_server_that_may_be_hidden_is_not_absent(book: Runbook, seen: HubFacts) -> None:
    made = plan(book, seen, "ana")
    assert (made.steps, made.nothing_to_do) == ((), "")
    assert made.undecided


@pytest.mark.parametrize("book", [STOP, RESTART], ids=lambda book: str(book.name))
@pytest.mark.parametrize(
    "seen",
    [
        facts(servers=(server("ana"),), pods=None, routes=(route("ana"),)),
        facts(servers=(server("ana"), server("ben")), pods=(pod("ben"),)),
    ],
    ids=["no pods read", "no pod seen"],
)
def test_nothing_is_stopped_where_the_pod_was_not_seen(book: Runbook, seen: HubFacts) -> None:
    assert plan(book, seen, "ana").steps == ()


def test_a_named_server_is_its_own_target() -> None:
    seen = facts(
        servers=(server("ana"), server("ana", name="gpu")),
        pods=(pod("ana"), pod("ana", name="gpu")),
        routes=(route("ana"), route("ana", name="gpu")),
    )
    assert steps(plan(STOP, seen, "ana", "gpu")) == [("stop_running_server", "ana/gpu")]
    assert steps(plan(STOP, seen, "ana/gpu")) == [("stop_running_server", "ana/gpu")]
    assert steps(plan(STOP, seen, "ANA")) == [("stop_running_server", "ana")]
    assert steps(plan(START, seen, "ana", "cpu")) == [("start_server", "ana/cpu")]


def test_a_server_that_lacks_only_its_route_is_neither_started_nor_restarted() -> None:
    seen = facts(servers=(server("ana"),), pods=(pod("ana"),))
    for book in (START, RESTART):
        made = plan(book, seen, "ana")
        assert made.steps == ()
        assert "resync-routes" in made.nothing_to_do


def test_a_second_restart_is_a_reasoned_no_op() -> None:
    assert len(plan(RESTART, started(timedelta(minutes=6)), "ana").steps) == 2
    again = plan(RESTART, started(timedelta(minutes=1)), "ana")
    assert again.steps == ()
    assert "at 11:59:00 UTC" in again.nothing_to_do
    assert "Another restart would fix nothing" in again.nothing_to_do


def test_a_server_that_crashes_may_be_restarted() -> None:
    crashing = replace(pod("ana", reason="CrashLoopBackOff"), ready=False, restarts=12)
    seen = facts(servers=(server("ana"),), pods=(crashing,), routes=(route("ana"),))
    assert len(plan(RESTART, seen, "ana").steps) == 2


def test_the_token_must_be_allowed_to_start_under_either_name() -> None:
    from bot.runbook.steps.start_server import START_SERVERS

    absent = facts(people=PEOPLE, rights={START_SERVERS: Known(value=False)})
    made = plan(START, absent, "ana")
    assert "lacks the scope start:servers" in made.undecided[0].why
    assert START_SERVERS.is_in({"servers"})
    assert START_SERVERS.is_in({"start:servers"})
    assert not START_SERVERS.is_in({"read:servers", "delete:servers"})
