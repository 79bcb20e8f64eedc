"""Which hub owns a namespace's pods, and whether the list is complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import View
from bot.domain.hubs import Condition, Pod, Route, Server
from bot.domain.ownership import Owner, began_with, foreign_pods, proxy_pods, release_of, users_pods
from bot.errors import UserError
from bot.runbook.site import Site
from bot.services.facts import read_facts
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.hubs import LONG_AGO, NOW, PLACE, RELEASE, pod, route, server
from tests.support.scripted import HUB_POD, PROXY_POD, Scripted

OWNER = Owner(namespace="datahub-prod")
NONE: View[Server] = View()


def records(*users: str) -> View[Server]:
    return View(items=tuple(map(server, users)))


def of_release(release: str, *pods: Pod) -> list[Pod]:
    return [replace(one, release=release, uid=f"{release}-{one.uid}") for one in pods]


def routed(*users: str) -> View[Route]:
    return View(items=tuple(map(route, users)))


def names(view: View[Pod]) -> list[str]:
    return [one.name for one in view.items]


def plan_of(party: Scripted, **configured: object) -> tuple[object, ...]:
    """Return the plan's steps, "nothing to do" text and undecided reasons."""
    place = Site(place=PLACE, hub=party, cluster=party, **configured)  # type: ignore[arg-type]
    plan = CLEAR.plan(read_facts(place, NOW))
    return (
        [step.target for step in plan.steps],
        plan.nothing_to_do,
        " ".join(part.why for part in plan.undecided),
    )


# --- one hub ------------------------------------------------------------------------------------


def test_pods_are_all_that_there_are_where_a_ready_server_has_its_own() -> None:
    seen = users_pods([HUB_POD, PROXY_POD, pod("ana")], OWNER, records("ana", "ben"), routed("ana"))
    assert (names(seen), seen.complete) == (["jupyter-ana"], True)


def test_without_any_of_the_ready_servers_pods_they_are_elsewhere() -> None:
    """The namespace has a typo, or the pods are elsewhere."""
    seen = users_pods([HUB_POD], OWNER, records("ana", "ben", "cy"), routed("ana"))
    assert seen.read
    assert seen.unknown.startswith(
        "None of the 3 ready servers has a pod in namespace datahub-prod: check hubs[].namespace."
    )


def test_three_healthy_servers_whose_pods_are_elsewhere_are_not_stopped() -> None:
    users = ("ana", "ben", "cy")
    party = Scripted(records=[server(u) for u in users], known=[route(u) for u in users])
    steps, nothing, why = plan_of(party)
    assert (steps, nothing) == ([], "")
    assert "None of the 3 ready servers has a pod in namespace datahub-prod" in str(why)


def test_a_single_stale_record_among_servers_with_pods_is_cleared() -> None:
    party = Scripted(
        records=[server("ana"), server("ben"), server("cy")],
        live=[pod("ben"), pod("cy")],
        known=[route("ben"), route("cy")],
    )
    assert plan_of(party)[0] == ["ana"]


def test_a_lone_stale_record_is_cleared_only_where_all_pods_are_said_to_be_here() -> None:
    party = Scripted(records=[server("ana")])
    steps, _, why = plan_of(party)
    assert steps == []
    assert "The only ready server has no pod in namespace datahub-prod" in str(why)
    assert plan_of(party, users_here=True)[0] == ["ana"]


def test_no_setting_is_blamed_where_the_hubs_records_are_not_whole() -> None:
    """With too few scopes, a token may show no ready server despite a correct setup."""
    for view in (
        View[Server].unread("No."),
        records("ana").marked_incomplete("A scope is filtered."),
    ):
        seen = users_pods([HUB_POD, pod("ben")], OWNER, view, routed("ben"))
        assert seen.unknown == view.unknown


def test_a_hub_on_which_nobody_works_has_nothing_stuck() -> None:
    assert plan_of(Scripted()) == ([], "No server is stuck.", "")
    seen = users_pods([HUB_POD], OWNER, NONE, routed("ana"))
    assert "set hubs[].user_pods to complete" in seen.unknown


@pytest.mark.parametrize("phase", ["Pending", "Failed", "Unknown"])
def test_a_pod_that_does_not_run_proves_nothing(phase: str) -> None:
    seen = users_pods([HUB_POD, pod("ana", phase=phase)], OWNER, records("ana"), routed("ana"))
    assert not seen.complete


