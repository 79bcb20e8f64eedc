"""The latest traffic between mayday and the sandbox's systems, for the page to show.

An entry is added when something begins, and completed when it ends. Requests and answers are
kept as text: indented, with secrets masked and long bodies cut.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from sandbox.faults import HARMLESS, Fault

KEPT = 400
"""Maximum number of entries."""

_LONGEST_TEXT = 2_000
_LONGEST_BODY = 12_000
_LONGEST_HEARD = 48_000
"""Maximum bytes kept of an answer."""
_SECRET_NAMES = re.compile(r"token|secret|password|authorization|private_key|ticket", re.I)
_SECRETS = re.compile(
    r"(xox[a-z]-|xapp-|gh[a-z]_|github_pat_|Bearer |token |ticket=)[\w.~+/=-]{4,}", re.I
)


class Way(StrEnum):
    """The direction and kind of an entry."""

    CALL = "call"
    DELIVERY = "delivery"
    SOCKET = "socket"


class Mood(StrEnum):
    """The result in one word."""

    OPEN = "open"
    GOOD = "good"
    BAD = "bad"


@dataclass(kw_only=True, eq=False)
class Entry:
    """One call, delivery, or event in the life of a socket.

    `about` is a short text beside the name, `outcome` its result; `struck`: a rule did it.
    """

    id: int
    system: str
    way: Way
    name: str
    about: str
    at: datetime
    began: float
    asked: str
    version: int
    outcome: str = "…"
    mood: Mood = Mood.OPEN
    seconds: float | None = None
    answered: str = ""
    struck: bool = False

    def summary(self) -> dict[str, Any]:
        """The entry as a line."""
        shown = ("id", "system", "name", "about", "outcome", "seconds", "struck")
        said = {name: getattr(self, name) for name in shown}
        said |= {"way": self.way.value, "mood": self.mood.value}
        return said | {"at": self.at.isoformat(timespec="milliseconds")}


class Traffic:
    """The latest entries, dated by ``clock``. Thread-safe."""

    def __init__(self, kept: int = KEPT, clock: Callable[[], datetime] | None = None) -> None:
        self._guard = threading.Lock()
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._kept = kept
        self._clock = clock or (lambda: datetime.now(UTC))
        self._last_id = 0
        self._version = 0

    def begin(
        self, system: str, way: Way, name: str, *, about: str = "", asked: object = None
    ) -> Entry:
        """Add an entry for something that begins."""
        text = legible(asked)
        with self._guard:
            self._last_id += 1
            self._version += 1
            entry = Entry(
                id=self._last_id,
                system=system,
                way=way,
                name=mask(name),
                about=about,
                at=self._clock(),
                began=time.monotonic(),
                asked=text,
                version=self._version,
            )
            self._entries[entry.id] = entry
            while len(self._entries) > self._kept:
                self._entries.popitem(last=False)
        return entry

    def say(
        self,
        entry: Entry,
        outcome: str,
        mood: Mood,
        *,
        answered: object = None,
        struck: bool = False,
        ended: bool = True,
    ) -> None:
        """Set the result, or the state if it has not `ended`."""
        text = legible(answered)
        with self._guard:
            self._version += 1
            entry.version = self._version
            entry.outcome, entry.mood, entry.struck = outcome, mood, struck
            if answered is not None:
                entry.answered = text
            if ended:
                entry.seconds = time.monotonic() - entry.began

    def since(self, version: int) -> dict[str, Any]:
        """Entries added or changed since an earlier version, oldest first.

        `first` is the oldest entry kept; older entries are forgotten.
        """
        with self._guard:
            if version > self._version:
                version = 0  # another sandbox's
            found = [entry.summary() for entry in self._entries.values() if entry.version > version]
            first = next(iter(self._entries), self._last_id + 1)
            return {"version": self._version, "first": first, "entries": found}

    def details(self, entry_id: int) -> dict[str, Any] | None:
        """One entry with its request and answer; None if forgotten."""
        with self._guard:
            entry = self._entries.get(entry_id)
            if entry is None:
                return None
            return {**entry.summary(), "asked": entry.asked, "answered": entry.answered}

    def clear(self) -> None:
        """Forget everything."""
        with self._guard:
            self._entries.clear()


@dataclass(kw_only=True, eq=False)
class Note:
    """One request's entry; records nothing without a traffic."""

    traffic: Traffic | None = None
    entry: Entry | None = None
    heard: bytearray = field(default_factory=bytearray)
    opened: bool = False

    @classmethod
    def of(cls, traffic: Traffic | None, system: str, name: str, body: bytes) -> Self:
        """Begin."""
        if traffic is None:
            return cls()
        entry = traffic.begin(system, Way.CALL, name, asked=body)
        return cls(traffic=traffic, entry=entry)

    def began(self, status: int) -> None:
        """The answer's head arrived; the rest may take long."""
        self.opened = True
        self._say(f"{status}, still open", Mood.OPEN, ended=False)

    def piece(self, data: bytes) -> None:
        """A piece of the answer."""
        if self.entry is not None and len(self.heard) < _LONGEST_HEARD:
            self.heard += data

    def ended(self, status: int, fault: Fault) -> None:
        """The answer is complete."""
        self._say(str(status), Mood.BAD if status >= 400 or fault.garbled else Mood.GOOD, fault)

    def hangs(self) -> None:
        """No answer comes."""
        self._say("hangs", Mood.BAD, Fault(hang=True), ended=False)

    def broke(self, fault: Fault) -> None:
        """The connection ended before the answer did."""
        if fault.drop or fault.hang:
            effect = "after" if fault.effect else "before"
            self._say(f"cut {effect} the effect", Mood.BAD, fault)
        elif self.opened:
            self._say("ended by the caller", Mood.GOOD, fault)
        else:
            self._say("no answer", Mood.BAD, fault)

    def _say(
        self, outcome: str, mood: Mood, fault: Fault = HARMLESS, *, ended: bool = True
    ) -> None:
        if self.traffic is None or self.entry is None:
            return
        heard, struck = bytes(self.heard) if ended else None, fault != HARMLESS
        self.traffic.say(self.entry, outcome, mood, answered=heard, struck=struck, ended=ended)


def mask(text: str) -> str:
    """The text without secrets."""
    return _SECRETS.sub(lambda found: f"{found.group(1)}•••", text)


def legible(value: object) -> str:
    """A body for display: indented if JSON, secrets masked, long ones cut."""
    if value is None or value in ("", b""):
        return ""
    if isinstance(value, bytes):
        value = value[: 4 * _LONGEST_BODY].decode(errors="replace")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return _cut(mask(str(value)), _LONGEST_BODY)
    return _cut(json.dumps(_bare(value), indent=2, ensure_ascii=False, default=str), _LONGEST_BODY)


def _bare(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {str(key): _bare(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_bare(inner, name) for inner in value]
    if not isinstance(value, str):
        return value
    if value and _SECRET_NAMES.search(name):
        return "•••"
    if value[:1] in ("{", "["):
        # JSON in an argument's text is masked by its names too.
        with contextlib.suppress(ValueError):
            value = json.dumps(_bare(json.loads(value)), ensure_ascii=False)
    return _cut(mask(value), _LONGEST_TEXT)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest} more)"
