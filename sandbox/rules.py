"""The rule engine of all doubles: which calls, requests and deliveries fail, and how.

A rule is a frozen value. `Faults` lists the active rules of one double: it counts their matches
and decides each passage. The first rule that strikes decides.
"""

from __future__ import annotations

import json
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Self, TypedDict, Unpack

from sandbox.faults import HARMLESS, Fault


class Direction(StrEnum):
    """The kind of passage: Slack's Web API call or delivery, or a request to another."""

    CALL = "call"
    DELIVERY = "delivery"
    REQUEST = "request"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One call, delivery or request.

    `name` is the Web API method, the event's type, the command, the interaction's type, or the HTTP
    method; `path` a request's path with its query; `kind` a delivery's kind. `number` counts the
    passages of this name and direction from 1, retries included; `body` is the call's arguments,
    the delivery's payload, or the request's JSON.
    """

    direction: Direction
    name: str
    number: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    kind: str = ""


class Which(TypedDict, total=False):
    """Which matches are struck; by default all."""

    numbers: tuple[int, ...]
    first: int
    times: int
    lasts: float
    holding: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Apply `fault` to matches.

    name: a pattern with `*` for any text and `|` between alternatives. path: a regular expression
    for the start of a request's path with its query. kind: only deliveries of this kind. holding:
    a text contained in the body.

    Matches are counted from 1 while the rule is active. numbers: only these. first: from this one.
    times: at most this many. lasts: seconds of real time. By default every match is struck until
    the rule is removed. sentence: the page's text about it.
    """

    direction: Direction
    name: str
    fault: Fault
    path: str = ""
    kind: str = ""
    holding: str = ""
    numbers: tuple[int, ...] = ()
    first: int = 1
    times: int | None = None
    lasts: float | None = None
    sentence: str = ""

    def matches(self, passage: Passage) -> bool:
        """Whether the rule matches it."""
        return (
            passage.direction is self.direction
            and any(fnmatchcase(passage.name, each) for each in self.name.split("|"))
            and (not self.kind or passage.kind == self.kind)
            and (not self.path or re.match(self.path, passage.path) is not None)
            and (not self.holding or self.holding in _text(passage.body))
        )


FaultHook = Rule | Callable[[Passage], Fault | None]
"""A rule, or a function that returns the fault of a passage, or None to let it pass."""


def on_call(method: str, fault: Fault, **which: Unpack[Which]) -> Rule:
    """The fault for calls of a Web API method; `*` matches all."""
    return Rule(direction=Direction.CALL, name=method, fault=fault, **which)


def on_delivery(name: str, fault: Fault, **which: Unpack[Which]) -> Rule:
    """The fault for deliveries of this event type, command or interaction type; `*` is all."""
    return Rule(direction=Direction.DELIVERY, name=name, fault=fault, **which)


def on_event(name: str, fault: Fault, **which: Unpack[Which]) -> Rule:
    """The fault for events only; `*` matches all events, no commands or interactions."""
    return Rule(direction=Direction.DELIVERY, name=name, kind="events_api", fault=fault, **which)


def on_request(method: str, path: str, fault: Fault, **which: Unpack[Which]) -> Rule:
    """The fault for requests with this HTTP method and a matching path."""
    return Rule(direction=Direction.REQUEST, name=method, path=path, fault=fault, **which)


@dataclass(kw_only=True, eq=False)
class StandingRule:
    """An active rule or function, with how many passages matched and were struck."""

    rule: FaultHook
    id: str
    since: float = field(default_factory=time.monotonic)
    seen: int = 0
    struck: int = 0
    gone: bool = False

    @property
    def over(self) -> bool:
        """Whether it was removed or has expired."""
        lasts = self.rule.lasts if isinstance(self.rule, Rule) else None
        return self.gone or (lasts is not None and time.monotonic() > self.since + lasts)

    def strike(self, rule: Rule, passage: Passage, *, first: bool) -> Fault | None:
        """Count a match; the fault if the rule applies and no other struck first."""
        if self.over or not rule.matches(passage):
            return None
        self.seen += 1
        if rule.numbers:
            hit = self.seen in rule.numbers
        else:
            hit = self.seen >= rule.first and (rule.times is None or self.struck < rule.times)
        if not (hit and first):
            return None
        self.struck += 1
        return rule.fault