@pytest.mark.parametrize("pending", ["spawn", "stop", "check"])
def test_a_record_that_is_not_ready_proves_nothing(pending: str) -> None:
    starting = View(items=(server("ana", pending=pending),))
    assert not users_pods([HUB_POD, pod("ana")], OWNER, starting, routed("ana")).complete


# --- the same names elsewhere -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "proves"),
    [
        (timedelta(0), True),
        (timedelta(minutes=9), True),
        (timedelta(minutes=-4), True),  # the clocks of hub and cluster may differ
        (timedelta(minutes=-6), False),
        (timedelta(hours=2), False),
    ],
)
def test_a_pod_proves_only_a_server_that_began_when_it_did(
    created: timedelta, proves: bool
) -> None:
    one = replace(pod("ana"), created_at=LONG_AGO + created)
    seen = users_pods([HUB_POD, one], OWNER, records("ana"), routed("ana"))
    assert seen.complete is proves
    if not proves:
        assert "check whether hubs[].namespace is that of another hub" in seen.unknown


@pytest.mark.parametrize("missing", ["created_at", "started"])
def test_what_does_not_say_when_it_began_proves_nothing(missing: str) -> None:
    undated = replace(pod("ana"), created_at=None) if missing == "created_at" else pod("ana")
    record = replace(server("ana"), started=None) if missing == "started" else server("ana")
    assert not began_with(undated, record)


@pytest.mark.parametrize(
    ("led", "proves"),
    [
        ((route("ana"),), True),
        ((route("ana", to="jupyter-ana.svc"),), True),
        ((route("ana"), route("ben", to="10.9.9.9")), True),
        ((route("ben"),), False),
        ((route("ana", to="10.9.9.9"),), False),
    ],
)
def test_a_pod_that_the_servers_route_does_not_lead_to_proves_nothing(
    led: tuple[Route, ...], proves: bool
) -> None:
    seen = users_pods([HUB_POD, pod("ana")], OWNER, records("ana"), View(items=led))
    assert seen.complete is proves


def test_while_all_routes_are_gone_nothing_proves_whose_pods_these_are() -> None:
    """The flagship outage or another hub's namespace: a resync decides."""
    seen = users_pods([HUB_POD, pod("ana")], OWNER, records("ana"), View())
    assert seen.unknown == (
        "Pods in namespace datahub-prod have the names of this hub's servers, but no route shows "
        "that they are this hub's. resync-routes writes the missing routes."
    )
    unread: View[Route] = View.unread("No routes today.")
    assert users_pods([HUB_POD, pod("ana")], OWNER, records("ana"), unread).complete
    party = Scripted(
        records=[server("ana"), server("ben")],
        live=[pod("ana"), pod("cy")],
        fails={"routes": UserError("No routes today.")},
    )
    steps, nothing, why = plan_of(party)
    assert (steps, nothing) == ([], "")
    assert "No routes today" in str(why)


# --- several hubs in one namespace --------------------------------------------------------------


TWO = [HUB_POD, *of_release("staging", HUB_POD, PROXY_POD), PROXY_POD]


def test_with_two_hubs_and_no_release_configured_the_pods_are_unknown() -> None:
    seen = users_pods([*TWO, pod("ana")], OWNER, records("ana"), routed("ana"))
    assert (seen.read, seen.items) == (False, ())
    assert seen.unknown == (
        "Namespace datahub-prod has hub pods of several releases (datahub, staging), so mayday "
        "can't tell which pods are this hub's: set hubs[].release."
    )


def test_with_two_hubs_nothing_is_cleared_until_the_release_is_configured() -> None:
    party = Scripted(
        records=[server("ana"), server("stale")],
        live=[pod("ana"), *of_release("staging", pod("ben"), pod("cy"))],
        known=[route("ana")],
        parts=TWO,
    )
    steps, nothing, why = plan_of(party)
    assert (steps, nothing) == ([], "")
    assert "set hubs[].release" in str(why)
    assert plan_of(party, release=RELEASE)[0] == ["stale"]


