"""Servers that look dead but are alive: clearing must leave them alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition, Pod, PodEvent, Route
from bot.runbook.plan import Plan
from bot.services.facts import read_facts
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.hubs import (
    LONG_AGO,
    NOW,
    RELEASE,
    address,
    facts,
    late_spawn,
    pod,
    route,
    server,
    terminating,
)
from tests.support.scripted import HUB_POD, PROXY_POD, Scripted, site

WELL = (server("zoe"), pod("zoe"), route("zoe"))
KNOWN = Known(value=True)
STOPPED_FOR_LONG = {("ana", ""): NOW - timedelta(minutes=5)}


def read(party: Scripted) -> HubFacts:
    return read_facts(site(party), NOW)


def judged(seen: HubFacts, user: str, name: str = "") -> tuple[Condition, str]:
    row = seen.row(user, name)
    assert row is not None
    return row.condition, row.why


def spares(seen: HubFacts) -> Plan:
    """Return the plan after checking that it is empty but undecided."""
    plan = CLEAR.plan(seen)
    assert plan.steps == ()
    assert plan.undecided != ()
    assert plan.nothing_to_do == ""
    return plan


# --- pods of other hubs with the same names -----------------------------------------------------


def staging(*users: str) -> list[Pod]:
    """Pods of another hub with the same user names and other addresses."""
    return [
        replace(pod(user), uid=f"staging-{user}", ips=(f"10.99.0.{number}",))
        for number, user in enumerate(users, 1)
    ]


def test_the_namespace_of_another_hub_with_the_same_users_proves_nothing() -> None:
    party = Scripted(
        records=[server("ana"), server("ben")],
        known=[route("ana"), route("ben")],
        live=staging("ana"),
    )
    seen = read(party)
    assert judged(seen, "ben")[0] is Condition.UNKNOWN
    spares(seen)


def test_a_running_server_of_another_hub_is_no_orphan_because_the_names_agree() -> None:
    party = Scripted(
        records=[server("ana")], known=[route("ana")], live=staging("ana", "ben"), users=None
    )
    seen = read(party)
    assert judged(seen, "ben")[0] is Condition.UNKNOWN
    spares(seen)


def test_a_pod_older_than_the_start_of_its_server_is_another_hubs() -> None:
    older = replace(pod("ana"), created_at=LONG_AGO - timedelta(days=1))
    seen = read(Scripted(records=[server("ana"), server("ben")], live=[older]))
    assert judged(seen, "ben")[0] is Condition.UNKNOWN
    assert CLEAR.plan(seen).steps == ()


def test_a_pod_of_a_release_that_was_renamed_still_shows_life() -> None:
    renamed = replace(pod("ana"), release="datahub-old")
    party = Scripted(
        records=[server("ana"), server("zoe")],
        live=[renamed, pod("zoe")],
        known=[route("zoe")],
    )
    seen = read(party)
    assert judged(seen, "ana") == (
        Condition.UNKNOWN,
        "pod jupyter-ana of release datahub-old has its name",
    )
    spares(seen)


def test_a_route_to_a_pod_of_another_release_shows_life() -> None:
    other = replace(pod("anna"), release="datahub-old")
    party = Scripted(
        records=[server("ana"), server("zoe")],
        live=[other, pod("zoe")],
        known=[route("zoe"), route("ana", to=address("anna"))],
    )
    seen = read(party)
    assert judged(seen, "ana") == (
        Condition.UNKNOWN,
        "its route leads to pod jupyter-anna, which is running",
    )


def test_two_hubs_without_release_labels_are_two_hubs() -> None:
    hubs = [replace(HUB_POD, uid=f"uid-{n}", name=f"hub-{n}", release="") for n in (1, 2)]
    party = Scripted(
        records=[server("zoe")],
        live=[replace(pod(user), release="") for user in ("ana", "zoe")],
        known=[route("zoe")],
        parts=[*hubs, PROXY_POD],
    )
    assert "set hubs[].release" in spares(read(party)).undecided[0].why


def test_a_pod_that_finished_before_the_start_is_no_proof_while_living_ones_are_elsewhere() -> None:
    evicted = pod("ana", phase="Failed", reason="Evicted")
    party = Scripted(records=[server("ana")], live=[evicted], known=[route("ana")])
    assert judged(read(party), "ana")[0] is Condition.STALE_RECORD
    party.live = [replace(evicted, created_at=LONG_AGO - timedelta(days=1))]
    seen = read(party)
    assert judged(seen, "ana")[0] is Condition.UNKNOWN
    spares(seen)


def test_while_all_routes_are_gone_the_names_alone_prove_nothing() -> None:
    """Another hub's pod of the same name may have started at the same time."""
    party = Scripted(records=[server("ana"), server("ben")], live=[pod("ana"), pod("cy")])
    assert {row.condition for row in read(party).rows if row.user != "ana"} == {Condition.UNKNOWN}
    spares(read(party))


