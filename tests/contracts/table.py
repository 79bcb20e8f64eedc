"""The table of contracts and systems with their results, printed after each run.

It shows which behavior of each double was compared with a real system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """A contract's result against one system, best first; the worst case counts."""

    OK = "ok"
    DIFFERS = "differs"
    SKIPPED = "skipped"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test's result.

    ``area`` is the external system, ``contract`` the expected behavior, ``system`` the tested
    stand-in, ``against`` its programs and versions, ``reason`` why it was skipped or differs.
    """

    area: str
    contract: str
    system: str
    result: Result
    against: str = ""
    reason: str = ""


def lines(cases: Iterable[Case]) -> Iterator[str]:
    """A Markdown table per area, contract by system, with numbered reasons below."""
    areas: dict[str, list[Case]] = {}
    for case in cases:
        areas.setdefault(case.area, []).append(case)
    for area in sorted(areas):
        yield from _area(area, areas[area])


def _area(area: str, cases: list[Case]) -> Iterator[str]:
    systems = list(dict.fromkeys(case.system for case in cases))
    contracts: dict[str, dict[str, Case]] = {}
    for case in cases:
        row = contracts.setdefault(case.contract, {})
        row[case.system] = max(row.get(case.system, case), case, key=_badness)
    reasons: dict[str, int] = {}
    rows = [[area, *systems]]
    for contract, row in sorted(contracts.items()):
        rows.append([contract, *(_cell(row.get(system), reasons) for system in systems)])
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    for cells in rows:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield f"| {' | '.join(padded)} |"
    yield ""
    for system in systems:
        against = {case.against for case in cases if case.system == system} - {""}
        if against:
            yield f"{system}: {', '.join(sorted(against))}"
    for reason, number in reasons.items():
        yield f"[{number}] {reason}"
    yield ""


def _cell(case: Case | None, reasons: dict[str, int]) -> str:
    if case is None:
        return "–"
    if not case.reason:
        return case.result
    return f"{case.result} [{reasons.setdefault(case.reason, len(reasons) + 1)}]"


def _badness(case: Case) -> int:
    return list(Result).index(case.result)
