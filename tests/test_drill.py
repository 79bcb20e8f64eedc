"""The drill as people run it: a command whose exit code reports the result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WITHIN = 240
"""Real seconds; a drill that hangs times out earlier."""

WITHOUT_LEAVE = """
import sys
from dataclasses import replace
from bot import cli, drill
from sandbox.drill.story import SCRIBE, load

def without_leave(name):
    story = load(name)
    steps = tuple(
        replace(step, who=SCRIBE) if step.arguments == ("resync-routes",) else step
        for step in story.steps
    )
    return replace(story, steps=steps)

drill.load = without_leave
cli.main()
"""
"""The drill, but the person who confirms may not run runbooks."""

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(sys.platform != "linux", reason="KubeSpawner runs on Linux only"),
]


def play(
    out: Path, *more: str, name: str = "proxy-eviction", command: tuple[str, ...] = ("-m", "bot")
) -> tuple[int, str]:
    """Run a drill; return its exit code and both output streams."""
    done = subprocess.run(
        [sys.executable, *command, "drill", name, "--out", str(out), *more],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        env={**os.environ, "COLUMNS": "160"},
    )
    return done.returncode, done.stdout + done.stderr


def judged(out: Path) -> dict[str, Any]:
    """The contents of checks.json."""
    found: dict[str, Any] = json.loads((out / "checks.json").read_text(encoding="utf-8"))
    return found


def test_the_drill_is_green(tmp_path: Path, postgres_url: str) -> None:
    """Takes a minute: the whole drill on a real hub, with publishing at GitHub's pace.

    Uses PostgreSQL; the kill tests and feature tests cover SQLite.
    """
    code, said = play(tmp_path, "--database", postgres_url)
    failed = [check for check in judged(tmp_path)["checks"] if not check["passed"]]
    assert (failed, code) == ([], 0), said
    assert "ana       /incident resolve" in said

    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# 2017-02-24 - ")
    assert "All times in PST" in report
    for time in ("21:10:57", "21:11:04", "21:11:52", "21:14", "21:34", "22:03"):
        assert f"\n### {time} ###\n" in report
    for link in ("jupyterhub/issues/848", "kubespawner/issues/28", "kubespawner/issues/29"):
        assert f"https://github.com/jupyterhub/{link})" in report
    for link in ("jupyterhub-k8s/issues/124", "jupyterhub-k8s/pull/123", "infrastructure/issues/6"):
        assert f"https://github.com/data-8/{link})" in report


def test_the_core_nodes_of_2024_are_played(tmp_path: Path) -> None:
    """Takes a minute: a proxy that crashes twice, an empty core pool, and a crash under the load of
    250 students, all of whom lose their routes and get them back.
    """
    code, said = play(tmp_path, name="core-nodes")
    failed = [check for check in judged(tmp_path)["checks"] if not check["passed"]]
    assert (failed, code) == ([], 0), said
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert 'title: "[Incident] Core nodes being autoscaled' in report
    for time in ("14:20", "14:40", "15:30", "15:42", "16:10"):
        assert f"\n### {time}\n" in report
    assert report.count("user routes 0 → 250") == 3
    assert "both health pages said 200 while nobody could work" in report
    assert "configurable-http-proxy/issues/434)" in report


def test_it_fails_where_a_runbook_was_not_allowed(tmp_path: Path) -> None:
    """Takes half a minute: starts a real hub with servers."""
    code, said = play(tmp_path, command=("-c", WITHOUT_LEAVE))
    assert code == 1, said
    checks = {check["name"]: check for check in judged(tmp_path)["checks"]}
    (first, *_) = checks.values()
    assert "You are not on the list" in first["saw"]
    passed = {name for name, check in checks.items() if check["passed"]}
    assert passed >= {
        "before: every student works",
        "the proxy is evicted: no route, nobody works",
        "one channel, one card, one announcement",
        "mayday met no error",
    }
    assert passed.isdisjoint(
        {
            "the story was played to its end",
            "resync-routes: every ready server has its route again",
            "every time of the published report is in the report",
            "publishing twice changes nothing",
        }
    )


def test_what_cannot_begin_says_why_in_a_sentence(tmp_path: Path) -> None:
    code, said = play(tmp_path, "--database", "mysql://nowhere/mayday")
    assert code == 1
    assert "database.url: use sqlite:///" in said
    assert "Traceback" not in said
