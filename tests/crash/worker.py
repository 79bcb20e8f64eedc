"""Plays stories in a worker process."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.util import Finalize
from pathlib import Path

from tests.crash.controller import SETUPS, Controller, Outcome, workshop
from tests.crash.disturb import Disturbance
from tests.crash.ending import Ending
from tests.crash.moves import MOVES, Moved
from tests.crash.moves import move as moving
from tests.crash.points import Point
from tests.crash.stage import Workshop
from tests.crash.stories import STORIES

SHARE_ONE = 10
"""How many stories share one workshop, whose GitHub keeps the issues of all."""


class _Shared:
    """What the stories of this worker share."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._workshop: Workshop | None = None
        self._stories = 0

    def workshop(self) -> Workshop:
        """The workshop of the next story."""
        if self._workshop is None or self._stories == SHARE_ONE:
            self.close()
            directory = self._stack.enter_context(
                tempfile.TemporaryDirectory(prefix="crash", ignore_cleanup_errors=True)
            )
            self._workshop = self._stack.enter_context(workshop(Path(directory)))
            self._stories = 0
        self._stories += 1
        return self._workshop

    def close(self) -> None:
        """Close the workshop."""
        self._stack.close()


_shared = _Shared()


def open_workshop() -> None:
    """Close what is shared when the worker ends."""
    Finalize(None, _shared.close, exitpriority=10)


def play(
    story: str,
    setup: str,
    points: Sequence[Point],
    wanted: Ending | None,
    disturbances: Sequence[Disturbance] = (),
) -> Outcome:
    """Play one story in this worker."""
    controller = Controller(_shared.workshop(), SETUPS[setup], STORIES[story])
    return controller.play(points, wanted=wanted, disturbances=disturbances)


def move(name: str) -> Moved:
    """Measure one move in this worker."""
    return moving(_shared.workshop(), next(each for each in MOVES if each.name == name))
