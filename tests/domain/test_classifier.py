"""The hub × pod × route table, row by row, and contradictory records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition, Pod, Route, Row, Server
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.conditions import FOR_LONG, SCALE_UP, TABLE, Line, seen
from tests.support.hubs import (
    NOW,
    address,
    facts,
    late_spawn,
    pod,
    route,
    server,
    terminating,
)

EXAMPLES = [
    pytest.param(line, number, id=f"{line.hub}-{line.pod}-{line.route}-{number}")
    for line in TABLE
    for number in range(len(line.examples))
]


def of(found: HubFacts, user: str, server: str = "") -> Row:
    """Return the user's server row."""
    row = found.row(user, server)
    assert row is not None
    return row


@pytest.mark.parametrize(("line", "number"), EXAMPLES)
def test_each_line_of_the_table(line: Line, number: int) -> None:
    found = line.examples[number]()
    assert of(found, "ana").condition is line.condition
    if found.row("zoe", ""):
        assert of(found, "zoe").condition is Condition.OK


@pytest.mark.parametrize(("line", "number"), EXAMPLES)
def test_each_line_has_its_remedy_or_none(line: Line, number: int) -> None:
    plan = CLEAR.plan(line.examples[number]())
    assert [step.verb for step in plan.steps] == ([line.verb] if line.verb else [])
    if line.condition is Condition.UNKNOWN:
        assert not plan.nothing_to_do
        assert "1 cannot be judged: ana" in plan.undecided[0].why


def test_every_condition_stands_in_the_table() -> None:
    assert {line.condition for line in TABLE} == set(Condition) - {Condition.CHECKING}


def test_a_check_that_was_just_seen_is_waited_for() -> None:
    found = seen(server("ana", pending="check"), pod("ana"))
    assert of(found, "ana").condition is Condition.CHECKING


def test_a_finished_pod_that_the_hub_does_not_know_is_no_row() -> None:
    assert facts(pods=(pod("ana", phase="Failed", reason="Evicted"),)).rows == ()


def test_a_server_that_the_hub_calls_stopped_counts_as_absent() -> None:
    found = seen(replace(server("ana"), ready=False), pod("ana"))
    assert (of(found, "ana").hub, of(found, "ana").condition) == ("absent", Condition.ORPHAN)


def test_without_the_hub_no_pod_is_an_orphan() -> None:
    rows = facts(servers=None, pods=(pod("ana"), pod("ben"))).rows
    assert {(row.hub, row.condition) for row in rows} == {("unread", Condition.UNKNOWN)}


@pytest.mark.parametrize("age", [timedelta(minutes=1), timedelta(days=2)])
def test_where_the_hub_may_hide_servers_no_pod_is_an_orphan(age: timedelta) -> None:
    hidden = View(items=(server("zoe"),), unknown="The token is filtered.")
    found = facts(
        servers=hidden,
        pods=(replace(pod("ana"), created_at=NOW - age), pod("zoe")),
        routes=(route("zoe"),),
    )
    assert (of(found, "ana").condition, of(found, "ana").why) == (
        Condition.UNKNOWN,
        "The token is filtered.",
    )
    assert of(found, "zoe").condition is Condition.OK


def test_without_the_cluster_nothing_is_known_of_any_server() -> None:
    found = facts(
        servers=(server("ana"), server("ben"), server("cy", pending="stop"), late_spawn("dara")),
        pods=None,
        routes=(route("ana"),),
        since={("cy", ""): FOR_LONG[("ana", "")]},
    )
    assert {row.condition for row in found.rows} == {Condition.UNKNOWN}
    assert {row.why for row in found.rows} == {"No pods today."}
    assert found.unrouted == 1, "that a route is missing is known all the same"


def test_without_routes_nobody_is_well_and_nothing_is_deleted() -> None:
    found = facts(servers=(server("ana"),), pods=(pod("ana"), pod("cy")), routes=None)
    assert [(row.user, row.condition, row.why) for row in found.rows] == [
        ("ana", Condition.UNKNOWN, "No routes today."),
        ("cy", Condition.UNKNOWN, "No routes today."),
    ]


