"""Users' servers as facts and findings: every condition, with counts, times and remedies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.diagnose import Remedy, Severity
from bot.diagnose.servers import crashing, stuck, unjudged, unrouted
from bot.domain.evidence import Known, Unknown
from bot.domain.hubs import Condition, Row
from tests.support.around import ago, around, core_pod, found, one
from tests.support.hubs import ACCESS, evicted, facts, healthy, pod, route, server
from tests.support.hubs import stuck as stuck_hub

CLEAR = Remedy(runbook="force-delete-stuck-servers", label="Clear stuck servers")
RESTART_HUB = Remedy(runbook="restart-hub", label="Restart the hub")


def row(condition: Condition, user: str = "ana", **changes: object) -> Row:
    made = Row(user=user, server="", hub="ready", condition=condition, pod=pod(user))
    return replace(made, **changes)  # type: ignore[arg-type]


STUCK = [
    (Condition.LOST_NODE, "1 server is cut off: the node of its pod is gone.", CLEAR, 1),
    (
        Condition.STALE_RECORD,
        "1 server is marked ready by the hub without a pod.",
        CLEAR,
        1,
    ),
    (Condition.STUCK_SPAWN, "1 server is stuck while starting.", CLEAR, 1),
    (Condition.STUCK_STOP, "1 server is stuck while stopping.", CLEAR, 1),
    (
        Condition.UNSENT_STOP,
        "1 server is stopping in the hub, but the stop never reached the cluster.",
        CLEAR,
        1,
    ),
    (
        Condition.LOST_EVENTS,
        "1 server is stopping in the hub, although the pod no longer exists.",
        RESTART_HUB,
        1,
    ),
    (Condition.HUNG_CHECK, "1 server is checked by the hub without end.", RESTART_HUB, 1),
    (Condition.ORPHAN, "1 server is running without a record in the hub.", CLEAR, 0),
    (
        Condition.STUCK_ORPHAN,
        "1 server is without a record in the hub, and with a pod whose deletion never ends.",
        CLEAR,
        0,
    ),
]


@pytest.mark.parametrize(("condition", "text", "remedy", "affects"), STUCK)
def test_each_class_of_stuck_servers_is_a_finding(
    condition: Condition, text: str, remedy: Remedy, affects: int
) -> None:
    finding = one(stuck, replace(around(), rows=(row(condition),)))
    assert (finding.text, finding.remedy, finding.affects) == (text, remedy, affects)
    assert (finding.key, finding.severity) == (condition.value, Severity.WARNING)
    assert "ana" not in finding.text, "names belong into the evidence"
    assert finding.evidence[0] == "ana, pod jupyter-ana on user-node-1"


@pytest.mark.parametrize(
    "condition",
    [
        Condition.OK,
        Condition.STARTING,
        Condition.STOPPING,
        Condition.CHECKING,
        Condition.UNROUTED,
        Condition.STALE_ROUTE,
        Condition.CRASHING,
        Condition.UNKNOWN,
    ],
)
def test_other_conditions_are_not_stuck(condition: Condition) -> None:
    assert found(stuck, replace(around(), rows=(row(condition),))) == []


def test_many_are_counted_and_the_first_are_named() -> None:
    rows = tuple(row(Condition.STUCK_STOP, f"user{number}") for number in range(12))
    finding = one(stuck, replace(around(), rows=rows))
    assert finding.text == "12 servers are stuck while stopping."
    assert len(finding.evidence) == 6 and finding.evidence[-1] == "and 7 more"
    assert finding.affects == 12
    assert finding.remedy == CLEAR, "without names, so that the limit of one plan applies"


def test_a_hub_that_cannot_cancel_a_start_is_restarted_instead() -> None:
    old = Known(value=replace(ACCESS, version="4.1.6"))
    rows = (row(Condition.STUCK_SPAWN),)
    assert one(stuck, replace(around(), rows=rows, access=old)).remedy == RESTART_HUB
    unknown = replace(around(core=()), rows=rows, access=Unknown(why="No."))
    assert one(stuck, unknown).remedy is None


def test_protected_pods_are_not_offered_to_be_cleared() -> None:
    held = replace(pod("ana"), finalizers=("example.org/hold",))
    rows = (row(Condition.STUCK_STOP, pod=held),)
    assert one(stuck, replace(around(), rows=rows)).remedy is None


def test_a_hub_that_does_not_run_is_not_offered_a_restart() -> None:
    rows = (row(Condition.HUNG_CHECK),)
    assert one(stuck, replace(around(core=()), rows=rows)).remedy is None


def test_the_time_is_that_of_the_cluster() -> None:
    since = ago(minutes=9)
    gone = replace(pod("ana"), deleting_since=since)
    assert one(stuck, replace(around(), rows=(row(Condition.STUCK_STOP, pod=gone),))).at == since
    assert one(stuck, replace(around(), rows=(row(Condition.STUCK_STOP, pod=None),))).at is None


def test_crashing() -> None:
    bad = replace(pod("ana"), last_exit="OOMKilled", last_exit_at=ago(minutes=3))
    rows = (row(Condition.CRASHING, pod=bad, why="OOMKilled, restarted 4 times"),)
    finding = one(crashing, replace(around(), rows=rows))
    assert finding.text == "1 server is crashing again and again."
    assert finding.at == ago(minutes=3)
    assert finding.evidence == (
        "ana, pod jupyter-ana on user-node-1: OOMKilled, restarted 4 times",
    )
    assert finding.remedy == Remedy(
        runbook="restart-server", label="Restart this server", arguments={"user": "ana"}
    )
    two = one(crashing, replace(around(), rows=(*rows, row(Condition.CRASHING, "ben"))))
    assert two.remedy is None and two.affects == 2


def test_servers_without_a_route() -> None:
    finding = one(unrouted, around(evicted("ana", "ben")))
    assert finding.text == (
        "2 of 2 users cannot reach their server: the proxy has no route to it, or one that leads "
        "elsewhere."
    )
    assert (finding.severity, finding.affects) == (Severity.CRITICAL, 2)
    assert finding.remedy == Remedy(runbook="resync-routes", label="Resync routes")
    assert finding.evidence == (
        "Routes missing: 2; leading to another address: 0.",
        "2 of these servers run and their work is safe: nothing must be deleted.",
        "For example ana, ben.",
    )


def test_the_proxys_start_does_not_explain_servers_that_started_later() -> None:
    restarted = core_pod("proxy", running_since=ago(hours=3), started_at=ago(hours=3))
    seen = around(evicted("ana"), core=(core_pod("hub"), restarted))
    assert one(unrouted, seen).at is None
    fresh = core_pod("proxy", running_since=ago(minutes=4))
    assert one(unrouted, around(evicted("ana"), core=(fresh,))).at == ago(minutes=4)


def test_a_route_that_leads_elsewhere_counts() -> None:
    seen = facts(
        servers=(server("ana"),), pods=(pod("ana"),), routes=(route("ana", to="10.9.9.9"),)
    )
    assert one(unrouted, around(seen)).evidence[0] == (
        "Routes missing: 0; leading to another address: 1."
    )


@pytest.mark.parametrize("lost", ["servers", "routes"])
def test_without_the_hub_or_its_routes_nothing_is_said_of_routes(lost: str) -> None:
    well = healthy("ana")
    views = {"servers": well.servers, "pods": well.pods, "routes": well.routes, lost: None}
    assert found(unrouted, around(facts(**views))) == []  # type: ignore[arg-type]


def test_what_cannot_be_judged_is_unknown() -> None:
    rows = (
        row(Condition.UNKNOWN, why="its pod is not ready, and its node may not respond"),
        row(Condition.UNKNOWN, "ben", why="its pod is not ready, and its node may not respond"),
        row(Condition.UNKNOWN, "cy", why="the age of its pod is unknown"),
    )
    first, second = found(unjudged, replace(around(), rows=rows))
    assert first.text == (
        "mayday can't judge 2 servers: its pod is not ready, and its node may not respond."
    )
    assert first.severity is Severity.UNKNOWN and first.affects is None
    assert second.evidence == ("For example cy.",)


def test_the_reason_of_an_unread_part_is_not_repeated_for_its_servers() -> None:
    seen = around(facts(servers=(server("ana"),), pods=(), routes=None))
    assert seen.having(Condition.UNKNOWN)
    assert found(unjudged, seen) == []


def test_a_real_hub_with_every_class() -> None:
    keys = {each.key for each in found(stuck, around(stuck_hub()))}
    assert keys >= {"lost_node", "stuck_stop", "unsent_stop", "stuck_spawn", "hung_check", "orphan"}
