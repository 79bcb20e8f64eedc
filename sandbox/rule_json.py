"""Rules as JSON, so that a page or a script outside can make them; what cannot be one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.faults import Fault, Garbled
from sandbox.rules import Direction, Rule, RuleError

_RULE = {
    "direction": (str,),
    "name": (str,),
    "path": (str,),
    "kind": (str,),
    "holding": (str,),
    "numbers": (list,),
    "first": (int,),
    "times": (int,),
    "lasts": (int, float),
    "fault": (dict,),
}
_FAULT = {
    "delay": (int, float),
    "effect": (bool,),
    "drop": (bool,),
    "hang": (bool,),
    "status": (int,),
    "answer": (dict,),
    "headers": (dict,),
    "garbled": (str,),
    "lines": (int,),
    "line": (str,),
    "ends": (bool,),
    "times": (int,),
    "late": (int, float),
    "overtaken": (int,),
    "retry_attempt": (int,),
}
_LONGEST = 365 * 86_400.0


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """The rule, without what it leaves as it is. Times are seconds."""
    made: dict[str, Any] = {"direction": rule.direction.value, "name": rule.name}
    made |= {key: value for key in ("path", "kind", "holding") if (value := getattr(rule, key))}
    if rule.numbers:
        made["numbers"] = list(rule.numbers)
    if rule.first != 1:
        made["first"] = rule.first
    made |= {key: v for key in ("times", "lasts") if (v := getattr(rule, key)) is not None}
    return {**made, "fault": _fault_to_json(rule.fault)}


def rule_from_json(given: object) -> Rule:
    """The rule that `rule_to_json` wrote. Raises RuleError for anything else."""
    fields = _checked(given, _RULE, "rule")
    if missing := {"direction", "name", "fault"} - fields.keys():
        raise RuleError(f"A rule needs {' and '.join(sorted(missing))}.")
    try:
        direction = Direction(fields.pop("direction"))
    except ValueError:
        raise RuleError("The direction is call, delivery or request.") from None
    numbers = fields.pop("numbers", [])
    if not all(type(number) is int for number in numbers):
        raise RuleError("The numbers of a rule are whole numbers.")
    fault = _fault_from_json(fields.pop("fault"))
    return Rule(direction=direction, fault=fault, numbers=tuple(numbers), **fields)


def _fault_to_json(fault: Fault) -> dict[str, Any]:
    made = fault.set_fields()
    if "late" in made:
        made["late"] = fault.late.total_seconds()
    if fault.garbled is not None:
        made["garbled"] = fault.garbled.value
    return {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in made.items()
    }


def _fault_from_json(given: object) -> Fault:
    fields = _checked(given, _FAULT, "fault")
    if not fields:
        raise RuleError("Say what goes wrong.")
    if "late" in fields:
        fields["late"] = timedelta(seconds=fields["late"])
    if "garbled" in fields:
        try:
            fields["garbled"] = Garbled(fields["garbled"])
        except ValueError:
            known = ", ".join(each.value for each in Garbled)
            raise RuleError(f"A body is garbled in one of these ways: {known}.") from None
    status = fields.get("status", 200)
    if not 200 <= status <= 599:
        raise RuleError("An HTTP status is a number from 200 to 599.")
    headers = fields.get("headers", {})
    if not all(_is_header(key) and _is_header(value) for key, value in headers.items()):
        raise RuleError("Headers are names and values of plain text.")
    return Fault(**fields)


def _is_header(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable()


def _checked(given: object, known: Mapping[str, tuple[type, ...]], what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise RuleError(f"A {what} is an object.")
    if unknown := given.keys() - known.keys():
        raise RuleError(f"A {what} has no {' and no '.join(sorted(map(str, unknown)))}.")
    for key, value in given.items():
        # A bool is an int to Python, and nobody means one by a number.
        if type(value) not in known[key]:
            raise RuleError(f"{key} of a {what} cannot be {value!r}.")
        if isinstance(value, (int, float)) and not 0 <= value <= _LONGEST:
            raise RuleError(f"{key} of a {what} is between 0 and a year of seconds.")
    return dict(given)