# --- one server under two names -----------------------------------------------------------------


def test_a_user_who_was_renamed_keeps_the_server() -> None:
    seen = facts(
        servers=(server("ana2"), WELL[0]),
        pods=(pod("ana"), WELL[1]),
        routes=(route("ana2", to=address("ana")), WELL[2]),
    )
    spares(seen)


def test_a_renamed_users_server_is_spared_when_a_new_user_took_the_name() -> None:
    """With all routes lost, the pod with the old name looks like the new user's second pod."""
    second = replace(pod("ana"), name="jupyter-ana--1", uid="uid-new", ips=("10.8.8.8",))
    seen = facts(
        servers=(server("ana-old"), server("ana"), WELL[0]),
        pods=(pod("ana"), second, WELL[1]),
    )
    assert judged(seen, "ana-old")[0] is Condition.UNKNOWN
    spares(seen)


def test_a_pod_that_lost_its_server_name_may_be_the_named_server() -> None:
    seen = facts(servers=(server("ana", name="lab2"), WELL[0]), pods=(pod("ana"), WELL[1]))
    spares(seen)


def test_names_that_differ_in_case_are_not_two_servers() -> None:
    seen = facts(servers=(server("ana"), WELL[0]), pods=(pod("Ana"), WELL[1]), routes=(WELL[2],))
    spares(seen)


def test_a_pod_that_does_not_say_whose_it_is_forbids_to_say_that_nothing_is_stuck() -> None:
    nameless = replace(pod("who"), user="")
    seen = read(
        Scripted(records=[server("zoe")], live=[pod("zoe"), nameless], known=[route("zoe")])
    )
    assert "doesn't say which user" in spares(seen).undecided[0].why


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["http://[::ffff:10.1.2.3]:8888", "http://[::FFFF:0a01:0203]:8888"]
)
def test_an_address_in_the_clothes_of_ipv6_is_the_same_address(target: str) -> None:
    led = Route(user="ana", server="", path="/user/ana/", target=target)
    alive = replace(pod("zoe"), ips=("10.1.2.3",))
    seen = facts(servers=(server("ana"), WELL[0]), pods=(alive,), routes=(WELL[2], led))
    assert judged(seen, "ana")[0] is Condition.UNKNOWN
    assert CLEAR.plan(seen).steps == ()


def test_pods_on_the_network_of_their_node_share_its_address() -> None:
    ben = replace(pod("ben"), ips=("192.168.0.5",))
    seen = facts(
        servers=(server("ana"), server("ben"), WELL[0]),
        pods=(ben, WELL[1]),
        routes=(route("ana", to="192.168.0.5"), route("ben", to="192.168.0.5"), WELL[2]),
    )
    assert judged(seen, "ana")[0] is Condition.UNKNOWN
    spares(seen)


