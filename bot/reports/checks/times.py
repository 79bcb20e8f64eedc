"""Finds times, days and zones that are impossible, out of order, or missing."""

from __future__ import annotations

from collections.abc import Iterator

from bot.reports.finding import Finding, Rule
from bot.reports.prose import Prose
from bot.reports.report import Format
from bot.reports.warnings import Doubt
from bot.reports.zones import ZONE

_REMEDIES: dict[Doubt, tuple[Rule, str]] = {
    Doubt.ONE_LINE: (Rule.SHAPE, "Put each heading, paragraph and list item on a line of its own."),
    Doubt.FRONT_MATTER: (Rule.SHAPE, "Correct it, for example by putting its value in quotes."),
    Doubt.NO_TITLE: (Rule.SHAPE, "Begin with a heading such as # 2024-02-01 - What happened."),
    Doubt.NO_DATE: (Rule.DATE, "Write the day of the incident in the title or the front matter."),
    Doubt.DATE_OF_ENTRY: (
        Rule.DATE,
        "Write the day of the incident in the title or the front matter.",
    ),
    Doubt.DATE_OF_ISSUE: (
        Rule.DATE,
        "Write the day of the incident in the title or the front matter.",
    ),
    Doubt.OTHER_YEAR: (
        Rule.DATE,
        "Check that the timeline is this incident's, and correct the year.",
    ),
    Doubt.OTHER_DATE: (Rule.DATE, "Rename the file, or correct the date."),
    Doubt.WRONG_DATE: (Rule.DATE, "Correct the date in the title or the front matter."),
    Doubt.OTHER_DAY: (Rule.DATE, "Write the day in the first entry: ### YYYY-MM-DD 21:10."),
    Doubt.NO_ENTRIES: (Rule.TIME, "Add what happened when, or remove the section."),
    Doubt.NO_ZONE: (Rule.ZONE, "Write it at the top of the timeline: All times in PST."),
    Doubt.UNKNOWN_ZONE: (
        Rule.ZONE,
        "Write an abbreviation, or a name such as America/Los_Angeles.",
    ),
    Doubt.NOT_THEN: (Rule.ZONE, "Check the offset, and write the zone that was in use."),
    Doubt.NO_DAY: (Rule.TIME, "Write the day in the entry."),
    Doubt.IMPOSSIBLE: (Rule.TIME, "Correct the time."),
    Doubt.OUT_OF_ORDER: (Rule.TIME, "Correct the time, write its day, or move the entry."),
    Doubt.ENDS_BEFORE: (Rule.TIME, "Correct the start or the end, or write the day of the end."),
    Doubt.FAR: (Rule.TIME, "Correct the day of the entry, or the date of the report."),
}
MENTIONED = " The text mentions {zone}."


def doubtful(seen: Prose) -> Iterator[Finding]:
    """What the import found odd in times, days and zones, with what to do about it."""
    report = seen.report
    doubts = {warning.doubt for warning in report.warnings}
    shown: set[Doubt] = set()
    for warning in report.warnings:
        if warning.doubt not in _REMEDIES:
            continue
        if warning.doubt is Doubt.NO_DAY and shown & {Doubt.NO_DATE, Doubt.NO_DAY}:
            continue
        # An issue has the date of its creation, and a wrong year says more than a missing date.
        if (
            warning.doubt is Doubt.NO_DAY
            and report.format is Format.ISSUE
            and Doubt.NO_DATE in doubts
        ):
            continue
        if warning.doubt in {Doubt.NO_DATE, Doubt.DATE_OF_ENTRY} and (
            report.format is Format.ISSUE or Doubt.OTHER_YEAR in doubts
        ):
            continue
        shown.add(warning.doubt)
        rule, remedy = _REMEDIES[warning.doubt]
        if warning.doubt is Doubt.NO_ZONE:
            remedy += _mentioned(seen)
        line = seen.line(warning.line - 1) if warning.line else 0
        yield Finding(line=line, rule=rule, message=warning.text, remedy=remedy)


def _mentioned(seen: Prose) -> str:
    """Return a sentence with the zone that an entry or a section mentions in passing."""
    for line in seen.lines:
        for found in ZONE.finditer(line):
            before = line[found.start() - 1] if found.start() else " "
            if len(found[0]) > 1 and not before.isalnum():
                return MENTIONED.format(zone=found[0])
    return ""
