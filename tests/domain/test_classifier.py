"""The hub × pod × route table, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.hubs import Condition, Pod, Route, Server
from bot.domain.table import Views, join
from tests.support.hubs import NOW, pod, route, server, terminating

YOUNG = replace(pod("ana"), created_at=NOW - timedelta(seconds=10))
FAILED = pod("ana", phase="Failed", reason="Evicted")
SLOW_SPAWN = replace(server("ana", pending="spawn"), started=NOW - timedelta(minutes=6))


@pytest.mark.parametrize(
    ("record", "its_pod", "its_route", "condition"),
    [
        (server("ana"), pod("ana"), route("ana"), Condition.OK),
        (server("ana"), pod("ana"), None, Condition.UNROUTED),
        (server("ana"), None, route("ana"), Condition.STALE_RECORD),
        (server("ana"), None, None, Condition.STALE_RECORD),
        (server("ana"), FAILED, route("ana"), Condition.STALE_RECORD),
        (server("ana"), pod("ana", phase="Pending"), None, Condition.UNCLEAR),
        (server("ana"), pod("ana", phase="Unknown"), route("ana"), Condition.UNCLEAR),
        (server("ana"), terminating("ana", seconds=5), None, Condition.STOPPING),
        (server("ana"), terminating("ana"), None, Condition.UNCLEAR),
        (
            server("ana", pending="spawn"),
            pod("ana", phase="Pending", reason="ImagePullBackOff"),
            None,
            Condition.STUCK_SPAWN,
        ),
        (server("ana", pending="spawn"), pod("ana", phase="Pending"), None, Condition.STARTING),
        (SLOW_SPAWN, pod("ana", phase="Pending"), None, Condition.STUCK_SPAWN),
        (SLOW_SPAWN, None, None, Condition.STUCK_SPAWN),
        (server("ana", pending="check"), pod("ana"), None, Condition.STARTING),
        (server("ana", pending="stop"), terminating("ana"), None, Condition.STUCK_STOP),
        (server("ana", pending="stop"), terminating("ana", seconds=35), None, Condition.STOPPING),
        (server("ana", pending="stop"), pod("ana"), None, Condition.STOPPING),
        (server("ana", pending="stop"), None, None, Condition.LOST_EVENTS),
        (None, pod("ana"), None, Condition.ORPHAN),
        (None, YOUNG, None, Condition.STARTING),
        (None, terminating("ana", seconds=5), None, Condition.STOPPING),
        (None, terminating("ana"), None, Condition.ORPHAN),
    ],
)
def test_each_row_of_the_table(
    record: Server | None, its_pod: Pod | None, its_route: Route | None, condition: Condition
) -> None:
    views = Views(
        servers=(record,) if record else (),
        pods=(its_pod,) if its_pod else (),
        routes=(its_route,) if its_route else (),
    )
    assert [row.condition for row in join(views, NOW)] == [condition]


def test_a_finished_pod_that_the_hub_does_not_know_is_no_row() -> None:
    assert join(Views(servers=(), pods=(FAILED,), routes=()), NOW) == ()


def test_a_server_that_the_hub_calls_stopped_counts_as_absent() -> None:
    stopped = replace(server("ana"), ready=False)
    (row,) = join(Views(servers=(stopped,), pods=(pod("ana"),), routes=()), NOW)
    assert (row.hub, row.condition) == ("absent", Condition.ORPHAN)


def test_without_the_hub_no_pod_is_an_orphan() -> None:
    rows = join(Views(servers=None, pods=(pod("ana"), pod("ben")), routes=()), NOW)
    assert {(row.hub, row.condition) for row in rows} == {("unread", Condition.UNCLEAR)}


def test_without_the_cluster_no_record_is_stale() -> None:
    views = Views(
        servers=(server("ana"), server("ben"), server("cy", pending="stop")),
        pods=None,
        routes=(route("ana"),),
    )
    assert [row.condition for row in join(views, NOW)] == [
        Condition.OK,
        Condition.UNROUTED,
        Condition.STOPPING,
    ]


def test_without_routes_nobody_is_unrouted() -> None:
    (row,) = join(Views(servers=(server("ana"),), pods=(pod("ana"),), routes=None), NOW)
    assert (row.routed, row.condition) == (None, Condition.UNCLEAR)


def test_servers_of_one_user_are_told_apart_by_their_names() -> None:
    views = Views(
        servers=(server("ana"), server("ana", name="gpu")),
        pods=(pod("ana"), pod("ana", name="gpu")),
        routes=(route("ana"),),
    )
    assert [(row.server, row.condition) for row in join(views, NOW)] == [
        ("", Condition.OK),
        ("gpu", Condition.UNROUTED),
    ]


def test_pods_are_matched_by_annotation_and_never_by_name() -> None:
    someone_elses = replace(pod("ana"), name="jupyter-ben")
    views = Views(servers=(server("ben"),), pods=(someone_elses,), routes=(route("ben"),))
    assert [(row.user, row.condition) for row in join(views, NOW)] == [
        ("ana", Condition.ORPHAN),
        ("ben", Condition.STALE_RECORD),
    ]


def test_a_second_pod_of_a_server_is_shown_and_left_to_people() -> None:
    second = replace(pod("ana"), name="jupyter-ana---old", uid="uid-old")
    views = Views(servers=(server("ana"),), pods=(second, pod("ana")), routes=(route("ana"),))
    first, other = join(views, NOW)
    assert (first.condition, first.pod) == (Condition.OK, pod("ana"))
    assert (other.condition, other.pod, other.hub) == (Condition.UNCLEAR, second, "other pod")
