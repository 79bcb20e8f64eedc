"""Runs the measures: ``python -m tests.bench [NAME …] [--json FILE] [--report-only]``.

It exits with 1 if a goal does not hold. ``--report-only`` always exits with 0, for machines that are slow
or busy with other work.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich.console import Console

from tests.bench import acks, declaring, diagnosing, idle, intake, lists, reading
from tests.bench.result import Result, failed, show
from tests.bench.world import World

MEASURES: Mapping[str, Callable[[World], Iterator[Result]]] = {
    "lists": lists.measure,
    "backfill": reading.backfill,
    "hour": reading.hour,
    "start": idle.start,
    "idle": idle.measure,
    "acks": acks.measure,
    "declare": declaring.measure,
    "intake": intake.measure,
    "diagnose": diagnosing.measure,
}


def main() -> int:
    """Run, print the table and the JSON lines, and return the exit code."""
    asked = _arguments()
    console = Console()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="bench", ignore_cleanup_errors=True) as directory:
        world = World(directory=Path(directory))
        with world.stack:
            for name in asked.names or MEASURES:
                began = time.monotonic()
                for result in MEASURES[name](world):
                    results.append(result)
                    sys.stdout.write(result.line() + "\n")
                    sys.stdout.flush()
                sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    show(results, console)
    if asked.json:
        asked.json.write_text("".join(f"{result.line()}\n" for result in results))
    broken = failed(results)
    if broken:
        console.print("Does not hold: " + "; ".join(result.name for result in broken))
    return int(bool(broken) and not asked.report_only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON lines here, too")
    parser.add_argument("--report-only", action="store_true", help="exit with 0 in any case")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(MEASURES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
