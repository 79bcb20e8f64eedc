"""Several replicas on one PostgreSQL: whatever happens to some, the story ends as without it."""

from __future__ import annotations

import pytest

from tests.crash.controller import SETUPS, Controller
from tests.crash.disturb import Disturbance, What
from tests.crash.stage import Workshop

pytestmark = pytest.mark.realtime

ALL = (
    Disturbance(act="talk", what=What.STOP),
    Disturbance(act="status", what=What.CUT),
    Disturbance(act="update", what=What.JOIN),
    Disturbance(act="carry out", what=What.KILL),
)
"""Of three replicas one is stopped, one cut off and one killed; one joins and finishes."""


def test_three_replicas_of_which_none_lasts(crash_workshop: Workshop) -> None:
    outcome = Controller(crash_workshop, SETUPS["three"]).play(disturbances=ALL)
    assert outcome.problems == [], outcome.logs


def test_a_rolling_update_with_a_migration(crash_workshop: Workshop) -> None:
    update = (Disturbance(act="update", what=What.UPDATE),)
    outcome = Controller(crash_workshop, SETUPS["two"]).play(disturbances=update)
    assert outcome.problems == [], outcome.logs