def test_servers_of_one_user_are_told_apart_by_their_names() -> None:
    found = facts(
        servers=(server("ana"), server("ana", name="gpu")),
        pods=(pod("ana"), pod("ana", name="gpu")),
        routes=(route("ana"),),
    )
    assert [(row.server, row.condition) for row in found.rows] == [
        ("", Condition.OK),
        ("gpu", Condition.UNROUTED),
    ]


def test_a_record_beside_a_pod_may_be_one_server_under_two_names() -> None:
    someone_elses = replace(pod("ana"), name="jupyter-ben")
    found = facts(
        servers=(server("ben"), server("zoe")),
        pods=(someone_elses, pod("zoe")),
        routes=(route("ben"), route("zoe")),
    )
    assert [(row.user, row.condition) for row in found.rows] == [
        ("ana", Condition.UNKNOWN),
        ("ben", Condition.UNKNOWN),
        ("zoe", Condition.OK),
    ]
    assert "may be the one of ben" in of(found, "ana").why
    assert "may be the one of ana" in of(found, "ben").why


def beside_a_pod(record: Server, its_pod: Pod, *routes: Route, known: bool = True) -> set[str]:
    """Return what is judged of a record without a pod and a pod without a record."""
    found = facts(
        servers=(record, server("zoe")),
        pods=(its_pod, pod("zoe")),
        routes=(*routes, route("zoe")),
        people={its_pod.user: Known(value=known)},
    )
    return {row.condition.value for row in found.rows if row.user != "zoe"}


STRANGERS = {"unknown"}


@pytest.mark.parametrize("pending", ["", "stop"])
def test_a_pod_that_never_ends_is_ended_whether_or_not_the_record_is_its_own(pending: str) -> None:
    found = beside_a_pod(server("ben", pending=pending), terminating("ana"), known=False)
    assert found == {"stuck_orphan", "stopping" if pending else "stale_record"}
    for other in (
        replace(terminating("ana"), ready=True),
        replace(terminating("ana"), release=""),
        terminating("ana", seconds=30),
    ):
        assert "stale_record" not in beside_a_pod(server("ben"), other)


def test_a_start_and_a_pod_of_another_hour_are_two_servers() -> None:
    hour_old = replace(pod("ana"), created_at=NOW - timedelta(hours=1))
    assert beside_a_pod(late_spawn("ben"), hour_old) == STRANGERS
    older = replace(pod("ana"), created_at=NOW - timedelta(hours=3))
    assert beside_a_pod(late_spawn("ben"), older) == {"stuck_spawn", "orphan"}
    assert beside_a_pod(late_spawn("ben"), replace(older, name="jupyter-ben")) == STRANGERS
    undated = replace(server("ben"), started=None)
    assert "orphan" not in beside_a_pod(undated, older)


def test_times_tell_nothing_where_the_clocks_of_hub_and_cluster_differ() -> None:
    """No server has a pod that was created when the hub started it."""
    day = timedelta(days=1)
    late = replace(pod("ana"), created_at=NOW - day)
    found = facts(
        servers=(late_spawn("ben"), server("zoe")),
        pods=(late, replace(pod("zoe"), created_at=NOW - day)),
        routes=(route("zoe"),),
    )
    assert of(found, "ben").condition is of(found, "ana").condition is Condition.UNKNOWN


