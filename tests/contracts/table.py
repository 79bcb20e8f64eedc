"""Which contract was held to which system, and how it went: the table that a run of the suites ends with.

A double is worth what it was compared with, so the comparison is printed each time rather than believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How a contract fared against one system, best first; of several cases the worst counts."""

    OK = "ok"
    DIFFERS = "differs"
    SKIPPED = "skipped"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test's result.

    ``area`` is the outside system's name, ``contract`` what is relied on, ``system`` what stood in for
    it, ``against`` that one's programs and versions, ``reason`` why it was skipped or differs.
    """

    area: str
    contract: str
    system: str
    result: Result
    against: str = ""
    reason: str = ""


def lines(cases: Iterable[Case]) -> Iterator[str]:
    """A Markdown table for each area, contract by system; the reasons stand numbered below it."""
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
