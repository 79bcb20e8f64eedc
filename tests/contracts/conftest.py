"""Marks tests as contracts and prints, after the run, each contract's result per system.

``@pytest.mark.contract("Slack", "a second pin is refused")`` names the contract. The system is
the value of the test's parameter ``system``, a string, or the marker's ``system=``.
A test may record the program and version: ``record_property("against", "Kubernetes 1.20.2")``.
``@pytest.mark.differs("system", "reason")`` lists a known difference. That case must fail.
If it passes, the run fails, so the list stays current.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.table import Case, Result, lines

KEY = "contract"


def pytest_configure(config: pytest.Config) -> None:
    """Register the two markers."""
    config.addinivalue_line("markers", "contract(area, statement, system=): what mayday relies on")
    config.addinivalue_line("markers", "differs(system, reason): a listed difference, proven anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Record each test's contract and mark listed differences as xfail."""
    for item in items:
        if (contract := item.get_closest_marker("contract")) is None:
            continue
        area, statement = contract.args
        system = contract.kwargs.get("system") or _system(item)
        item.user_properties.append((KEY, [area, statement, system]))
        for differs in item.iter_markers("differs"):
            if differs.args[0] == system:
                item.add_marker(pytest.mark.xfail(reason=differs.args[1], strict=True))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table, including all workers' reports under pytest-xdist."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    cases = [case for report in reports for case in _cases(report)]
    if cases:
        terminalreporter.section("contracts")
        for line in lines(cases):
            terminalreporter.write_line(line)


def _system(item: pytest.Item) -> str:
    system = item.callspec.params["system"] if hasattr(item, "callspec") else None
    if not isinstance(system, str):
        raise pytest.UsageError(f"{item.nodeid} is a contract but names no system")
    return system


def _cases(report: Any) -> Iterator[Case]:
    if not isinstance(report, pytest.TestReport) or (report.passed and report.when != "call"):
        return
    noted: dict[str, Any] = dict(report.user_properties)
    if KEY in noted:
        area, contract, system = noted[KEY]
        result, reason = _outcome(report)
        yield Case(
            area=area,
            contract=contract,
            system=system,
            against=str(noted.get("against", "")),
            result=result,
            reason=reason,
        )


def _outcome(report: pytest.TestReport) -> tuple[Result, str]:
    if report.skipped and hasattr(report, "wasxfail"):
        return Result.DIFFERS, report.wasxfail.removeprefix("reason: ")
    if report.skipped:
        told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return Result.SKIPPED, told.removeprefix("Skipped: ")
    return (Result.OK, "") if report.passed else (Result.FAILED, "")
