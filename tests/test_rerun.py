"""The plugin that reruns realtime tests, tested on small suites."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.forkserver import ROOT

SUITE = """
import pathlib
import pytest

def fails_until(name, passes_at):
    count = pathlib.Path(__file__).with_name(name)
    count.write_text(count.read_text() + "x" if count.exists() else "x")
    assert len(count.read_text()) >= passes_at

def test_well():
    pass
"""

REALTIME = """
@pytest.mark.realtime
@pytest.mark.parametrize("what", ["a b", "c::d", "é"][:{how_many}])
def test_of_processes(what, request):
    fails_until("count-" + str(["a b", "c::d", "é"].index(what)), {passes_at})
"""

PLAIN = """
def test_of_rows():
    fails_until("count-rows", 2)
"""


def run(directory: Path, *tests: str, workers: int = 0) -> tuple[int, str, dict[str, int]]:
    """Run a suite; return its exit code, output, and runs per failing test."""
    (directory / "test_small.py").write_text(SUITE + "".join(tests), encoding="utf-8")
    options = ["-p", "tests.support.rerun", "-o", "markers=realtime: waits", f"-n{workers}"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "MAYDAY"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={directory}", *options, "."],
        cwd=directory,
        env={**clean, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    counts = {f.name: len(f.read_text()) for f in directory.glob("count-*")}
    return done.returncode, done.stdout + done.stderr, counts


@pytest.mark.parametrize("workers", [0, 2])
def test_what_passes_alone_is_named_as_flaky(tmp_path: Path, workers: int) -> None:
    code, said, counts = run(tmp_path, REALTIME.format(how_many=2, passes_at=2), workers=workers)
    assert code == 0, said
    assert counts == {"count-0": 2, "count-1": 2}
    assert said.count("flaky: test_small.py::test_of_processes[") == 2
    assert "assert 1 >= 2" in said, "why it failed the first time is told"


def test_what_fails_again_fails_the_run(tmp_path: Path) -> None:
    code, said, counts = run(tmp_path, REALTIME.format(how_many=1, passes_at=3))
    assert code == 1, said
    assert counts == {"count-0": 2}
    assert "flaky:" not in said


def test_more_than_two_fail_the_run(tmp_path: Path) -> None:
    code, said, counts = run(tmp_path, REALTIME.format(how_many=3, passes_at=2))
    assert code == 1, said
    assert set(counts.values()) == {1}
    assert said.count("flaky: test_small.py::test_of_processes[") == 3


def test_any_other_test_runs_once(tmp_path: Path) -> None:
    code, said, counts = run(tmp_path, PLAIN, REALTIME.format(how_many=1, passes_at=2))
    assert code == 1, said
    assert counts == {"count-rows": 1, "count-0": 2}
    assert said.count("flaky:") == 1


def test_a_run_in_which_nothing_fails_says_nothing(tmp_path: Path) -> None:
    code, said, counts = run(tmp_path, REALTIME.format(how_many=1, passes_at=1))
    assert (code, counts) == (0, {"count-0": 1}), said
    assert "flaky" not in said
