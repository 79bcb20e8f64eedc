"""The words for an incident's five times and for the durations between them."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.milestones import Duration, Milestone, Times, disordered, durations
from bot.domain.report_form import TimeStyle
from bot.render.times import USUAL, clocks

NAMES = {
    Milestone.IMPACT: "Start of impact",
    Milestone.DETECTED: "Detected",
    Milestone.DECLARED: "Declared",
    Milestone.MITIGATED: "Mitigated",
    Milestone.RESOLVED: "Resolved",
}
"""The names of the times, as in the report."""


def length(duration: timedelta) -> str:
    """Return a duration in whole minutes, such as ``13h 58m`` or ``2d 4h``."""
    minutes = int(duration / timedelta(minutes=1))
    if minutes < 1:
        return "less than 1m"
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


def duration_words(duration: Duration) -> str:
    """Return a duration as ``53m`` or ``about 53m``."""
    about = "about " if duration.is_about else ""
    if not duration.is_in_days:
        return about + length(duration.length)
    days = round(duration.length / timedelta(days=1))
    return f"{about}{days}d" if days else "less than 1d"


def times_text(times: Times, zone: ZoneInfo, style: TimeStyle = USUAL) -> str:
    """Return the times as a Markdown list, each with how long it was after the start of impact."""
    after = {one.to: duration_words(one) for one in durations(times)}
    lines, day = [], None
    for name, time in times.items():
        at = time.at.astimezone(zone)
        until = time.until.astimezone(zone) if time.until else None
        shown = clocks(
            at,
            until,
            is_about=time.is_about,
            unit=time.unit,
            day=at.date() != day,
            style=style,
        )
        later = f" (after {after[name]})" if name in after else ""
        lines.append(f"- {NAMES[name]}: {shown}{later}")
        day = (until or at).date()
    return "\n".join(lines)


def disorder(times: Times) -> str:
    """Return a warning that names the times which lie before an earlier one; empty if there are none."""
    wrong = [f"“{NAMES[then]}” is before “{NAMES[first]}”" for first, then in disordered(times)]
    return f"{'; '.join(wrong)}. Check these times." if wrong else ""