def test_a_pod_of_another_release_is_never_shown_as_ours() -> None:
    both = [*TWO, pod("ana"), *of_release("staging", pod("ben"), pod("ana"))]
    owner = replace(OWNER, release=RELEASE)
    seen = users_pods(both, owner, records("ana"), routed("ana"))
    assert [one.uid for one in seen.items] == ["uid-ana"]
    assert [one.uid for one in foreign_pods(both, seen)] == ["staging-uid-ben", "staging-uid-ana"]
    party = Scripted(
        records=[server("ana")], live=both[len(TWO) :], known=[route("ana")], parts=TWO
    )
    place = Site(place=PLACE, hub=party, cluster=party, release=RELEASE)
    rows = read_facts(place, NOW).rows
    assert [(row.user, row.condition) for row in rows] == [("ana", Condition.OK)]


def test_a_configured_release_needs_no_hub_pod() -> None:
    """The hub may run elsewhere or be down."""
    owner = replace(OWNER, release=RELEASE)
    assert users_pods([pod("ana")], owner, records("ana"), routed("ana")).complete
    assert (
        users_pods(
            [pod("ana")], replace(OWNER, release="other"), records("ana"), routed("ana")
        ).items
        == ()
    )


def test_without_a_hub_pod_and_a_release_the_pods_are_unknown() -> None:
    seen = users_pods([PROXY_POD, pod("ana")], OWNER, records("ana"), routed("ana"))
    assert not seen.read
    assert "check hubs[].namespace, or set hubs[].release" in seen.unknown


def test_two_pods_of_one_hub_are_one_hub() -> None:
    """A rollout or an evicted hub pod."""
    old = replace(HUB_POD, uid="uid-old", name="hub-0")
    for phase in ("Running", "Failed"):
        pods = [HUB_POD, replace(old, phase=phase)]
        assert release_of(pods, OWNER) == (RELEASE, "")


def test_a_hub_pod_that_ended_speaks_for_no_release() -> None:
    gone = replace(HUB_POD, uid="uid-gone", phase="Failed", release="staging")
    assert release_of([HUB_POD, gone], OWNER) == (RELEASE, "")
    assert release_of([gone], OWNER)[1].startswith("No hub pod was found")


def test_hub_pods_without_a_release_are_one_hub_only_where_there_is_one() -> None:
    bare = replace(HUB_POD, release="")
    assert release_of([bare], OWNER) == ("", "")
    assert "set hubs[].release" in release_of([bare, replace(bare, uid="2")], OWNER)[1]
    assert "(none, datahub)" in release_of([bare, HUB_POD], OWNER)[1]


def test_a_pod_without_a_release_stays_in_view_and_is_not_deleted() -> None:
    bare = replace(pod("ana"), release="")
    assert names(users_pods([HUB_POD, bare], OWNER, NONE, routed("ana"))) == ["jupyter-ana"]
    party = Scripted(records=[server("zoe")], live=[bare, pod("zoe")], known=[route("zoe")])
    steps, nothing, why = plan_of(party)
    assert (steps, nothing) == ([], "")
    assert "which release" in str(why)


def test_the_proxys_pods_are_those_of_the_release() -> None:
    other = of_release("staging", PROXY_POD)
    assert proxy_pods([*other, PROXY_POD, HUB_POD], OWNER) == (PROXY_POD,)
    assert proxy_pods([*other, PROXY_POD, *TWO[:2]], OWNER) == (*other, PROXY_POD)


# --- pods without a name ------------------------------------------------------------------------


def test_a_nameless_pod_may_be_anybodys() -> None:
    nameless = replace(pod("x"), user="", name="jupyter-x")
    seen = users_pods([HUB_POD, pod("ana"), nameless], OWNER, records("ana", "ben"), routed("ana"))
    assert not seen.complete
    assert "Pod jupyter-x in namespace datahub-prod doesn't say which user" in seen.unknown
    said_to_be_here = replace(OWNER, complete=True)
    assert not users_pods(
        [HUB_POD, nameless], said_to_be_here, records("ben"), routed("ana")
    ).complete


def test_a_nameless_pod_that_ended_is_nobodys() -> None:
    nameless = replace(pod("x"), user="", phase="Succeeded")
    assert users_pods(
        [HUB_POD, pod("ana"), nameless], OWNER, records("ana"), routed("ana")
    ).complete


def test_beside_a_nameless_pod_no_record_is_stale() -> None:
    nameless = replace(pod("x"), user="", uid="uid-x")
    party = Scripted(
        records=[server("ana"), server("ben")],
        live=[pod("ana"), nameless],
        known=[route("ana"), route("ben")],
    )
    steps, nothing, why = plan_of(party)
    assert (steps, nothing) == ([], "")
    assert "hub.jupyter.org/username" in str(why)
