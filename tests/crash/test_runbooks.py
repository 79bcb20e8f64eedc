"""A sample of the kills of ``python -m tests.crash --story runbooks``: a run that is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.crash.controller import SETUPS, Controller
from tests.crash.moves import SCALE
from tests.crash.points import Point, When
from tests.crash.run_story import RUNBOOKS
from tests.crash.stage import Workshop

pytestmark = pytest.mark.realtime

ACTS = ("start", "declare", "plan pre-warm", "pre-warm", "take back")
KILLS = (
    Point(act="pre-warm", system="cluster", name=SCALE, number=1, when=When.AFTER),
    Point(act="take back", system="cluster", name=SCALE, number=1, when=When.AFTER),
)


def test_what_others_approved_is_taken_back_once(crash_workshop: Workshop) -> None:
    """Takes a third of a minute: a takeover after each of two kills, whose calls had effect."""
    story = replace(RUNBOOKS, acts=[act for act in RUNBOOKS.acts if act.name in ACTS])
    outcome = Controller(crash_workshop, SETUPS["two"], story).play(KILLS)
    assert outcome.problems == [], outcome.logs
    assert outcome.reached == list(KILLS)
