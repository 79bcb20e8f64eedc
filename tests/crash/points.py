"""The points at which a story is interrupted: each commit, and each call to an outside system.

A point is named by the act during which it comes, by what is committed or called, and by its number
among those of the same name in that act.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from zlib import crc32

from sandbox.faults import Fault
from sandbox.rules import Direction, FaultHook, Passage
from tests.crash.replicas import Replicas

KILLED_AFTER = 0.15
"""Seconds from a call to the kill, for kills during and after a call."""

SHARE = 0.8
"""The share of a call's time limit for which a call is held when mayday is killed during it."""


_PROGRESS = {
    "insert operation_outputs",
    "update workflow_status",
    "insert workflow_output",
    "insert queues",
    "insert dbos_migrations",
    "update dbos_migrations",
    "insert application_versions",
}


class When(StrEnum):
    """When mayday is killed, relative to a commit or a call."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(frozen=True, kw_only=True, order=True)
class Point:
    """One point. ``system`` is empty for a commit."""

    act: str
    system: str
    name: str
    number: int
    when: When

    @property
    def kind(self) -> str:
        """The kind, as it is counted."""
        return f"{self.when} a {'call' if self.system else 'commit'}"

    def __str__(self) -> str:
        """One line that :func:`parse` reads again."""
        return f"{self.act} | {self.system or 'commit'} | {self.name} | {self.number} | {self.when}"


def parse(line: str) -> Point:
    """The point that a line names."""
    act, system, name, number, when = (part.strip() for part in line.split("|"))
    system = "" if system == "commit" else system
    return Point(act=act, system=system, name=name, number=int(number), when=When(when))


@dataclass(kw_only=True)
class Seen:
    """What an undisturbed story commits and calls: the act, the system, the name, in order."""

    found: list[tuple[str, str, str]] = field(default_factory=list)

    def points(self) -> list[Point]:
        """Every point: before and after each commit, before, during and after each call."""
        points, count = [], Counter[tuple[str, str, str]]()
        for each in self.found:
            count[each] += 1
            act, system, name = each
            for when in When if system else (When.BEFORE, When.AFTER):
                point = Point(act=act, system=system, name=name, number=count[each], when=when)
                points.append(point)
        return points


def sample(points: Sequence[Point], number: int) -> list[Point]:
    """So many of them, always the same ones.

    Every kind of point alternates. What changes something outside comes first, and every name
    comes once before any comes twice.
    """
    kinds: dict[str, list[tuple[bool, bool, int, Point]]] = {}
    known: set[tuple[str, str, When]] = set()
    for point in points:
        name = (point.system, point.name, point.when)
        mixed = crc32(str(point).encode())
        kinds.setdefault(point.kind, []).append((name in known, _only_reads(point), mixed, point))
        known.add(name)
    ordered = [sorted(each) for each in kinds.values()]
    rounds = [each for round_ in zip_longest(*ordered) for each in round_ if each is not None]
    return [point for *_, point in rounds][:number]


def _only_reads(point: Point) -> bool:
    """Whether a call changes nothing, or a commit only records the progress of a workflow."""
    if point.system == "slack":
        return re.search(r"\.(list|info|history|replies|test|open)\b", point.name) is not None
    if point.system:
        return point.name.startswith("GET ") or "accessreviews" in point.name
    return not set(point.name.split(", ")) - _PROGRESS


def together(points: Iterable[Point], most: int, acts: Sequence[str]) -> list[list[Point]]:
    """Groups for one story each: at most one point an act, in the order of the acts."""
    groups: list[list[Point]] = []
    for point in points:
        for group in groups:
            if len(group) < most and all(each.act != point.act for each in group):
                group.append(point)
                break
        else:
            groups.append([point])
    return [sorted(group, key=lambda point: acts.index(point.act)) for group in groups]


def signature(passage: Passage) -> str:
    """What a call is, without what differs between two stories."""
    name = passage.name
    if passage.path:
        path = passage.path.partition("?")[0]
        path = re.sub(r"(?<=/)[0-9]+(?=/|$)", "N", path)
        return f"{name} {path}"
    carried = json.dumps(passage.body.get("metadata") or "").replace('\\"', '"')
    effect = re.search(r'"effect": ?"(?:obligation/[^"/]+/\d+|[^"/]+)/([^"/]+)', carried)
    return f"{name} {effect[1]}" if effect else name


class Watch:
    """Notes every call of a story, and kills the caller at the one that is armed."""

    def __init__(self, replicas: Replicas, *, hold: float) -> None:
        self._replicas = replicas
        self._hold = hold
        self._guard = threading.Lock()
        self._armed: Point | None = None
        self._left = 0
        self.called: list[tuple[str, str]] = []
        self.happened = False

    def arm(self, point: Point | None) -> None:
        """Kill at this call from now on; None disarms."""
        with self._guard:
            self._armed = point if point and point.system else None
            self._left = point.number if point else 0
            self.happened = False

    def hook(self, system: str) -> FaultHook:
        """The fault hook for a system."""

        def hook(passage: Passage) -> Fault | None:
            if passage.direction is Direction.DELIVERY:
                return None
            return self._passed(system, signature(passage))

        return hook

    def _passed(self, system: str, name: str) -> Fault | None:
        with self._guard:
            self.called.append((system, name))
            armed = self._armed
            if armed is None or (armed.system, armed.name) != (system, name):
                return None
            self._left -= 1
            if self._left:
                return None
            self._armed = None
        victim = self._replicas.of_peer()
        if victim is None:
            return None
        self.happened = True
        if armed.when is When.BEFORE:
            self._replicas.kill(victim)
            return Fault(effect=False, drop=True)
        if armed.when is When.AFTER:
            self._replicas.freeze(victim)
        _later(lambda: self._replicas.kill(victim))
        return Fault(delay=self._hold if armed.when is When.DURING else 0.0)


def _later(do: Callable[[], None]) -> None:
    timer = threading.Timer(KILLED_AFTER, do)
    timer.daemon = True
    timer.start()
