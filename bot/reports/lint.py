"""Lints a report: finds what to correct before it is published."""

from __future__ import annotations

from bot.reports.checks.items import unfiled
from bot.reports.checks.markup import broken_markup
from bot.reports.checks.pings import pings
from bot.reports.checks.placeholders import leftovers, placeholders
from bot.reports.checks.sections import empty
from bot.reports.checks.ticks import untrue_ticks
from bot.reports.checks.times import doubtful
from bot.reports.finding import Finding, Rule
from bot.reports.prose import prose
from bot.reports.reading import read_report

__all__ = ["Finding", "Rule", "lint"]


def lint(text: str, *, path: str = "") -> tuple[Finding, ...]:
    """Return what is wrong in a report, in the order of its lines. Links are not followed."""
    seen = prose(read_report(text, path=path))
    unfilled = [*placeholders(seen), *empty(seen)]
    found = [
        *unfilled,
        *leftovers(seen),
        *unfiled(seen, {each.line for each in unfilled}),
        *untrue_ticks(seen, unfilled),
        *doubtful(seen),
        *pings(seen),
        *broken_markup(seen),
    ]
    return tuple(sorted(found, key=lambda each: each.line))
