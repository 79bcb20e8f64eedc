"""How a runbook is typed, and how its parameters' values are written."""

from __future__ import annotations

from datetime import timedelta

from bot.runbook import Runbook
from bot.runbook.parameters import Parameter, ParameterKind

_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


EXAMPLES = {ParameterKind.BOOLEAN: "yes|no", ParameterKind.DURATION: "2h"}
"""Values that say more than the parameter's name."""


def usage(runbook: Runbook, hub: str = "HUB") -> str:
    """How to type it: its name, the hub, and its parameters, in brackets and with the default
    where they may be left out."""
    targets = runbook.targets
    said = []
    for each in runbook.parameters:
        choices = (f"“{one}”" if " " in one else one for one in each.choices)
        default = "" if each.kind is ParameterKind.BOOLEAN else written(each, each.default)
        example = default or EXAMPLES.get(each.kind, each.name.upper())
        value = "|".join(choices) or example
        if each.kind is ParameterKind.SERVERS:
            word = "USER …"
        else:
            word = value if targets == (each,) else f"{each.name}={value}"
        said.append(word if each.is_required else f"[{word}]")
    return " ".join((runbook.name, hub, *said))


def written(parameter: Parameter, value: object) -> str:
    """A value as a person would type it."""
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def duration(span: timedelta) -> str:
    """A duration in as few units as are exact, such as ``1h30m``."""
    rest, said = int(span.total_seconds()), ""
    for seconds, unit in _UNITS:
        number, rest = divmod(rest, seconds)
        said += f"{number}{unit}" if number else ""
    return said or "0s"
