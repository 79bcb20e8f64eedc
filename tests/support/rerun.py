"""Reruns failed tests marked ``realtime`` once, alone, after all others.

They wait for real processes, and a machine that runs the rest of the suite may be too slow.
A test that passes only then is reported as flaky; more than two fail the run. Every other test
runs once. Use it with ``-p tests.support.rerun``, with or without xdist.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest

MARKER = "realtime"
MOST = 2
"""How many tests may be flaky in one run."""

RERUN = "rerun"
"""The outcome of a failed test that is run again."""

ALONE = "MAYDAY_TESTS_RERUN"
"""Set in the environment of the second run, which reruns nothing."""


def pytest_configure(config: pytest.Config) -> None:
    """Collect failures in xdist's controller, or in the only process."""
    if not hasattr(config, "workerinput") and ALONE not in os.environ:
        config.pluginmanager.register(Reruns(config), "reruns")


class Reruns:
    """The tests to rerun, with their failures."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._failures: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        """Set a failure aside before it is counted."""
        if report.failed and MARKER in report.keywords:
            said = self._failures.get(report.nodeid, "")
            self._failures[report.nodeid] = said + f"\n{report.when}: {report.longreprtext}\n"
            report.outcome = RERUN  # type: ignore[assignment]
        return (yield)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Report it as neither passed nor failed."""
        return (RERUN, "R", "RERUN") if report.outcome == RERUN else None  # type: ignore[comparison-overlap]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Rerun them after the workers end, and set the exit status."""
        result = yield
        if self._failures:
            ok = self._run_again()
            # 5 means that no test passed or failed: all were set aside.
            if ok and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
                session.exitstatus = pytest.ExitCode.OK
            if not ok and session.exitstatus in (
                pytest.ExitCode.OK,
                pytest.ExitCode.NO_TESTS_COLLECTED,
            ):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    def _run_again(self) -> bool:
        """Whether the run may pass."""
        tests = list(self._failures)
        if len(tests) > MOST:
            for test in tests:
                self._show(f"flaky: {test}", self._failures[test])
            self._show(f"{len(tests)} {MARKER} tests failed; at most {MOST} are run again.")
            return False
        options = ["-q", "--no-header", "-p", "no:cacheprovider"]
        for setting in self._config.getoption("override_ini") or ():
            options += ["-o", setting]
        again = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self._config.rootpath,
            env={**os.environ, ALONE: "1"},
            check=False,
        )
        if again.returncode != 0:
            for test in tests:
                self._show(f"failed twice or beside one that did: {test}", self._failures[test])
            return False
        for test in tests:
            self._show(self._failures[test], f"flaky: {test}")
        return True

    def _show(self, *lines: str) -> None:
        print("", *lines, sep="\n", flush=True)  # noqa: T201
