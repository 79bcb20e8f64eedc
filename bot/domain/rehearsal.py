"""How the steps of a plan went on a model of the hub, before somebody decides about the plan."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.runs import Outcome, Result


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What a rehearsal showed. It says nothing about what the real hub does.

    ``results`` are those of the first steps of the plan, in order; steps behind them were not reached.
    ``absent`` are the numbers, from 1, of the steps for which the model has nothing to act on. ``left`` is
    how many steps the runbook would plan afterwards. ``error`` is why the rehearsal could not be made.
    """

    results: tuple[Result, ...] = ()
    absent: tuple[int, ...] = ()
    left: int = 0
    error: str = ""

    @property
    def is_failed(self) -> bool:
        """Whether some step failed, or the rehearsal could not be made."""
        return bool(self.error) or any(
            result.outcome not in (Outcome.DONE, Outcome.SKIPPED) for result in self.results
        )
