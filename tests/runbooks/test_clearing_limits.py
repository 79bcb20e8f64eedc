"""Limits on clearing stuck servers: count, another start, guards, rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import Fact, Known, Unknown, View
from bot.domain.facts import BlastRadius, HubFacts, Part
from bot.domain.hubs import Condition, HubAccess
from bot.domain.rights import Right
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.clearing import beside_zoe, named, why
from tests.support.hubs import (
    ACCESS,
    NOW,
    facts,
    late_spawn,
    pod,
    route,
    server,
    stale,
    stuck,
    terminating,
)
from tests.support.rights import DELETE_PODS, GET_PODS, PATCH_PROXY, STOP_SERVERS

# --- the blast radius ---------------------------------------------------------------------------


def lost(count: int, *, ready: int, limit: BlastRadius | None = None) -> HubFacts:
    """Return a hub with `count` stale records and `ready` healthy servers."""
    gone = [f"gone{n:03}" for n in range(count)]
    well = [f"well{n:03}" for n in range(ready)]
    seen = facts(
        servers=tuple(map(server, (*gone, *well))),
        pods=tuple(map(pod, well)),
        routes=tuple(map(route, well)),
    )
    return replace(seen, limit=limit or BlastRadius())


@pytest.mark.parametrize(
    ("count", "ready", "limit", "proposed"),
    [
        (10, 1, None, True),
        (11, 1, None, False),
        (25, 100, None, True),  # 20 % of 125 ready
        (26, 25, None, False),
        (2, 30, BlastRadius(servers=2, percent=0), True),
        (6, 4, BlastRadius(servers=1, percent=60), True),
    ],
)
def test_so_many_are_not_proposed_where_more_are_missing_than_seen_in_both_views(
    count: int, ready: int, limit: BlastRadius | None, proposed: bool
) -> None:
    plan = CLEAR.plan(lost(count, ready=ready, limit=limit))
    assert len(plan.steps) == (count if proposed else 0)
    if not proposed:
        said = why(plan)
        assert said.startswith(f"{count} servers look stuck at once ({count + ready} are ready)")
        assert "name the users" in said


@pytest.mark.parametrize(
    ("count", "ready", "limit"),
    [
        (26, 100, None),
        (11, 11, None),
        (3, 30, BlastRadius(servers=2, percent=0)),
        (1, 4, BlastRadius(servers=0, percent=0)),
    ],
)
def test_what_is_over_the_limit_needs_a_second_person(
    count: int, ready: int, limit: BlastRadius | None
) -> None:
    plan = CLEAR.plan(lost(count, ready=ready, limit=limit))
    assert len(plan.steps) == count
    assert plan.over_limit.startswith(f"{count} servers look stuck at once")
    assert plan.over_limit.endswith("a second person must approve this plan.")
    assert CLEAR.policy.needed(over_limit=bool(plan.over_limit)) == 1


def test_a_list_that_is_not_whole_lifts_no_limit() -> None:
    seen = lost(26, ready=100)
    partly = replace(seen, servers=replace(seen.servers, unknown="The hub shows a part."))
    plan = CLEAR.plan(partly)
    assert plan.steps == ()
    assert "The hub shows a part." in why(plan)


def test_named_users_pass_the_limit() -> None:
    seen = lost(11, ready=1)
    users = [row.user for row in seen.having(Condition.STALE_RECORD)]
    assert len(CLEAR.plan(seen, named(*users)).steps) == 11


def test_a_step_that_was_confirmed_is_left_out_when_the_limit_is_passed_meanwhile() -> None:
    confirmed = CLEAR.plan(lost(10, ready=1))
    fresh = CLEAR.plan(lost(11, ready=1))
    assert "look stuck at once" in fresh.left_out(confirmed.steps[0])


# --- changes between plan and step --------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            beside_zoe(late_spawn("ana"), None),
            beside_zoe(late_spawn("ana", minutes=10.5), None),
        ),
        (
            beside_zoe(server("ana", pending="stop"), terminating("ana")),
            beside_zoe(
                replace(server("ana", pending="stop"), started=NOW - timedelta(minutes=30)),
                terminating("ana"),
            ),
        ),
        (
            beside_zoe(server("ana", pending="stop"), terminating("ana")),
            beside_zoe(server("ana", pending="stop"), replace(terminating("ana"), uid="new")),
        ),
        (beside_zoe(None, pod("ana")), beside_zoe(None, terminating("ana"))),
        (
            beside_zoe(server("ana"), None),
            beside_zoe(replace(server("ana"), started=NOW - timedelta(minutes=1)), None),
        ),
    ],
    ids=["started again", "stopped again", "another pod", "another trouble", "a fresh record"],
)
def test_another_start_or_another_pod_is_another_step(before: HubFacts, after: HubFacts) -> None:
    (step,) = CLEAR.plan(before).steps
    (other,) = CLEAR.plan(after).steps
    assert step.id != other.id
    assert CLEAR.plan(after).left_out(step)
    assert not CLEAR.plan(before).left_out(step)


def test_a_fresh_start_is_not_cancelled() -> None:
    (step,) = CLEAR.plan(beside_zoe(late_spawn("ana"), None)).steps
    fresh = CLEAR.plan(beside_zoe(server("ana", pending="spawn"), None))
    assert fresh.left_out(step) == "No server is stuck."


# --- guards -------------------------------------------------------------------------------------


def test_finalizers_and_stateful_sets_are_left_to_people() -> None:
    seen = facts(
        servers=(server("ana", pending="stop"), server("ben", pending="stop")),
        pods=(
            replace(terminating("ana"), finalizers=("example.org/hold",)),
            replace(terminating("ben"), owner_kind="StatefulSet"),
        ),
    )
    plan = CLEAR.plan(seen)
    assert plan.steps == ()
    assert "protected by finalizer example.org/hold" in plan.nothing_to_do
    assert "protected by a StatefulSet" in plan.nothing_to_do


@pytest.mark.parametrize(
    ("version", "cancels"),
    [
        ("4.1.6", False),
        ("5.0.0", False),
        ("5.1.0", True),
        ("5.10", True),
        ("6.0.0b1", True),
        ("10.0", True),
        ("", False),
        ("unheard-of", False),
        ("5", False),
    ],
)
def test_an_old_hub_cannot_cancel_a_start(version: str, cancels: bool) -> None:
    seen = replace(
        beside_zoe(late_spawn("ana"), None),
        access=Known(value=HubAccess(version=version, scopes=ACCESS.scopes)),
    )
    plan = CLEAR.plan(seen)
    assert bool(plan.steps) is cancels
    if not cancels:
        told = f"JupyterHub {version} can't" if version else "The hub doesn't tell its version"
        assert plan.nothing_to_do.startswith(told)
        assert plan.nothing_to_do.endswith("or wait until it gives up the start.")


def test_an_old_hub_clears_everything_else() -> None:
    old = Known(value=HubAccess(version="4.1.6", scopes=ACCESS.scopes))
    plan = CLEAR.plan(replace(stuck(), access=old))
    assert [step.user for step in plan.steps] == ["stop", "gone", "unsent", "orphan"]
    assert len(CLEAR.plan(replace(stale(), access=old)).steps) == 1


def test_a_start_without_a_pod_is_cancelled_although_no_events_are_read() -> None:
    """Without a pod, no node is being added."""
    seen = beside_zoe(late_spawn("ana"), None, events=View.unread("Not allowed to list events."))
    assert [step.verb for step in CLEAR.plan(seen).steps] == ["stop_server"]


@pytest.mark.parametrize(
    ("right", "refused", "said"),
    [
        (
            DELETE_PODS,
            Known(value=False),
            "mayday isn't allowed to delete pods in namespace datahub-prod of cluster teaching: "
            "grant it in the Role of mayday's service account.",
        ),
        (
            GET_PODS,
            Known(value=False),
            "mayday isn't allowed to get pods in namespace datahub-prod of cluster teaching: "
            "grant it in the Role of mayday's service account.",
        ),
        (
            STOP_SERVERS,
            Known(value=False),
            "The token of hub datahub lacks the scope delete:servers without a filter: add it to the "
            "role of mayday's service in the hub's configuration.",
        ),
        (DELETE_PODS, Unknown(why="The cluster did not say."), "The cluster did not say."),
    ],
)
def test_a_right_that_is_missing_or_unknown_is_told_before_a_plan_is_offered(
    right: Right, refused: Fact[bool], said: str
) -> None:
    plan = CLEAR.plan(replace(stuck(), rights={right: refused}))
    assert why(plan) == said
    assert plan.undecided[0].part is Part.RIGHTS


def test_a_right_that_no_step_needs_forbids_nothing() -> None:
    rights: dict[Right, Fact[bool]] = {
        DELETE_PODS: Known(value=False),
        PATCH_PROXY: Unknown(why="The cluster did not say."),
    }
    assert len(CLEAR.plan(replace(stale(), rights=rights)).steps) == 1
