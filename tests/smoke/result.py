"""What a row of the smoke test is and what it found, as a table and as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from tests.smoke.world import Smoke


class Outcome(StrEnum):
    """How a row ended."""

    OK = "ok"
    DIFFERS = "differs"
    REFUSED = "refused"
    NOT_TRIED = "not tried"


STYLES = {Outcome.OK: "green", Outcome.DIFFERS: "bold red", Outcome.REFUSED: "bold red"}


class Differs(Exception):
    """Slack behaved differently from what mayday expects: ``seen`` is what it did, ``do`` what to do."""

    def __init__(self, seen: str, do: str = "") -> None:
        super().__init__(seen)
        self.seen, self.do = seen, do


class NotTried(Exception):
    """The row can't run; the text says why, and what to do."""


def differs(seen: str, do: str = "") -> NoReturn:
    """End the row as different."""
    raise Differs(seen, do)


def expect(holds: object, seen: str, do: str = "") -> None:
    """End the row as different unless ``holds``."""
    if not holds:
        raise Differs(seen, do)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing to find out. ``run`` returns what was seen, and raises where it isn't as expected.

    ``covers`` lists the Web API methods, the events, and the kinds of requests (``command``, ``shortcut
    declare``) that the row tries; a test compares the union with what the product uses. ``by_hand`` rows
    wait for a person.
    """

    what: str
    run: Callable[[Smoke], str]
    covers: tuple[str, ...] = ()
    by_hand: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one row ended: what was ``seen``, what to ``do``, and what Slack answered to each call."""

    what: str
    outcome: Outcome
    seen: str
    do: str = ""
    covers: tuple[str, ...] = ()
    calls: Sequence[str] = field(default_factory=tuple)

    def line(self) -> str:
        """The result as a line of JSON."""
        return json.dumps(
            {
                "what": self.what,
                "result": self.outcome.value,
                "seen": self.seen,
                "do": self.do,
                "covers": list(self.covers),
                "calls": list(self.calls),
            },
            ensure_ascii=False,
        )


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table and the count of each outcome."""
    table = Table("what", "result", "seen")
    for result in results:
        outcome = Text(result.outcome, style=STYLES.get(result.outcome, ""))
        seen = f"{result.seen}\n→ {result.do}" if result.do else result.seen
        table.add_row(Text(result.what), outcome, Text(seen))
    console.print(table)
    console.print(summary(results))


def summary(results: Iterable[Result]) -> str:
    """One line with the count of each outcome."""
    found = [result.outcome for result in results]
    return ", ".join(f"{found.count(outcome)} {outcome}" for outcome in Outcome)


def all_hold(results: Iterable[Result]) -> bool:
    """Whether nothing differs and nothing was refused."""
    return not any(r.outcome in (Outcome.DIFFERS, Outcome.REFUSED) for r in results)