def test_an_orphan_whose_address_nobody_tells_may_be_a_routes_target() -> None:
    seen = facts(
        servers=(WELL[0],),
        pods=(replace(pod("ana"), ips=()), WELL[1]),
        routes=(WELL[2], route("anna", to="10.5.5.5")),
    )
    assert judged(seen, "ana")[0] is Condition.UNKNOWN
    spares(seen)


@pytest.mark.parametrize("target", ["https://jupyter-ana:8888", "unix:///srv/ana.sock", "?", ""])
def test_a_target_that_is_no_address_is_never_called_stale(target: str) -> None:
    led = Route(user="ana", server="", path="/user/ana/", target=target)
    stale = facts(servers=(server("ana"), WELL[0]), pods=(WELL[1],), routes=(WELL[2], led))
    spares(stale)
    ready = facts(
        servers=(server("ana"), WELL[0]), pods=(pod("ana"), WELL[1]), routes=(WELL[2], led)
    )
    assert judged(ready, "ana")[0] is Condition.OK


# --- time ---------------------------------------------------------------------------------------


def test_a_pod_from_the_future_is_young() -> None:
    ahead = replace(pod("ana"), created_at=NOW + timedelta(hours=1))
    seen = facts(servers=(WELL[0],), pods=(ahead, WELL[1]), routes=(WELL[2],))
    assert judged(seen, "ana")[0] is Condition.STARTING


def test_a_start_from_the_future_is_young() -> None:
    seen = facts(
        servers=(late_spawn("ana", minutes=-60), WELL[0]), pods=(WELL[1],), routes=(WELL[2],)
    )
    assert judged(seen, "ana")[0] is Condition.STARTING
    assert CLEAR.plan(seen).steps == ()


def test_a_pod_that_does_not_tell_its_age_is_not_old() -> None:
    seen = facts(
        servers=(WELL[0],), pods=(replace(pod("ana"), created_at=None), WELL[1]), routes=(WELL[2],)
    )
    spares(seen)


def test_a_start_that_nobody_dates_is_not_late() -> None:
    undated = replace(server("ana", pending="spawn"), started=None)
    seen = facts(servers=(undated, WELL[0]), pods=(WELL[1],), routes=(WELL[2],))
    assert judged(seen, "ana")[0] is Condition.STARTING
    assert CLEAR.plan(seen).steps == ()


@pytest.mark.parametrize("ready", [True, False])
def test_a_pod_still_within_its_grace_is_left_to_it(ready: bool) -> None:
    leaving = replace(terminating("ana", seconds=25), ready=ready)
    for record in (server("ana"), server("ana", pending="stop"), None):
        records = (*((record,) if record else ()), WELL[0])
        seen = facts(servers=records, pods=(leaving, WELL[1]), routes=(WELL[2],))
        assert judged(seen, "ana")[0] is Condition.STOPPING
        assert CLEAR.plan(seen).steps == ()


# --- slow starts --------------------------------------------------------------------------------


def starting(reason: str, *events: PodEvent, node: str = "new-node") -> HubFacts:
    waiting = replace(pod("ana", phase="Pending", reason=reason), node=node)
    return facts(
        servers=(late_spawn("ana"), WELL[0]),
        pods=(waiting, WELL[1]),
        routes=(WELL[2],),
        events=View(items=events),
    )


def event(reason: str, *, minutes: float | None = 1, uid: str = "uid-ana") -> PodEvent:
    at = None if minutes is None else NOW - timedelta(minutes=minutes)
    return PodEvent(pod_uid=uid, reason=reason, message="", at=at)


@pytest.mark.parametrize("happened", ["Scheduled", "Pulling", "SuccessfulAttachVolume"])
@pytest.mark.parametrize("minutes", [1, 9, None])
def test_a_start_that_got_its_node_late_goes_on(happened: str, minutes: float | None) -> None:
    """The node took ten minutes and is pulling the image."""
    seen = starting("ContainerCreating", event(happened, minutes=minutes))
    assert judged(seen, "ana")[0] is Condition.STARTING
    assert CLEAR.plan(seen).steps == ()


