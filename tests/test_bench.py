"""The results of ``make bench``: when a goal holds, and the JSON lines."""

from __future__ import annotations

import json

import pytest

from tests.bench.result import Result, failed


@pytest.mark.parametrize(
    ("value", "goal", "at_least", "holds"),
    [
        (3.0, 3.0, False, True),
        (3.1, 3.0, False, False),
        (300.0, 300.0, True, True),
        (299.0, 300.0, True, False),
        (None, 3.0, False, None),
        (3.0, None, False, None),
    ],
)
def test_a_goal_holds_up_to_its_limit(
    value: float | None, goal: float | None, at_least: bool, holds: bool | None
) -> None:
    result = Result(name="n", value=value, unit="ms", goal=goal, at_least=at_least)
    assert result.holds is holds
    assert bool(failed([result])) is (holds is False)


def test_a_line_is_json_with_the_value_its_ceiling_and_its_goal() -> None:
    result = Result(name="ack", value=12.34567, unit="ms", ceiling=1.5, goal=60.0, note="ignored")
    assert json.loads(result.line()) == {
        "name": "ack",
        "value": 12.35,
        "unit": "ms",
        "ceiling": 1.5,
        "goal": 60.0,
        "holds": True,
    }
