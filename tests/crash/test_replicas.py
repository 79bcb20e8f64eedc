"""Several replicas on one PostgreSQL: whatever happens to some, the story ends as without it."""

from __future__ import annotations

import pytest

from tests.crash.controller import SETUPS, Controller, Outcome
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


def test_three_replicas_of_which_none_lasts(crash_workshop: Workshop, calm: Outcome) -> None:
    """Takes half a minute: two takeovers, each after the limits of a replica that was lost."""
    outcome = Controller(crash_workshop, SETUPS["three"]).play(wanted=calm.end, disturbances=ALL)
    assert outcome.problems == [], outcome.logs


def test_a_rolling_update_with_a_migration(crash_workshop: Workshop, calm: Outcome) -> None:
    """Takes a quarter of a minute: a whole story, and four starts."""
    update = (Disturbance(act="update", what=What.UPDATE),)
    outcome = Controller(crash_workshop, SETUPS["two"]).play(wanted=calm.end, disturbances=update)
    assert outcome.problems == [], outcome.logs
