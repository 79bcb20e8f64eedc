"""A sample of the kills of ``make crash``: one story in each setup, killed several times."""

from __future__ import annotations

import pytest

from tests.crash.controller import SETUPS, Controller, Outcome
from tests.crash.points import Point, When, sample, together
from tests.crash.stage import Workshop
from tests.crash.story import INCIDENTS

pytestmark = pytest.mark.realtime

KILLS = {"sqlite": 3, "postgres": 2, "two": 4}
"""In one story. Each takes two to fifteen seconds, the longest on one process with PostgreSQL."""


def chosen(calm: Outcome, setup: str) -> list[Point]:
    """The kills of a setup. Those during a call take longest, so one setup has them."""
    points = sample(calm.seen.points(), 300)
    during = [p for p in points if p.when is When.DURING]
    others = [p for p in points if p.when is not When.DURING]
    number = list(SETUPS).index(setup)
    wanted = during[:6] if setup == "postgres" else others[number::3]
    return together(wanted, KILLS[setup], INCIDENTS.names)[0]


@pytest.mark.parametrize("setup", ["sqlite", "postgres", "two"])
def test_nothing_is_lost_or_doubled(crash_workshop: Workshop, calm: Outcome, setup: str) -> None:
    """Takes half a minute: a whole story, with a restart or a takeover after each kill."""
    outcome = Controller(crash_workshop, SETUPS[setup]).play(chosen(calm, setup), wanted=calm.end)
    shown = "\n".join(map(str, outcome.points))
    assert outcome.problems == [], f"{shown}\n{outcome.logs}"
    assert outcome.reached
