"""``python -m tests.crash``: kills mayday at every point of the story, and prints what held.

It first plays the story undisturbed to find the points, then once for each group of points. Where a
group fails, each of its points is tried alone. Then it disturbs replicas while the story runs, and
measures how work moves from a killed replica to a living one. ``--story`` chooses between the story of
incidents and that of runbooks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash import worker
from tests.crash.controller import Outcome
from tests.crash.disturb import Disturbance, What
from tests.crash.ending import Ending
from tests.crash.moves import MOVES
from tests.crash.points import Point, parse, sample, together
from tests.crash.stories import STORIES

POINTS = ("sqlite", "postgres", "two")
"""The setups whose points are tried."""

REPLICAS, MOVED = "replicas", "moves"


@dataclass(kw_only=True)
class Tally:
    """The points of one setup: tried, held, and not reached, by kind."""

    tried: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    broken: int = 0

    def count(self, outcome: Outcome) -> None:
        """Count a story's points."""
        for point in outcome.points:
            if point not in outcome.reached and not outcome.problems:
                self.missed[point.kind] += 1
                continue
            self.tried[point.kind] += 1
            if outcome.problems:
                self.broken += 1
            else:
                self.held[point.kind] += 1


def main() -> int:
    """Run; the exit code is 1 if anything was lost or doubled."""
    asked = _arguments()
    began, failed = time.monotonic(), 0
    parts = [*POINTS, REPLICAS, MOVED] if asked.database == "all" else [asked.database]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        asked.workers, mp_context=context, initializer=worker.open_workshop
    ) as pool:
        for name in parts:
            if name == REPLICAS:
                failed += _disturb(pool, asked)
            elif name == MOVED:
                failed += _move(pool, asked)
            else:
                tally = _try(pool, name, asked)
                failed += tally.broken
                _print(name, tally)
    print(f"{time.monotonic() - began:.0f} s, {failed} failed")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--database", choices=[*POINTS, REPLICAS, MOVED, "all"], default="all")
    parser.add_argument("--story", choices=STORIES, default="incidents")
    parser.add_argument("--kind", default="", help="only kinds that contain this, such as “during”")
    parser.add_argument("--act", default="", help="only points of this act")
    parser.add_argument("--sample", type=int, default=0, help="so many points of each setup")
    parser.add_argument("--point", action="append", default=[], help="only this point, as printed")
    parser.add_argument("--together", type=int, default=4, help="the most points of one story")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--logs", type=Path, help="a directory for the logs of what failed")
    return parser.parse_args()


def _try(pool: ProcessPoolExecutor, setup: str, asked: argparse.Namespace) -> Tally:
    """Kill at the points of one setup."""
    tally = Tally()
    calm = pool.submit(worker.play, asked.story, setup, [], None).result()
    if calm.problems:
        print(f"{setup}: the undisturbed story failed")
        _explain(calm, asked)
        tally.broken += 1
        return tally
    points = _chosen(calm.seen.points(), asked)
    print(f"{setup}: {len(points)} points of {len(calm.seen.points())}", flush=True)
    groups = together(points, asked.together, STORIES[asked.story].names)
    alone: list[list[Point]] = []
    for outcome in _played(pool, asked.story, setup, groups, calm.end):
        if outcome.problems and len(outcome.points) > 1:
            _explain(outcome, asked)
            alone += [[point] for point in outcome.points]
        else:
            _count(tally, outcome, asked)
    for outcome in _played(pool, asked.story, setup, alone, calm.end):
        _count(tally, outcome, asked)
    return tally


def _chosen(points: list[Point], asked: argparse.Namespace) -> list[Point]:
    if asked.point:
        return [parse(line) for line in asked.point]
    fit = [p for p in points if asked.kind in p.kind and asked.act in ("", p.act)]
    return sample(fit, asked.sample or len(fit))


def _played(
    pool: ProcessPoolExecutor,
    story: str,
    setup: str,
    groups: Sequence[Sequence[Point]],
    wanted: Ending,
) -> Iterable[Outcome]:
    """The outcomes of the groups as they come."""
    waiting = [pool.submit(worker.play, story, setup, group, wanted) for group in groups]
    for done in as_completed(waiting):
        yield done.result()


def _disturb(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> int:
    """Disturb two and three replicas in each way; returns how many stories failed."""
    print(f"\n{REPLICAS}")
    calm = pool.submit(worker.play, asked.story, "two", [], None).result()
    waiting = {
        pool.submit(
            worker.play, asked.story, setup, [], calm.end, [Disturbance(act=act, what=what)]
        ): f"{setup} replicas, {what.value} during “{act}”"
        for setup in ("two", "three")
        for what in What
        for act in STORIES[asked.story].disturbed
        if asked.act in ("", act)
    }
    failed = 0
    for done in as_completed(waiting):
        outcome = done.result()
        failed += bool(outcome.problems)
        result = "FAILED" if outcome.problems else "held"
        print(f"  {waiting[done]:<50}{result:>8}", flush=True)
        _explain(outcome, asked)
    return failed


def _move(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> int:
    """Measure how each kind of work moves from a killed replica; returns how many failed."""
    print(f"\n{MOVED}")
    failed = 0
    for done in as_completed([pool.submit(worker.move, each.name) for each in MOVES]):
        moved = done.result()
        failed += bool(moved.problems)
        result = "FAILED" if moved.problems else "moved"
        print(f"  {moved.name:<40}{moved.seconds:>6.1f} s {result:>8}", flush=True)
        _explain(Outcome(points=(), problems=moved.problems, logs=moved.logs), asked)
    return failed


def _count(tally: Tally, outcome: Outcome, asked: argparse.Namespace) -> None:
    tally.count(outcome)
    _explain(outcome, asked)


def _explain(outcome: Outcome, asked: argparse.Namespace) -> None:
    """Print what went wrong, and write the logs where that is asked for."""
    if not outcome.problems:
        return
    for point in outcome.points:
        print(f"FAILED  {point}")
    for problem in outcome.problems:
        print(f"        {problem[:600]}")
    sys.stdout.flush()
    if asked.logs:
        asked.logs.mkdir(parents=True, exist_ok=True)
        name = f"{len(list(asked.logs.iterdir())):03}.log"
        lines = [*map(str, outcome.points), *outcome.problems, outcome.logs]
        (asked.logs / name).write_text("\n".join(lines), encoding="utf-8")


def _print(setup: str, tally: Tally) -> None:
    print(f"\n{setup:<22}{'tried':>8}{'held':>8}{'not reached':>13}")
    for kind in sorted({*tally.tried, *tally.missed}):
        counts = f"{tally.tried[kind]:>8}{tally.held[kind]:>8}{tally.missed[kind]:>13}"
        print(f"  {kind:<20}{counts}")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
