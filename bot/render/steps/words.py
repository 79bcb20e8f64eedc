"""What people read of a step: in the plan, while it runs, when it ended, in the timeline and the report.

All of it is made from a phrase that says what the step does, and from the counts of its result. Whatever
hubs and clusters say is escaped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.runs import Outcome, Result
from bot.render.text import code, escaped
from bot.runbook.steps.step import Step

SIGNS = {
    Outcome.DONE: "✅",
    Outcome.SKIPPED: "⏭️",
    Outcome.RETRY: "🔁",
    Outcome.FAILED: "❌",
    Outcome.UNCLEAR: "❓",
}
UNDER_WAY = "⏳"
WAITING = "▫️"
ENDS = {
    Outcome.DONE: "done",
    Outcome.SKIPPED: "skipped",
    Outcome.RETRY: "will be tried again",
    Outcome.FAILED: "failed",
    Outcome.UNCLEAR: "unclear, someone has to check",
}
UNREAD = "–"
ITSELF = "mayday"
ERROR_SIZE = 350
TARGET_SIZE = 90


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number of a result that is worth words. ``only_changed``: shown only where it changed."""

    words: str
    only_changed: bool = False


SERVERS_AND_ROUTES = {
    "ready": Count(words="ready servers"),
    "routes": Count(words="user routes"),
    "unrouted": Count(words="ready servers without a route", only_changed=True),
    "stuck": Count(words="stuck servers", only_changed=True),
}
"""What every step that changes servers or routes counts."""


@dataclass(frozen=True, kw_only=True)
class StepWords:
    """The words of one kind of step.

    ``act`` says what it does, as a command with ``{target}`` and the step's ``details`` in it, such as
    "delete pod `{target}`". ``by_hand`` is the equivalent command for a person who would rather type it,
    ``success`` how its success is measured, ``undo`` how it can be taken back. All three may have
    ``{cluster}``, ``{namespace}``, ``{hub}``, ``{target}`` and the details in them. ``one`` and ``many`` say
    the same of one or ``{count}`` steps without their targets; every kind whose target is a user's needs
    them, because reports name no users. ``counts`` are the numbers of its result to show, in order.
    """

    verb: str
    act: str
    by_hand: str = ""
    success: str = ""
    undo: str = ""
    one: str = ""
    many: str = ""
    counts: Mapping[str, Count] = field(default_factory=lambda: SERVERS_AND_ROUTES)

    def line(self, step: Step) -> str:
        """The step in a plan: one sentence without its full stop."""
        words = self._act(step.target, step.details, TARGET_SIZE)
        return words[0].upper() + words[1:]

    def several(self, count: int) -> str:
        """So many steps of this kind, without their targets."""
        if count == 1 and self.one:
            return self.one
        if self.many:
            return self.many.format(count=count)
        act = self.act.format_map(defaultdict(lambda: "…", target="…"))
        return act if count == 1 else f"{act} ({count} times)"

    def progress(self, step: Step, result: Result | None, *, under_way: bool = False) -> str:
        """The step in a run: that it waits, that it is under way, or how it ended."""
        if result is None:
            return f"{UNDER_WAY if under_way else WAITING} {self.line(step)}"
        return f"{SIGNS[result.outcome]} {self.line(step)}: {self.outcome(result)}"

    def outcome(self, result: Result) -> str:
        """How it ended and what was measured."""
        seen = "; ".join(counted(result.seen, self.counts))
        said = ENDS[result.outcome] + (f" ({seen})" if seen else "")
        return said + (f". {escaped(result.error, ERROR_SIZE)}" if result.error else "")

    def entry(self, data: Mapping[str, Any], who: str) -> str:
        """The step in the timeline and the report, from what ``Plan.record`` kept. ``who`` is a mention."""
        result = Result(
            outcome=Outcome(data["outcome"]),
            seen=data.get("seen") or {},
            error=data.get("error") or "",
        )
        act = self._act(str(data.get("target", "")), data.get("details") or {})
        if who == ITSELF:
            runbook, place = code(str(data.get("runbook", ""))), _place(data)
            return f"{who} took back what `{runbook}` did on `{place}`, to {act}: {self.outcome(result)}"
        return f"{ran(data, who)} to {act}: {self.outcome(result)}"

    def _act(self, target: str, details: Mapping[str, str], limit: int = 3000) -> str:
        values = {key: code(str(value), limit) for key, value in details.items()}
        # A detail that an earlier version did not keep is a question mark, not an error.
        return self.act.format_map(defaultdict(lambda: "?", values, target=code(target, limit)))


def ran(data: Mapping[str, Any], who: str) -> str:
    """Who ran which runbook where, from the data of a timeline entry."""
    return f"{who} ran `{code(str(data.get('runbook', '')))}` on `{_place(data)}`"


def _place(data: Mapping[str, Any]) -> str:
    return " / ".join(code(str(data.get(key, ""))) for key in ("cluster", "namespace", "hub"))


def counted(seen: Mapping[str, Any], counts: Mapping[str, Count] = SERVERS_AND_ROUTES) -> list[str]:
    """The numbers of a result in words."""
    shown = []
    for key, count in counts.items():
        if f"{key}_after" in seen:
            before, after = number(seen[f"{key}_before"]), number(seen[f"{key}_after"])
            shown.append(f"{count.words} {before} → {after}")
        elif key in seen and not count.only_changed:
            shown.append(f"{count.words} {number(seen[key])}")
    return shown


def number(value: object) -> str:
    """A count; a dash for one that could not be read."""
    return UNREAD if value is None else str(value)