@dataclass(frozen=True, kw_only=True)
class Strike:
    """The decision for one passage. `stands`: false once the rule is gone and its hold ends."""

    fault: Fault = HARMLESS
    stands: Callable[[], bool] = lambda: False


class Faults:
    """The active rules of one double, in order."""

    def __init__(self) -> None:
        self._guard = threading.RLock()
        self._all: list[StandingRule] = []
        self._passed: dict[tuple[Direction, str], int] = {}
        self._ids = count(1)
        self._life = 0

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[FaultHook]:
        return iter([standing.rule for standing in self._all])

    def __iadd__(self, hooks: Iterable[FaultHook]) -> Self:
        for hook in hooks:
            self.append(hook)
        return self

    def append(self, hook: FaultHook) -> None:
        """Add a rule after the others."""
        with self._guard:
            self._all.append(StandingRule(rule=hook, id=str(next(self._ids))))

    def clear(self) -> None:
        """Remove all rules."""
        self.replace(())

    def replace(self, hooks: Iterable[FaultHook]) -> None:
        """Replace the rules; those that stay keep their counts."""
        hooks = list(hooks)
        with self._guard:
            stood, self._all = {id(standing.rule): standing for standing in self._all}, []
            for hook in hooks:
                if id(hook) in stood:
                    self._all.append(stood.pop(id(hook)))
                else:
                    self.append(hook)
            for standing in stood.values():
                standing.gone = True

    def standing(self) -> list[StandingRule]:
        """The active rules."""
        with self._guard:
            self._sweep()
            return list(self._all)

    def take_away(self, rule_id: str) -> bool:
        """Remove one rule by its id; whether it existed."""
        with self._guard:
            found = [standing for standing in self.standing() if standing.id == rule_id]
            for standing in found:
                standing.gone = True
            self._sweep()
        return bool(found)

    def pass_through(self, passage: Passage) -> Strike:
        """Count a passage and decide it."""
        with self._guard:
            self._sweep()
            key = (passage.direction, passage.name)
            number = self._passed[key] = self._passed.get(key, 0) + 1
            asked = list(self._all)
            life = self._life
        passage = Passage(**{**vars(passage), "number": number})
        struck: Strike | None = None
        for standing in asked:
            hook = standing.rule
            if isinstance(hook, Rule):
                with self._guard:
                    fault = standing.strike(hook, passage, first=struck is None)
            else:
                # Code may be slow and is called in turn only.
                fault = hook(passage) if struck is None else None
            if fault is not None:
                struck = Strike(fault=fault, stands=self._watch(standing, life))
        return struck or Strike()

    def let_go(self) -> None:
        """Release all held passages; the rules stay."""
        self._life += 1

    def _watch(self, standing: StandingRule, life: int) -> Callable[[], bool]:
        return lambda: self._life == life and not standing.over

    def _sweep(self) -> None:
        self._all = [standing for standing in self._all if not standing.over]


class Breakable(ABC):
    """A system of the sandbox, which runs in a ``with`` block.

    Rules can stand in it: ``system.faults = [on_call(…)]``, ``system.faults.clear()``.
    """

    rules: Faults

    @abstractmethod
    def start(self) -> object:
        """Start it."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it and everything that it started."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    @property
    def faults(self) -> Faults:
        """The active rules, in order; the first that strikes decides."""
        return self.rules

    @faults.setter
    def faults(self, hooks: Iterable[FaultHook]) -> None:
        self.rules.replace(hooks)


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, default=str)
