"""One request's entry in the traffic, which the fault proxy writes as the request goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from sandbox.faults import HARMLESS, Fault
from sandbox.own_words import System
from sandbox.traffic import Entry, Mood, Traffic, Way

_LONGEST = 48_000
"""So many bytes of an answer are kept to be shown."""


@dataclass(kw_only=True, eq=False)
class Note:
    """One request's entry; without a traffic, nothing is recorded."""

    traffic: Traffic | None = None
    entry: Entry | None = None
    heard: bytearray = field(default_factory=bytearray)
    opened: bool = False

    @classmethod
    def of(cls, traffic: Traffic | None, system: System, name: str, body: bytes) -> Self:
        """Begin."""
        if traffic is None:
            return cls()
        entry = traffic.begin(system, Way.CALL, name, asked=body)
        return cls(traffic=traffic, entry=entry)

    def began(self, status: int) -> None:
        """The head of the answer is there; what follows may go on for long."""
        self.opened = True
        self._say(f"{status}, still open", Mood.OPEN, ended=False)

    def piece(self, data: bytes) -> None:
        """A piece of the answer."""
        if self.entry is not None and len(self.heard) < _LONGEST:
            self.heard += data

    def ended(self, status: int, fault: Fault) -> None:
        """All of the answer went out."""
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
