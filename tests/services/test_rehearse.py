"""Rehearsals: what the steps of plans do to a model of the hub, and that nothing real is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.cluster import ClusterFacts
from bot.domain.evidence import Known, View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.hubs import Deployment, Health
from bot.domain.rehearsal import Rehearsal
from bot.domain.runs import Outcome
from bot.domain.signs import Signs
from bot.runbook import Runbook
from bot.runbook.site import Site
from bot.services.rehearse import rehearse
from tests.support.books import RUNBOOKS
from tests.support.fleet import CORE, PLACEHOLDER, USER_1
from tests.support.hubs import (
    NOW,
    PLACE,
    evicted,
    facts,
    healthy,
    late_spawn,
    pod,
    route,
    server,
    stuck,
    terminating,
)
from tests.support.scripted import HUB_POD

BOOKS: Mapping[str, Runbook] = {book.name: book for book in RUNBOOKS}


class Untouchable:
    """A system that nothing may ask."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a rehearsal asked for {name}")


REAL: Any = Untouchable()
SITE = Site(
    place=PLACE, hub=REAL, cluster=REAL, notices=REAL, kernels=REAL, deploys=REAL, diagnostics=REAL
)


def around(seen: HubFacts, book: str, **lists: Any) -> HubFacts:
    """The facts with these lists of the cluster, as this runbook asks for them."""
    lists_of = {name: View(items=tuple(items)) for name, items in lists.items()}
    asked = frozenset(BOOKS[book].parts) & MORE
    return replace(seen, asked=asked, asked_by="U0ANA", around=ClusterFacts(**lists_of))


def rehearsed(name: str, seen: HubFacts, **typed: object) -> Rehearsal:
    book = BOOKS[name]
    arguments = book.arguments(typed)
    plan = book.plan(seen, arguments)
    assert plan.steps, (plan.nothing_to_do, plan.undecided)
    return rehearse(book, arguments, plan, seen, SITE)


HUB = Deployment(
    name="hub",
    replicas=1,
    ready=0,
    updated=1,
    generation=3,
    observed_generation=3,
    strategy="Recreate",
)
DOWN = replace(healthy("ana"), health=Known(value=Health(hub=False, proxy=True)))


@pytest.mark.parametrize(
    ("book", "seen", "typed"),
    [
        ("resync-routes", evicted("ana", "ben"), {}),
        ("restart-proxy", evicted("ana", "ben"), {}),
        ("force-delete-stuck-servers", stuck(), {}),
        (
            "force-delete-stuck-servers",
            facts(servers=(late_spawn("ben"),), pods=(), routes=()),
            {},
        ),
        ("stop-server", healthy("ana", "ben"), {"user": "ana"}),
        ("restart-server", healthy("ana"), {"user": "ana"}),
        (
            "start-server",
            replace(healthy("ana"), people={"ben": Known(value=True)}),
            {"user": "ben"},
        ),
        (
            "cordon-node",
            around(healthy("ana"), "cordon-node", nodes=[CORE, USER_1]),
            {"node": "user-1", "reason": "its disk is full"},
        ),
        (
            "pre-warm",
            around(healthy("ana"), "pre-warm", workloads=[PLACEHOLDER], nodes=[CORE, USER_1]),
            {"count": "3"},
        ),
        ("restart-hub", around(DOWN, "restart-hub", deployments=[HUB], pods=[HUB_POD]), {}),
        (
            "notify-users",
            replace(
                healthy("ana"),
                asked=frozenset({Part.NOTICE}),
                signs=Signs(notice=Known(value="Welcome.")),
            ),
            {"about": "logins fail"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_steps_of_a_plan_succeed_and_nothing_is_left(
    book: str, seen: HubFacts, typed: dict[str, object]
) -> None:
    before = replace(seen)
    found = rehearsed(book, seen, **typed)
    assert [result.outcome for result in found.results] == [Outcome.DONE] * len(found.results)
    assert (found.is_failed, found.left) == (False, 0)
    assert seen == before


def test_a_start_is_refused_while_the_server_stops() -> None:
    """A plan of two steps that do not fit: the hub waits for a pod on a dead node."""
    dead = replace(USER_1, ready=False)
    on_it = replace(pod("ana"), node="user-1")
    seen = around(
        facts(servers=(server("ana"),), pods=(on_it,), routes=(route("ana"),)),
        "restart-server",
        nodes=[dead],
    )
    found = rehearsed("restart-server", seen, user="ana")
    assert found.is_failed
    assert found.results[0].outcome is Outcome.FAILED


def test_a_pod_with_finalizers_is_not_forced() -> None:
    held = replace(terminating("ana"), finalizers=("x/y",))
    book = BOOKS["force-delete-stuck-servers"]
    plain = facts(servers=(server("ana", pending="stop"),), pods=(terminating("ana"),), routes=())
    plan = book.plan(plain)
    assert plan.steps
    seen = facts(servers=(server("ana", pending="stop"),), pods=(held,), routes=())
    found = rehearse(book, {}, plan, seen, SITE)
    assert found.is_failed and "finalizers" in found.results[0].error


def test_what_the_model_does_not_have_is_not_rehearsed() -> None:
    seen = replace(
        healthy("ana"), run="run1", asked_by="U0ANA", asked=BOOKS["collect-diagnostics"].wants
    )
    found = rehearsed("collect-diagnostics", seen)
    assert [result.outcome for result in found.results] == [Outcome.SKIPPED]
    assert (found.absent, found.is_failed) == ((1,), False)


def test_the_test_spawn_starts_and_stops_the_canary_of_the_model() -> None:
    place = replace(PLACE, canary="canary")
    book = BOOKS["test-spawn"]
    seen = replace(healthy("ana"), place=place)
    plan = book.plan(seen)
    found = rehearse(book, {}, plan, seen, replace(SITE, place=place))
    assert [result.outcome for result in found.results] == [
        Outcome.DONE,
        Outcome.SKIPPED,
        Outcome.DONE,
    ]
    assert found.absent == (2,)


def test_waiting_takes_no_time() -> None:
    seen = evicted(*(f"user{number}" for number in range(50)))
    found = rehearsed("restart-proxy", seen)
    assert not found.is_failed
    assert (
        max(float(result.seen["seconds"]) for result in found.results)
        < timedelta(minutes=5).total_seconds()
    )
    assert seen.read_at == NOW
