"""Wrong, partial or another hub's views: unread data never causes a deletion."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.plan import Exit
from sandbox.hub import steps
from tests.rows.desk import NARROW, Desk
from tests.support.planning import FORCE, LONG_AFTER, RESYNC

ELSEWHERE = "datahub-staging"


# --- the namespace -----------------------------------------------------------------------------


def test_a_hub_whose_pods_are_elsewhere_loses_no_server(desk: Desk) -> None:
    """The configured namespace is mistyped and empty."""
    cluster = desk.sandbox.cluster
    cluster.add_namespace(ELSEWHERE)
    told = desk.plan(namespace=ELSEWHERE, later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    none = f"None of the 5 ready servers has a pod in namespace {ELSEWHERE}: check hubs[].namespace"
    assert none in told.unknown
    assert set(told.conditions.values()) == {"unknown"}


def test_no_ready_server_has_a_pod_where_the_release_is_configured(desk: Desk) -> None:
    told = desk.plan(namespace="default", release="datahub", later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert (
        "None of the 5 ready servers has a pod in namespace default: check hubs[].namespace"
        in told.unknown
    )


def test_a_stale_record_among_servers_that_have_pods_is_cleared(desk: Desk) -> None:
    desk.sandbox.stale_record("ana")
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.STEPS, [("stop_server", "ana")])
    assert told.conditions == {
        "ana": "stale_record",
        **dict.fromkeys(("ben", "chidi", "dara", "kofi"), "ok"),
    }


def test_a_lone_stale_record_stays_unknown_unless_all_pods_are_said_to_be_here(desk: Desk) -> None:
    for user in ("ben", "chidi", "dara", "kofi"):
        desk.sandbox.rest.stop_server(user)
        steps.wait_row(desk.sandbox, user, said="absent", pod="none")
    desk.sandbox.stale_record("ana")
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert told.conditions == {"ana": "unknown"}
    assert "The only ready server has no pod" in told.unknown
    assert "set hubs[].user_pods to complete" in told.unknown
    told = desk.plan(later=LONG_AFTER, user_pods="complete")
    assert (told.exit, told.steps) == (Exit.STEPS, [("stop_server", "ana")])


# --- the token ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "scope"),
    [
        ("no-servers", "read:servers"),
        ("servers-of-a-group", "read:servers"),
        ("servers-of-ana", "read:servers"),
        ("users-of-a-group", "list:users"),
    ],
)
def test_a_token_that_sees_too_little_makes_no_orphans(desk: Desk, token: str, scope: str) -> None:
    told = desk.plan(api_token=desk.tokens[token], later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert scope in told.unknown
    assert "without a filter" in told.unknown
    assert set(told.conditions.values()) <= {"ok", "unknown"}
    assert "user_pods" not in told.unknown, "the namespace is right"


def test_a_filtered_token_does_not_make_the_rest_look_well(desk: Desk) -> None:
    """The token shows the stale record; the hidden servers have pods."""
    desk.sandbox.stale_record("ana")
    told = desk.plan(api_token=desk.tokens["servers-of-ana"], later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert told.conditions == dict.fromkeys(("ana", "ben", "chidi", "dara", "kofi"), "unknown")


def test_a_token_that_may_not_stop_servers_is_named_before_anybody_confirms(desk: Desk) -> None:
    desk.sandbox.stale_record("ana")
    told = desk.plan(api_token=desk.tokens["no-stops"], later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "lacks the scope delete:servers without a filter" in told.unknown


def test_no_narrow_token_calls_its_own_view_whole(desk: Desk) -> None:
    for token in NARROW:
        told = desk.plan(RESYNC, api_token=desk.tokens[token])
        whole = token == "no-stops"
        assert told.exit is (Exit.NOTHING_TO_DO if whole else Exit.UNKNOWN), token


# --- orphans -----------------------------------------------------------------------------------


def test_a_true_orphan_is_deleted(desk: Desk) -> None:
    desk.sandbox.orphan_pod("chidi")
    pod = desk.sandbox.user_pod("chidi")
    assert pod is not None
    told = desk.plan(later=LONG_AFTER)
    assert told.steps == [("delete_pod", pod["metadata"]["name"])]
    assert told.json["steps"][0]["loses"] == ["chidi"]
    assert desk.plan().conditions["chidi"] == "starting", "it may be a start of just now"


def test_an_orphan_with_its_route_is_somebodys_work(desk: Desk) -> None:
    target = desk.routes()["/user/chidi"]["target"]
    desk.sandbox.orphan_pod("chidi")
    desk.lead("chidi", target)
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert told.conditions["chidi"] == "unknown"
    assert "a route leads to it" in told.why("chidi")


def test_an_orphan_whose_address_is_another_names_route_is_somebodys_work(desk: Desk) -> None:
    target = desk.routes()["/user/chidi"]["target"]
    desk.sandbox.orphan_pod("chidi")
    desk.lead("renamed", target)
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "the route of renamed leads to its pod" in told.why("chidi")


def test_a_route_to_a_name_may_lead_to_an_orphan(desk: Desk) -> None:
    desk.sandbox.orphan_pod("chidi")
    desk.lead("renamed", "http://jupyter-renamed:8888")
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "the route of renamed leads to a host name" in told.why("chidi")


# --- two hubs in one namespace -----------------------------------------------------------------


def test_pods_of_another_hub_are_nobodys_orphans(desk: Desk) -> None:
    desk.add_pod("hub-data100", release="data100", component="hub")
    desk.add_pod("jupyter-zoe", release="data100", user="zoe")
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "has hub pods of several releases (data100, datahub)" in told.unknown
    assert "set hubs[].release" in told.unknown
    told = desk.plan(later=LONG_AFTER, release="datahub")
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert sorted(told.conditions) == ["ana", "ben", "chidi", "dara", "kofi"]


def test_an_orphan_of_ours_is_found_beside_another_hub(desk: Desk) -> None:
    desk.add_pod("hub-data100", release="data100", component="hub")
    desk.add_pod("jupyter-zoe", release="data100", user="zoe")
    desk.sandbox.orphan_pod("chidi")
    told = desk.plan(later=LONG_AFTER, release="datahub")
    assert [verb for verb, _ in told.steps] == ["delete_pod"]
    assert "zoe" not in told.conditions


# --- many at once ------------------------------------------------------------------------------


def test_more_than_the_limit_at_once_need_a_second_person(desk: Desk) -> None:
    for user in ("ana", "ben"):
        desk.sandbox.stale_record(user)
    few = desk.config(limit={"servers": 1, "percent": 20})
    told = desk.plan(config=few, later=LONG_AFTER)
    steps = [("stop_server", "ana"), ("stop_server", "ben")]
    assert (told.exit, told.steps) == (Exit.STEPS, steps)
    assert "2 servers look stuck at once (5 are ready)" in told.json["over_limit"]
    assert "the limit of 1" in told.json["over_limit"]
    told = desk.plan(FORCE, "ana", "ben", config=few, later=LONG_AFTER)
    assert (told.steps, told.json["over_limit"]) == (steps, "")
    half = desk.config(limit={"servers": 1, "percent": 40})
    told = desk.plan(config=half, later=LONG_AFTER)
    assert (told.steps, told.json["over_limit"]) == (steps, "")


def test_more_than_the_limit_are_left_alone_where_one_view_may_be_wrong(desk: Desk) -> None:
    for user in ("ana", "ben", "chidi", "dara"):
        desk.sandbox.stale_record(user)
    few = desk.config(limit={"servers": 1, "percent": 20})
    told = desk.plan(config=few, later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "4 of them are missing in the hub or in the cluster, and only 1" in told.unknown


def test_a_hub_that_lost_its_database_kills_nobody(desk: Desk) -> None:
    """The hub lost all users while their pods run; they must be created again."""
    sandbox = desk.sandbox
    for user in sandbox.users:
        sandbox.orphan_pod(user)
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert set(told.conditions.values()) == {"unknown"}
    told = desk.plan(later=LONG_AFTER + timedelta(days=1), user_pods="complete")
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "the hub's database may be lost" in told.why("ana")