@pytest.mark.parametrize(
    ("reason", "events"),
    [
        ("ContainerCreating", ()),
        ("ContainerCreating", (event("Scheduled", minutes=11),)),
        ("ContainerCreating", (event("Pulling", uid="another"),)),
        ("ImagePullBackOff", (event("Pulling"),)),
        ("ErrImagePull", (event("Pulling"),)),
    ],
)
def test_a_start_that_does_not_go_on_is_stuck(reason: str, events: tuple[PodEvent, ...]) -> None:
    assert judged(starting(reason, *events), "ana")[0] is Condition.STUCK_SPAWN


# --- unread data --------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["servers", "pods", "routes"])
def test_with_a_view_unread_nothing_is_cleared_and_nothing_is_called_well(missing: str) -> None:
    views = {
        "servers": (server("ana"), server("stale"), WELL[0]),
        "pods": (terminating("gone"), pod("ana"), pod("orphan"), WELL[1]),
        "routes": (WELL[2],),
    }
    seen = facts(**{**views, missing: None})  # type: ignore[arg-type]
    plan = CLEAR.plan(seen)
    assert not {step.user for step in plan.steps} & {"ana", "stale", "orphan"}
    assert plan.nothing_to_do == ""


def test_a_token_that_may_not_ask_who_it_is_shows_nothing_reliable() -> None:
    seen = replace(
        facts(servers=None, routes=None), access=Unknown(why="The hub refuses the token.")
    )
    spares(seen)


def test_an_idle_user_is_not_called_idle_where_the_hub_hides_servers() -> None:
    hidden = View(items=(WELL[0],), unknown="The token is filtered.")
    seen = facts(servers=hidden, pods=(WELL[1],), routes=(WELL[2],), people={"ana": KNOWN})
    plan = CLEAR.plan(seen, {"users": sorted({"ana"})})
    assert (plan.nothing_to_do, plan.undecided[0].why) == ("", "The token is filtered.")


def test_a_stop_whose_age_nobody_knows_is_not_passed_over() -> None:
    seen = facts(
        servers=(server("ana", pending="stop"), WELL[0]),
        pods=(pod("ana"), WELL[1]),
        routes=(WELL[2],),
    )
    plan = CLEAR.plan(seen)
    assert plan.steps == ()
    assert "ana" in plan.nothing_to_do
    assert "make a new plan" in plan.nothing_to_do


def test_a_pod_whose_phase_is_unknown_may_lose_work() -> None:
    lost = replace(terminating("ana"), phase="Unknown")
    seen = facts(servers=(server("ana"), WELL[0]), pods=(lost, WELL[1]), routes=(WELL[2],))
    plan = CLEAR.plan(seen)
    assert [step.loses for step in plan.steps] == [("ana",)]
    assert [loss.users for loss in plan.losses] == [("ana",)]


def test_a_pod_without_a_release_is_never_deleted() -> None:
    bare = replace(terminating("ana"), release="")
    for record in (server("ana", pending="stop"), None):
        records = (*((record,) if record else ()), WELL[0])
        seen = facts(
            servers=records, pods=(bare, WELL[1]), routes=(WELL[2],), since=STOPPED_FOR_LONG
        )
        assert bare.release != RELEASE
        spares(seen)


def test_a_server_without_a_pod_that_was_just_used_is_pointed_out() -> None:
    """Profiles may use other namespaces, which the hub does not report."""
    seen = facts(
        servers=(server("ana"), WELL[0]),
        pods=(WELL[1],),
        routes=(route("ana", to="10.77.0.1"), WELL[2]),
    )
    (caution,) = CLEAR.plan(seen).cautions
    assert caution.startswith("Used in the last 10 minutes although no pod is seen: ana.")
    idle = replace(server("ana"), last_activity=NOW - timedelta(hours=1))
    quiet = facts(servers=(idle, WELL[0]), pods=(WELL[1],), routes=(WELL[2],))
    assert CLEAR.plan(quiet).cautions == ()
