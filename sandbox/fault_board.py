"""The faults of all systems: ready-made buttons, active faults, and how to heal them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.errors import SandboxError
from sandbox.outages import Button
from sandbox.own_words import System
from sandbox.rules import Faults, Rule

TITLES = {
    System.SLACK: "Slack",
    System.GITHUB: "GitHub",
    System.HUB: "The hub's API",
    System.PROXY: "The users' way",
    System.CLUSTER: "The cluster",
}


class BoardError(SandboxError):
    """The board cannot do this now; the text is one sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class Trouble(Button):
    """A fault. `make` takes the chosen parameters by name and returns a rule to activate, or
    breaks something at once and returns one sentence about it."""

    system: System
    make: Callable[[Mapping[str, str]], Rule | str]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A fault without a rule, until `heal` is called, which returns what it did."""

    id: str
    sentence: str
    heal: Callable[[], str]


Conditions = Callable[[], Sequence[Condition]]


class FaultBoard:
    """The available and active faults of all attached systems."""

    def __init__(self) -> None:
        self._faults: dict[System, Faults] = {}
        self._troubles: list[Trouble] = []
        self._conditions: dict[System, Conditions] = {}

    def attach(
        self,
        system: System,
        faults: Faults,
        troubles: Sequence[Trouble],
        conditions: Conditions = tuple,
    ) -> None:
        """Add a system, once."""
        self._faults[system] = faults
        self._troubles = [each for each in self._troubles if each.system is not system]
        self._troubles += troubles
        self._conditions[system] = conditions

    def view(self) -> dict[str, Any]:
        """The board as the page's API shows it."""
        return {
            "systems": [{"id": each.value, "title": TITLES[each]} for each in self._faults],
            "troubles": [each.view() | {"system": each.system} for each in self._troubles],
            "active": self._active(),
        }

    def _active(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for system, faults in self._faults.items():
            for each in faults.standing():
                counts = {"seen": each.seen, "struck": each.struck}
                found.append({"system": system, "id": each.id, "sentence": _sentence(each.rule)})
                found[-1] |= counts
            for condition in self._conditions[system]():
                said = {"id": condition.id, "sentence": condition.sentence}
                found.append({"system": system, **said})
        return [{**each, "id": f"{each['system']}/{each['id']}"} for each in found]

    def press(self, trouble_id: str, chosen: Mapping[str, str]) -> str:
        """Press a button and return one sentence about the new fault. Raises BoardError."""
        trouble = next((each for each in self._troubles if each.id == trouble_id), None)
        if trouble is None:
            raise BoardError("There is no such fault.")
        for param in trouble.params:
            if param.choices and chosen.get(param.name) not in param.choices:
                raise BoardError(f"Choose one of the values for {param.label.lower()}.")
        made = trouble.make(chosen)
        if not isinstance(made, Rule):
            return made
        values = (f"{param.label}: {chosen[param.name]}." for param in trouble.params)
        sentence = " ".join([trouble.help, *values])
        self._faults[trouble.system].append(replace(made, sentence=sentence))
        return f"{TITLES[trouble.system]}, from now on: {sentence}"

    def take_away(self, fault_id: str) -> str:
        """Remove an active fault; returns one sentence about it. Raises BoardError."""
        name, _, own_id = fault_id.partition("/")
        system = next((each for each in self._faults if each == name), None)
        if system is None:
            raise BoardError("This system is not there to be broken.")
        for condition in self._conditions[system]():
            if condition.id == own_id:
                return condition.heal()
        if not self._faults[system].take_away(own_id):
            raise BoardError("This fault is gone already.")
        return "The fault is taken away."

    def heal(self) -> str:
        """Remove all faults."""
        healed = 0
        for system, faults in self._faults.items():
            healed += len(faults)
            faults.clear()
            for condition in self._conditions[system]():
                condition.heal()
                healed += 1
        if not healed:
            return "There was nothing to heal."
        return f"Everything is healed: {healed} {'fault is' if healed == 1 else 'faults are'} gone."


def _sentence(rule: object) -> str:
    """The page's sentence about a rule; a program's own may have none."""
    if not isinstance(rule, Rule):
        return "A program decides about each call."
    path = f" {rule.path}" if rule.path else ""
    return rule.sentence or f"A program strikes each {rule.direction} {rule.name}{path}."
