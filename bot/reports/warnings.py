"""What an import can't understand or finds odd, each with its line and its words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Doubt(Enum):
    """A kind of warning; the value is its sentence."""

    ONE_LINE = "The report is one line: it was read at the headings and numbers within it."
    TOO_LONG = "From here on the text is kept, but not read: the report is too long."
    FRONT_MATTER = "The front matter can't be read: {why}."
    NO_TITLE = "The report has no title."
    NO_DATE = "The report has no date."
    DATE_OF_ENTRY = "The report has no date: {date} is that of its first dated entry."
    DATE_OF_ISSUE = "The report has no date: {date} is the day on which it was opened."
    OTHER_YEAR = "The first dated entry is on {date}, but the report names the year {years}."
    OTHER_DATE = "The file's name says {name}, but the report says {date}."
    WRONG_DATE = "The report says {date}, but its file's name and its first dated entry say {name}."
    OTHER_DAY = (
        "The summary names {day}, but no entry names its day, so the times are read on {date}."
    )
    NO_TIMELINE = "The report has no timeline."
    NO_ENTRIES = "The timeline has no entry with a time."
    NO_ZONE = "The report names no time zone."
    UNKNOWN_ZONE = "The time zone {zone} isn't known."
    NO_DAY = "“{raw}” has no day, and nothing above it names one."
    NO_CLOCK = "“{raw}” has no time of day."
    IMPOSSIBLE = "“{raw}” isn't a possible time."
    NEXT_DAY = "“{raw}” is read as the next day, since it is earlier than the entry above."
    RELATIVE = "“{raw}” is read as {date}, counted from the day above."
    END_OF_DAY = "“{raw}” is read as the midnight at the end of {date}."
    OUT_OF_ORDER = "“{raw}” is earlier than the entry above."
    ENDS_BEFORE = "“{raw}” ends before it begins."
    FAR = "“{raw}” is {days} days from the date of the report, {date}."
    AFTERNOON = "“{raw}” is read as pm, since it would otherwise be earlier than the entry above."
    SEVERAL_ZONES = "{zone} means several time zones. It is read as {reading}."
    NOT_THEN = "{zone} isn't in use on {day}: it is {other}."


@dataclass(frozen=True, kw_only=True)
class ReadWarning:
    """A warning about a line, from 1; 0 is the whole report."""

    line: int
    doubt: Doubt
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


def warning(doubt: Doubt, line: int = 0, **said: object) -> ReadWarning:
    """Return a warning with its sentence filled in."""
    return ReadWarning(line=line, doubt=doubt, text=doubt.value.format(**said))
