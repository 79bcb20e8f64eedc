"""Faults for tests: what may go wrong with a call coming in or a delivery going out.

Every Web API call and every delivery passes one choke point each, and both ask the sandbox's
`faults` hooks. A hook sees the passage and answers a `Fault`, or None to let it pass.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Direction(StrEnum):
    """Which choke point a passage goes through."""

    CALL = "call"
    DELIVERY = "delivery"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One call or delivery. `name` is the Web API method, the event's type, or the interaction's.

    `number` counts the passages of this name and direction from 1, retries included; `body` is
    the call's arguments or the delivery's payload.
    """

    direction: Direction
    name: str
    number: int
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong.

    delay: seconds of real time before anything else.
    effect: whether the call takes effect, or the delivery reaches the app.
    drop: cut the connection instead of answering; a delivery's acknowledgement is lost.
    times: how often the same delivery reaches the app, as one attempt (deliveries only).
    status, answer, headers: a canned answer in place of the real one (calls only).
    """

    delay: float = 0.0
    effect: bool = True
    drop: bool = False
    times: int = 1
    status: int = 200
    answer: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


FaultHook = Callable[[Passage], Fault | None]


def drop_before() -> Fault:
    """The connection breaks before the effect."""
    return Fault(effect=False, drop=True)


def drop_after() -> Fault:
    """The effect happens and its answer is lost."""
    return Fault(effect=True, drop=True)


def twice() -> Fault:
    """The same delivery comes two times, and neither says that it is a second one."""
    return Fault(times=2)


def rate_limited(seconds: int) -> Fault:
    """HTTP 429 with Retry-After, without effect."""
    return Fault(
        effect=False,
        status=429,
        answer={"ok": False, "error": "ratelimited"},
        headers={"Retry-After": str(seconds)},
    )


def answers(error: str, *, status: int = 200, effect: bool = False) -> Fault:
    """Answers this error, with or without having had the effect."""
    return Fault(effect=effect, status=status, answer={"ok": False, "error": error})


def on_call(method: str, fault: Fault, *, numbers: tuple[int, ...] = ()) -> FaultHook:
    """The fault for calls of `method`: the given ones (counted from 1), or every one."""
    return _on(Direction.CALL, method, fault, numbers)


def on_delivery(name: str, fault: Fault, *, numbers: tuple[int, ...] = ()) -> FaultHook:
    """The fault for deliveries of this event type or interaction type."""
    return _on(Direction.DELIVERY, name, fault, numbers)


def _on(direction: Direction, name: str, fault: Fault, numbers: tuple[int, ...]) -> FaultHook:
    def hook(passage: Passage) -> Fault | None:
        if passage.direction is not direction or passage.name != name:
            return None
        return fault if not numbers or passage.number in numbers else None

    return hook


class Choke:
    """Counts passages and asks the hooks; one instance serves both choke points."""

    def __init__(self) -> None:
        self.hooks: list[FaultHook] = []
        self._passed: dict[tuple[Direction, str], int] = {}

    def pass_through(self, direction: Direction, name: str, body: Mapping[str, Any]) -> Fault:
        """The fault of the first hook that has one; a harmless Fault otherwise."""
        key = (direction, name)
        self._passed[key] = self._passed.get(key, 0) + 1
        passage = Passage(direction=direction, name=name, number=self._passed[key], body=body)
        for hook in list(self.hooks):
            fault = hook(passage)
            if fault is not None:
                return fault
        return Fault()
