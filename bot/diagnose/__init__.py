"""Rules that diagnose a hub: pure functions from facts to findings, one file for each subject."""

from __future__ import annotations

from collections.abc import Iterable

from bot.diagnose.finding import Finding, Remedy, Rule, Severity
from bot.domain.facts import HubFacts

__all__ = ["RULES", "Finding", "Remedy", "Rule", "Severity", "diagnose"]

RULES: tuple[Rule, ...] = ()
"""Every rule. A new one is a function in a file of this folder and one line here."""


def diagnose(facts: HubFacts, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Return what the rules find, the worst first, and of the same severity the earliest first."""
    found = [finding for rule in rules for finding in rule(facts)]
    return sorted(
        found,
        key=lambda each: (-each.severity, each.at is None, each.at or facts.read_at, each.key),
    )
