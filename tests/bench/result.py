"""What a measure found: a value beside its ceiling and its goal, as a row of the table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

NOT_AVAILABLE = "not available"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured value.

    ``ceiling`` is the best that the machine or the protocol allows, measured or counted in the same run.
    ``goal`` is a maximum, or a minimum with ``at_least``; None for a value that is only reported.
    ``value`` is None where it could not be measured, and ``note`` says why.
    """

    name: str
    value: float | None
    unit: str
    ceiling: float | None = None
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the goal holds; None without a value or without a goal."""
        if self.value is None or self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def line(self) -> str:
        """The result as a line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": _rounded(self.value),
                "unit": self.unit,
                "ceiling": _rounded(self.ceiling),
                "goal": self.goal,
                "holds": self.holds,
            }
        )


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table."""
    table = Table("measure", "value", "ceiling", "goal", "holds", "note")
    for result in results:
        sign = "≥" if result.at_least else "≤"
        goal = "" if result.goal is None else f"{sign} {_shown(result.goal)}"
        holds = {True: "yes", False: "[bold red]no[/]", None: ""}[result.holds]
        value = NOT_AVAILABLE if result.value is None else f"{_shown(result.value)} {result.unit}"
        table.add_row(result.name, value, _shown(result.ceiling), goal, holds, result.note)
    console.print(table)


def failed(results: Iterable[Result]) -> list[Result]:
    """The results whose goal does not hold."""
    return [result for result in results if result.holds is False]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
