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

_shared: dict[str, Workshop] = {}


def open_workshop() -> None:
    """Open what the stories of this worker share, until the worker ends."""
    stack = ExitStack()
    directory = stack.enter_context(
        tempfile.TemporaryDirectory(prefix="crash", ignore_cleanup_errors=True)
    )
    _shared["workshop"] = stack.enter_context(workshop(Path(directory)))
    Finalize(None, stack.close, exitpriority=10)


def play(
    setup: str,
    points: Sequence[Point],
    wanted: Ending | None,
    disturbances: Sequence[Disturbance] = (),
) -> Outcome:
    """Play one story in this worker."""
    controller = Controller(_shared["workshop"], SETUPS[setup])
    return controller.play(points, wanted=wanted, disturbances=disturbances)


def move(name: str) -> Moved:
    """Measure one move in this worker."""
    return moving(_shared["workshop"], next(each for each in MOVES if each.name == name))