def test_a_record_whose_route_leads_elsewhere_is_another_server_than_the_pod() -> None:
    away = route("ben", to="10.9.9.9")
    assert beside_a_pod(server("ben"), pod("ana"), away) == {"stale_record", "orphan"}
    moved = replace(pod("ana"), restarts=1)  # a node that was restarted gives it another address
    for its_pod, *routes in (
        (pod("ana"),),
        (pod("ana"), route("ben", to="jupyter-ben.datahub-prod.svc")),
        (pod("ana"), away, route("ben", to=address("ana"))),
        (moved, away),
        (replace(pod("ana"), ips=()), away),
        (replace(pod("ana"), name="jupyter-ben"), away),
    ):
        assert beside_a_pod(server("ben"), its_pod, *routes) == STRANGERS, (its_pod, routes)
    assert beside_a_pod(server("ben"), pod("ana"), away, known=False) == STRANGERS


def test_an_old_pod_that_finished_is_no_evidence_that_a_renamed_server_is_dead() -> None:
    evicted = pod("ben", phase="Failed", reason="Evicted")
    found = facts(
        servers=(server("ben"), server("zoe")),
        pods=(replace(evicted, created_at=NOW - timedelta(days=1)), pod("ana"), pod("zoe")),
        routes=(route("zoe"),),
        people={"ana": Known(value=False)},
    )
    assert of(found, "ben").condition is Condition.UNKNOWN
    assert CLEAR.plan(found).steps == ()


def test_a_second_pod_may_be_the_server_of_a_user_whose_name_was_taken() -> None:
    second = replace(pod("ana"), name="jupyter-ana--1", uid="uid-new", ips=("10.8.8.8",))
    found = facts(
        servers=(server("ana"), server("old"), server("zoe")),
        pods=(pod("ana"), second, pod("zoe")),
        routes=(route("old", to="10.9.9.9"), route("zoe")),
    )
    assert of(found, "old").condition is Condition.UNKNOWN


@pytest.mark.parametrize("record", [server("ana"), late_spawn("ana")])
@pytest.mark.parametrize("alive", [True, False])
def test_the_hub_does_not_stop_a_pod_whose_name_two_servers_share(
    record: Server, alive: bool
) -> None:
    """The hub's template of pod names lacks the server's, and the pod is that of the last one started."""
    lab = replace(pod("ana", name="lab"), name="jupyter-ana" if alive else "jupyter-ana--lab")
    found = facts(
        servers=(record, server("ana", name="lab"), server("zoe")),
        pods=(lab, pod("zoe")),
        routes=(route("ana", name="lab"), route("zoe")),
    )
    verbs = [step.verb for step in CLEAR.plan(found).steps]
    assert verbs == ([] if alive else ["stop_server"])
    assert ("may have the name of its pod" in of(found, "ana").why) is alive


def test_a_start_too_young_for_a_pod_is_no_twin_of_an_old_one() -> None:
    found = facts(
        servers=(server("ben", pending="spawn"), server("zoe")),
        pods=(pod("ana"), pod("zoe")),
        routes=(route("zoe"),),
    )
    assert of(found, "ana").condition is Condition.ORPHAN


def test_a_second_pod_of_a_server_is_shown_and_left_to_people() -> None:
    second = replace(pod("ana"), name="jupyter-ana---old", uid="uid-old", ips=("10.0.0.9",))
    found = facts(servers=(server("ana"),), pods=(second, pod("ana")), routes=(route("ana"),))
    first, other = found.rows
    assert (first.condition, first.pod) == (Condition.OK, pod("ana"))
    assert (other.condition, other.pod, other.hub) == (Condition.UNKNOWN, second, "other pod")


@pytest.mark.parametrize(
    "record", [server("ana", pending="stop"), late_spawn("ana"), server("ana"), None]
)
def test_of_a_server_with_two_pods_none_is_deleted(record: Server | None) -> None:
    second = replace(terminating("ana"), name="jupyter-ana---old", uid="uid-old")
    found = facts(
        servers=(*((record,) if record else ()), server("zoe")),
        pods=(terminating("ana"), second, pod("zoe")),
        routes=(route("zoe"),),
        since=FOR_LONG,
    )
    assert of(found, "ana").condition is Condition.UNKNOWN
    assert CLEAR.plan(found).steps == ()


