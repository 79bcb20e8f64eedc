"""The stop of a living server needs proof that it lives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.hubs import Condition, Row
from bot.runbook import StopRunningServer
from tests.support.hubs import NOW, healthy, pod, server
from tests.support.scripted import Scripted, site

(ROW,) = healthy("ana").rows
STOP = StopRunningServer.of(ROW)


@pytest.mark.parametrize(
    "row",
    [replace(ROW, pod=None), replace(ROW, hub="absent"), replace(ROW, hub="unread")],
    ids=["no pod", "no record", "unread"],
)
def test_without_record_or_pod_there_is_no_such_step(row: Row) -> None:
    with pytest.raises(ValueError, match="ana"):
        StopRunningServer.of(row)


def test_it_is_the_same_server_with_or_without_its_route() -> None:
    assert StopRunningServer.of(replace(ROW, condition=Condition.UNROUTED)).id == STOP.id
    others = (
        replace(ROW, started=NOW),
        replace(ROW, pod=replace(pod("ana"), uid="another")),
        replace(ROW, server="gpu"),
    )
    assert len({STOP.id, *(StopRunningServer.of(other).id for other in others)}) == 4


@pytest.mark.parametrize(
    ("party", "says"),
    [
        (Scripted(records=[server("ana")]), ""),
        (Scripted(), "was stopped or is stopping"),
        (Scripted(records=[server("ana", pending="stop")]), "was stopped or is stopping"),
        (Scripted(records=[replace(server("ana"), started=NOW)]), "was started again"),
    ],
    ids=["as planned", "no record", "stopping", "started again"],
)
def test_it_leaves_a_server_alone_that_changed(party: Scripted, says: str) -> None:
    drifted = STOP.drifted(site(party))
    assert drifted is not None
    assert (drifted == "") is (says == "")
    assert says in drifted
    assert party.asked == ["server"]
