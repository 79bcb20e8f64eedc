"""Facts contain what is readable, and say what is unknown and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import deadline
from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.hubs import Condition, Diagnosis, Health, HubAccess, Pod, Row, Server
from bot.errors import RetryLater, UserError
from bot.runbook.site import Site
from bot.services.facts import LOOKUPS, read_facts
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from tests.support.hub import Lab, lab, running_lab
from tests.support.hubs import (
    ACCESS,
    NOW,
    PLACE,
    RELEASE,
    SCOPES,
    late_spawn,
    pod,
    route,
    server,
    terminating,
)
from tests.support.rights import (
    DELETE_PODS,
    GET_PODS,
    PATCH_PROXY,
    RIGHTS,
    STOP_SERVERS,
    WRITE_ROUTES,
)
from tests.support.scripted import HUB_POD, Scripted, site

__all__ = ["lab", "running_lab"]


def party(**more: object) -> Scripted:
    """Ana is healthy; Ben's pod has no record."""
    made = Scripted(records=[server("ana")], live=[pod("ana"), pod("ben")], known=[route("ana")])
    for name, value in more.items():
        setattr(made, name, value)
    return made


def read(hub: Scripted, *, named: tuple[str, ...] = (), rights: bool = False) -> HubFacts:
    return read_facts(site(hub), NOW, named=named, rights=rights)


def of(seen: HubFacts, user: str) -> Row:
    row = seen.row(user, "")
    assert row is not None
    return row


# --- on a real hub -----------------------------------------------------------------------------


def test_a_real_hub_is_read_whole(lab: Lab) -> None:
    seen = lab.read(rights=True)
    assert seen.unknown == ()
    assert seen.diagnosis is Diagnosis.WELL
    assert {row.user: row.condition for row in seen.rows} == dict.fromkeys(
        lab.sandbox.users, Condition.OK
    )
    assert (seen.ready, seen.routed) == (4, 4)
    assert [found.component for found in seen.proxy_pods.items] == ["proxy"]
    assert isinstance(seen.proxy, Known)
    assert seen.proxy.value.rolled_out
    assert {seen.rights[right] for right in RIGHTS} == {Known(value=True)}
    assert isinstance(seen.access, Known)
    assert seen.access.value.version.startswith("6.")


def test_what_is_around_a_real_hub_is_read_whole(lab: Lab) -> None:
    with deadline.patience(30):
        seen = read_facts(lab.site, datetime.now(UTC), more=MORE)
    assert seen.unknown == ()
    assert seen.asked == MORE - {Part.MERGES, Part.NOTICE, Part.MEMORY}
    around, signs = seen.around, seen.signs
    assert {found.component for found in around.pods.items} >= {"hub", "proxy"}
    assert around.nodes.items and all(node.ready for node in around.nodes.items)
    assert {"hub", "proxy"} <= {found.name for found in around.deployments.items}
    assert {found.deployment for found in around.revisions.items} >= {"proxy"}
    assert {found.kind for found in around.events.items} >= {"Pod"}
    assert isinstance(signs.metrics, Known)
    metrics = signs.metrics.value
    assert metrics.started_at is not None and metrics.spawns["success"] >= 4
    assert signs.certificate == Known(value=None)
    assert signs.proxy_log.read


def test_an_evicted_proxy_shows_as_missing_routes_only(lab: Lab) -> None:
    lab.sandbox.evict_proxy()
    seen = lab.read()
    assert seen.diagnosis is Diagnosis.ROUTES_MISSING
    assert {row.condition for row in seen.rows} == {Condition.UNROUTED}
    assert any(found.reason == "Evicted" for found in seen.proxy_pods.items)


# --- parts that are away -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ("servers", Part.SERVERS),
        ("routes", Part.ROUTES),
        ("health", Part.HEALTH),
        ("proxy", Part.PROXY),
        ("pods", Part.PODS),
    ],
)
def test_a_part_that_is_away_leaves_the_others(what: str, part: Part) -> None:
    seen = read(party(fails={what: RetryLater(f"No {what} today.")}))
    assert seen.lacks(part) == f"No {what} today."
    gone = {part, Part.PODS} if what == "servers" else {part}
    if what == "pods":
        gone.add(Part.PROXY)  # the proxy's pods are missing too
    assert not [other for other in set(Part) - gone if seen.lacks(other)]


def test_a_hub_that_does_not_say_who_asks_shows_nothing_to_rely_on() -> None:
    hub = party(fails={"access": RetryLater("Hub datahub does not answer.")})
    seen = read(hub)
    for part in (Part.SERVERS, Part.ROUTES, Part.ACCESS):
        assert seen.lacks(part) == "Hub datahub does not answer."
    assert (seen.ready, seen.routed, seen.unrouted) == (None, None, None)
    assert "servers" not in hub.asked, "it is not waited for once more"
    assert {row.condition for row in seen.rows} == {Condition.UNKNOWN}


