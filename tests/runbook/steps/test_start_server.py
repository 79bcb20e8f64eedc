"""A start is verified when the server is ready and routed; repeating it is harmless."""

from __future__ import annotations

import pytest

from bot.runbook import StartServer
from tests.support.hubs import facts, route, server
from tests.support.scripted import Scripted, site

START = StartServer(user="ana", server="")


def test_it_starts_the_server_and_ends_nothing() -> None:
    party = Scripted()
    assert START.perform(site(party)) == {"answer": "ready"}
    assert [record.user for record in party.records] == ["ana"]
    assert (START.destructive, START.loses, START.is_independent) == (False, (), False)


@pytest.mark.parametrize(
    ("party", "answer"),
    [
        (Scripted(), False),
        (Scripted(records=[server("ana")]), True),
        (Scripted(records=[server("ana", pending="spawn")]), True),
        (Scripted(records=[server("ana", pending="stop")]), False),
    ],
    ids=["no record", "ready", "starting", "stopping"],
)
def test_what_the_target_shows_after_a_kill(party: Scripted, answer: bool) -> None:
    assert START.already_done(site(party)) is answer


@pytest.mark.parametrize(
    ("party", "holds"),
    [
        (Scripted(), False),
        (Scripted(records=[server("ana", pending="spawn")]), False),
        (Scripted(records=[server("ana")]), False),
        (Scripted(records=[server("ana")], known=[route("ben")]), False),
        (Scripted(records=[server("ana")], known=[route("ana", name="gpu")]), False),
        (Scripted(records=[server("ana")], known=[route("ana")]), True),
    ],
    ids=["no record", "starting", "no route", "another's", "another server's", "routed"],
)
def test_a_look_wants_it_ready_and_routed(party: Scripted, holds: bool) -> None:
    assert START.look(site(party), facts).holds is holds
    assert len(party.asked) <= 2
