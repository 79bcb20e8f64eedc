"""What is broken, told from health checks and the route deficit together."""

from __future__ import annotations

import pytest

from bot.domain.hubs import Condition, Diagnosis, Health, HubFacts
from tests.support.hubs import evicted, facts, healthy, server, stuck


@pytest.mark.parametrize(
    ("seen", "diagnosis"),
    [
        (healthy("ana", "ben"), Diagnosis.WELL),
        (evicted("ana", "ben"), Diagnosis.ROUTES_MISSING),
        (facts(servers=None, health=Health(hub=False, proxy=True)), Diagnosis.HUB_DOWN),
        (facts(routes=None, health=Health(hub=False, proxy=False)), Diagnosis.PROXY_DOWN),
        (facts(servers=(server("ana"),), routes=None), Diagnosis.UNKNOWN),
        (facts(servers=None), Diagnosis.UNKNOWN),
    ],
)
def test_diagnosis(seen: HubFacts, diagnosis: Diagnosis) -> None:
    assert seen.diagnosis is diagnosis


def test_counts_of_every_condition() -> None:
    seen = stuck()
    assert (seen.ready, seen.routes, seen.unrouted) == (3, 2, 1)
    assert dict(seen.counts) == {
        Condition.OK: 1,
        Condition.UNROUTED: 1,
        Condition.STALE_RECORD: 1,
        Condition.STUCK_SPAWN: 1,
        Condition.STUCK_STOP: 1,
        Condition.LOST_EVENTS: 1,
        Condition.ORPHAN: 1,
    }


def test_rows_can_be_kept_to_some_users() -> None:
    seen = evicted("ana", "ben")
    assert [row.user for row in seen.having(Condition.UNROUTED)] == ["ana", "ben"]
    assert [row.user for row in seen.having(Condition.UNROUTED, frozenset({"ben"}))] == ["ben"]