def test_pods_are_read_before_and_after_the_hubs_records() -> None:
    hub = party()
    read(hub)
    pods = [number for number, what in enumerate(hub.asked) if what == "pods"]
    assert pods[0] < hub.asked.index("servers") < pods[1]
    assert pods[0] < hub.asked.index("routes") < pods[1]


@dataclass(kw_only=True)
class Moving(Scripted):
    """A hub that changes while the servers are read."""

    def servers(self) -> View[Server]:
        self._happens()
        return super().servers()

    def _happens(self) -> None:
        raise NotImplementedError


class Starting(Moving):
    """Ben's server starts and is ready."""

    def _happens(self) -> None:
        self.records.append(replace(server("ben"), started=NOW - timedelta(hours=1)))
        self.live.append(pod("ben"))
        self.known.append(route("ben"))


class Stopping(Moving):
    """Ben's server stops."""

    def _happens(self) -> None:
        self.records = [record for record in self.records if record.user != "ben"]
        self.live = [found for found in self.live if found.user != "ben"]
        self.known = [found for found in self.known if found.user != "ben"]


def test_a_server_that_starts_during_the_reading_is_not_stale() -> None:
    hub = Starting(records=[server("ana")], live=[pod("ana")], known=[route("ana")])
    assert of(read(hub), "ben").condition is Condition.OK


def test_a_server_that_stops_during_the_reading_is_not_touched() -> None:
    hub = Stopping(
        records=[server("ana"), server("ben")],
        live=[pod("ana"), replace(pod("ben"), created_at=NOW - timedelta(minutes=1))],
        known=[route("ana"), route("ben")],
    )
    assert of(read(hub), "ben").condition is Condition.STARTING


# --- what is complete --------------------------------------------------------------------------


def test_an_orphan_is_one_where_all_parties_were_read() -> None:
    assert of(read(party()), "ben").condition is Condition.ORPHAN


@pytest.mark.parametrize(
    "scopes",
    [
        SCOPES - {"list:users"} | {"list:users!group=a"},
        SCOPES - {"read:servers"} | {"read:servers!group=a"},
        SCOPES - {"read:servers"},
    ],
)
def test_a_token_that_may_not_see_every_server_makes_nobody_an_orphan(
    scopes: frozenset[str],
) -> None:
    seen = read(party(who=HubAccess(version="6.1.1", scopes=scopes)))
    assert of(seen, "ben").condition is Condition.UNKNOWN
    assert of(seen, "ana").condition is Condition.OK
    assert "without a filter" in seen.lacks(Part.SERVERS)
    (missing,) = SCOPES & {"list:users", "read:servers"} - scopes
    assert missing in seen.lacks(Part.SERVERS)
    plan = CLEAR.plan(seen)
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert missing in " ".join(part.why for part in plan.undecided)


def test_a_namespace_without_the_pods_of_servers_proves_nothing() -> None:
    hub = Scripted(
        records=[server("ana"), server("ben"), server("cy")],
        known=[route("ana"), route("ben"), route("cy")],
    )
    plan = CLEAR.plan(read(hub))
    assert plan.steps == ()
    assert (
        "None of the 3 ready servers has a pod in namespace datahub-prod" in plan.undecided[0].why
    )
    complete = Site(place=PLACE, hub=hub, cluster=hub, users_here=True)
    assert len(CLEAR.plan(read_facts(complete, NOW)).steps) == 3


def test_two_releases_in_one_namespace_are_told_apart_by_the_configuration() -> None:
    others = [replace(pod("ben"), release="other"), replace(HUB_POD, uid="2", release="other")]
    hub = Scripted(records=[server("ana")], live=[pod("ana"), *others], known=[route("ana")])
    seen = read(hub)
    assert "several releases (datahub, other)" in seen.lacks(Part.PODS)
    assert {row.condition for row in seen.rows} == {Condition.UNKNOWN}
    told = read_facts(Site(place=PLACE, hub=hub, cluster=hub, release=RELEASE), NOW)
    assert [(row.user, row.condition) for row in told.rows] == [("ana", Condition.OK)]


# --- what is asked about only where it matters -----------------------------------------------


def test_users_are_looked_up_only_where_a_pod_has_no_record() -> None:
    hub = party(live=[pod("ana")])
    read(hub)
    assert "knows" not in hub.asked
    unknown = party(users={"ana"})
    assert of(read(unknown), "ben").condition is Condition.UNKNOWN


