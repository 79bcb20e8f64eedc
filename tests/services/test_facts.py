"""Facts are read as far as they can be, and say what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest

from bot.domain.hubs import Condition, Diagnosis, Health, HubFacts, Part, Place, Pod, Route, Server
from bot.errors import Retry, Tell
from bot.ports import Cluster, Hub
from bot.services.facts import read_facts
from tests.support.hub import Lab, lab, running_lab
from tests.support.hubs import NOW, PLACE, PROXY, pod, route, server

__all__ = ["lab", "running_lab"]


@dataclass(kw_only=True)
class Site:
    """A hub and a cluster in one, which fail at what a test names."""

    away: frozenset[str] = frozenset()
    narrow: bool = False
    live: tuple[Pod, ...] = (pod("ana"), pod("ben"))
    order: list[str] = field(default_factory=list)

    def _seen(self, what: str) -> None:
        self.order.append(what)
        if what in self.away:
            raise Retry(f"No {what} today.")

    def health(self) -> Health:
        self._seen("health")
        return Health(hub=True, proxy=True)

    def servers(self) -> tuple[Server, ...]:
        self._seen("servers")
        return (server("ana"),)

    def sees_everyone(self) -> bool:
        self._seen("everyone")
        return not self.narrow

    def routes(self) -> tuple[Route, ...]:
        self._seen("routes")
        return (route("ana"),)

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        self._seen("pods")
        assert namespace == PLACE.namespace
        return self.live if "singleuser" in selector else ()

    def deployment(self, namespace: str, name: str) -> object:
        self._seen("proxy")
        if name != "proxy":
            raise Tell("No such deployment.")
        return PROXY


def read(site: Site, place: Place = PLACE) -> HubFacts:
    return read_facts(cast(Hub, site), cast(Cluster, site), place, NOW)


def condition(seen: HubFacts, user: str) -> Condition:
    row = seen.row(user, "")
    assert row is not None
    return row.condition


def test_a_real_hub_is_read_whole(lab: Lab) -> None:
    seen = read_facts(lab.hub, lab.cluster, lab.place, datetime.now(UTC))
    assert seen.gaps == ()
    assert seen.diagnosis is Diagnosis.WELL
    assert {row.user: row.condition for row in seen.rows} == dict.fromkeys(
        lab.sandbox.users, Condition.OK
    )
    assert (seen.ready, seen.routes) == (4, 4)
    assert [found.component for found in seen.proxy_pods] == ["proxy"]
    assert seen.proxy is not None
    assert seen.proxy.rolled_out


def test_an_evicted_proxy_shows_as_missing_routes_only(lab: Lab) -> None:
    lab.sandbox.evict_proxy()
    seen = read_facts(lab.hub, lab.cluster, lab.place, datetime.now(UTC))
    assert seen.diagnosis is Diagnosis.ROUTES_MISSING
    assert {row.condition for row in seen.rows} == {Condition.UNROUTED}
    assert any(found.reason == "Evicted" for found in seen.proxy_pods)


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
    seen = read(Site(away=frozenset({what})))
    assert seen.lacks(part) == f"No {what} today."
    present = set(Part) - {part}
    if what == "pods":
        present -= {Part.PROXY}  # the proxy's own pods are away with all the others
    assert not any(seen.lacks(other) for other in present)


def test_pods_are_read_before_the_hubs_records() -> None:
    site = Site()
    read(site)
    assert site.order.index("pods") < site.order.index("servers")


def test_a_token_that_sees_some_users_makes_nobody_an_orphan() -> None:
    full = read(Site())
    assert condition(full, "ben") is Condition.ORPHAN
    for site in (Site(narrow=True), Site(away=frozenset({"everyone"}))):
        seen = read(site)
        assert condition(seen, "ben") is Condition.UNCLEAR
        assert condition(seen, "ana") is Condition.OK
        assert seen.lacks(Part.EVERYONE)


def test_without_orphans_the_token_is_not_asked_about() -> None:
    site = Site(live=(pod("ana"),))
    read(site)
    assert "everyone" not in site.order


def test_a_hub_without_a_cluster_says_what_to_configure() -> None:
    seen = read_facts(cast(Hub, Site()), None, PLACE, NOW)
    assert "set hubs.cluster" in seen.lacks(Part.PODS)
    assert condition(seen, "ana") is Condition.OK


def test_another_name_of_the_proxys_deployment() -> None:
    other = Place(hub="h", cluster="c", namespace=PLACE.namespace, proxy="chp")
    assert read(Site(), other).lacks(Part.PROXY) == "No such deployment."