def test_a_route_of_another_name_to_an_orphans_address_protects_it() -> None:
    found = seen(None, pod("ana"))
    assert CLEAR.plan(found).steps
    led = facts(
        servers=(server("zoe"),),
        pods=(pod("ana"), pod("zoe")),
        routes=(route("zoe"), route("anna", to=address("ana"))),
    )
    assert "the route of anna leads to its pod" in of(led, "ana").why
    assert CLEAR.plan(led).steps == ()


@pytest.mark.parametrize("owner", ["anna", "ana"])
def test_a_route_to_a_name_protects_whatever_it_may_lead_to(owner: str) -> None:
    found = facts(
        servers=(server("zoe"),),
        pods=(pod("ana"), pod("zoe")),
        routes=(route("zoe"), route(owner, to="jupyter-someone.datahub-prod.svc")),
    )
    assert of(found, "ana").condition is Condition.UNKNOWN


def test_names_as_targets_of_other_servers_that_are_there_protect_nobody() -> None:
    found = facts(
        servers=(server("zoe"),),
        pods=(pod("ana"), pod("zoe")),
        routes=(route("zoe", to="jupyter-zoe.datahub-prod.svc"),),
    )
    assert of(found, "ana").condition is Condition.ORPHAN
    assert of(found, "zoe").condition is Condition.OK


def test_a_stale_record_whose_route_leads_to_a_living_pod_is_not_stopped() -> None:
    found = facts(
        servers=(server("ana"), server("zoe")),
        pods=(pod("zoe"),),
        routes=(route("zoe"), route("ana", to=address("zoe"))),
    )
    assert of(found, "ana").condition is Condition.UNKNOWN
    assert "leads to pod jupyter-zoe" in of(found, "ana").why


def test_a_pod_whose_user_the_hub_does_not_know_is_left_alone() -> None:
    for known in (Known(value=False), Unknown(why="The hub did not say.")):
        found = facts(
            servers=(server("zoe"),),
            pods=(pod("ana"), pod("zoe")),
            routes=(route("zoe"),),
            people={"ana": known},
        )
        assert of(found, "ana").condition is Condition.UNKNOWN


def test_where_no_pod_has_a_record_the_hubs_database_may_be_lost() -> None:
    found = facts(servers=(), pods=(pod("ana"), pod("ben")))
    assert {row.condition for row in found.rows} == {Condition.UNKNOWN}
    assert "database may be lost" in of(found, "ana").why
    assert CLEAR.plan(found).steps == ()


def test_a_pod_without_a_release_is_not_deleted() -> None:
    for record, its_pod in (
        (None, pod("ana")),
        (None, terminating("ana")),
        (server("ana"), terminating("ana")),
        (server("ana", pending="stop"), terminating("ana")),
    ):
        found = seen(record, replace(its_pod, release=""))
        assert of(found, "ana").condition is Condition.UNKNOWN
        assert "which release" in of(found, "ana").why


def test_a_start_is_not_cancelled_while_the_events_are_unread() -> None:
    unread = facts(
        servers=(late_spawn("ana"), server("zoe")),
        pods=(pod("ana", phase="Pending"), pod("zoe")),
        routes=(route("zoe"),),
        events=View.unread("mayday isn't allowed to list events."),
    )
    assert of(unread, "ana").condition is Condition.UNKNOWN
    assert CLEAR.plan(unread).steps == ()


def test_a_node_that_was_added_for_another_pod_is_no_reason_to_wait() -> None:
    mine = replace(pod("ana", phase="Pending"), uid="another")
    found = seen(late_spawn("ana"), mine, events=(SCALE_UP,))
    assert of(found, "ana").condition is Condition.STUCK_SPAWN


def test_two_names_of_one_address_are_one() -> None:
    six = replace(pod("ana"), ips=("2001:db8::1",))
    found = seen(server("ana"), six, to="[2001:0DB8:0:0::0001]")
    assert of(found, "ana").condition is Condition.OK