def test_a_crowd_without_records_is_not_looked_up_one_by_one() -> None:
    crowd = [pod(f"u{number:03}") for number in range(LOOKUPS + 5)]
    hub = party(live=[pod("ana"), *crowd])
    seen = read(hub)
    assert hub.asked.count("knows") == LOOKUPS
    assert of(seen, f"u{LOOKUPS + 4:03}").condition is Condition.UNKNOWN


def test_events_are_read_only_for_a_start_that_is_late() -> None:
    hub = party(records=[server("ana"), server("ben", pending="spawn")])
    read(hub)
    assert "events" not in hub.asked
    late = party(
        records=[server("ana"), late_spawn("ben")],
        live=[pod("ana"), pod("ben", phase="Pending")],
        fails={"events": UserError("mayday isn't allowed to list events.")},
    )
    seen = read(late)
    assert of(seen, "ben").condition is Condition.UNKNOWN
    assert seen.lacks(Part.EVENTS) == "mayday isn't allowed to list events."


def test_rights_are_asked_about_for_a_plan_only() -> None:
    hub = party()
    assert read(hub).rights == {}
    assert "may" not in hub.asked
    refused = party(
        refused={DELETE_PODS},
        who=replace(ACCESS, scopes=SCOPES - {"delete:servers"} | {"delete:servers!user=ana"}),
    )
    rights = read(refused, rights=True).rights
    assert {right: rights[right] for right in RIGHTS} == {
        WRITE_ROUTES: Known(value=True),
        STOP_SERVERS: Known(value=False),
        GET_PODS: Known(value=True),
        DELETE_PODS: Known(value=False),
        PATCH_PROXY: Known(value=True),
    }
    plan = CLEAR.plan(read(refused, rights=True))
    assert plan.steps == ()
    assert "delete pods in namespace datahub-prod of cluster teaching" in plan.undecided[0].why


def test_a_right_that_cannot_be_asked_about_is_unknown() -> None:
    seen = read(party(fails={"may": RetryLater("The cluster is away.")}), rights=True)
    assert seen.rights[DELETE_PODS] == Unknown(why="The cluster is away.")
    assert CLEAR.plan(seen).steps == ()


def test_names_of_people_without_a_server_are_looked_up() -> None:
    hub = party(users={"ana", "ben", "kofi"})
    seen = read(hub, named=("ana", "Kofi", "nobody"))
    assert seen.people["kofi"] == Known(value=True)
    assert seen.people["nobody"] == Known(value=False)
    assert "ana" not in seen.people


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(minutes=-10)])
def test_where_the_clocks_differ_no_age_is_believed(ahead: timedelta) -> None:
    stopping = [server("zoe", pending="stop")]
    skewed = party(
        records=[server("ana"), *stopping],
        live=[pod("ana"), terminating("zoe")],
        who=replace(ACCESS, clock=NOW - ahead),
    )
    plan = CLEAR.plan(read(skewed))
    assert plan.steps == ()
    assert [part.part for part in plan.undecided] == [Part.CLOCK]
    assert "differ by 10 min" in plan.undecided[0].why
    skewed.who = replace(ACCESS, clock=NOW - ahead / 60)
    assert len(CLEAR.plan(read(skewed)).steps) == 1
    skewed.behind = ahead  # the time of a pod's deletion is the cluster's
    plan = CLEAR.plan(read(skewed))
    assert plan.steps == ()
    assert "of cluster teaching differ by 10 min" in plan.undecided[0].why


# --- configuration -----------------------------------------------------------------------------


def test_a_hub_without_a_cluster_says_what_to_configure() -> None:
    seen = read_facts(Site(place=PLACE, hub=party(), cluster=None), NOW)
    assert "set hubs[].cluster" in seen.lacks(Part.PODS)
    assert of(seen, "ana").condition is Condition.UNKNOWN


def test_both_silent_and_nobody_answering_are_told_apart() -> None:
    away = Health(hub=False, proxy=None)
    assert read(party(told=away)).diagnosis is Diagnosis.PROXY_DOWN
    silent = party(told=away, fails={"access": RetryLater("No answer.")})
    assert read(silent).diagnosis is Diagnosis.BOTH_DOWN
    hub_only = party(told=Health(hub=False, proxy=True), fails={"access": RetryLater("No answer.")})
    assert read(hub_only).diagnosis is Diagnosis.HUB_DOWN


def test_pods_of_two_readings_are_those_of_the_later_one() -> None:
    """The later reading of a changed pod counts."""

    class Aging(Scripted):
        def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
            found = super().pods(namespace, selector)
            self.live = [replace(pod("ana"), restarts=3)]
            return found

    hub = Aging(records=[server("ana")], live=[pod("ana")], known=[route("ana")])
    (row,) = read(hub).rows
    assert row.pod is not None and row.pod.restarts == 3
