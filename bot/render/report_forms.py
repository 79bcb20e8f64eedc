"""The modal with an incident's five times."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.domain.incident import Incident
from bot.domain.milestones import Milestone, Times
from bot.domain.typed_time import written
from bot.render import blocks as b
from bot.render.forms import TIME_LIMIT
from bot.render.milestones import NAMES

TIMES = "times"
EXAMPLE = "2017-02-23 21:10"
HINTS = {
    Milestone.IMPACT: "When users first noticed, or could have.",
    Milestone.DETECTED: "When somebody on the team, or an alert, noticed.",
    Milestone.DECLARED: "If empty, when it was declared in Slack.",
    Milestone.MITIGATED: "When users could work again.",
    Milestone.RESOLVED: "If empty, when it was resolved in Slack.",
}


def shown_times(times: Times, zone: ZoneInfo) -> dict[Milestone, str]:
    """Return each time as the form shows it, empty if it isn't set."""
    return {name: written(times[name], zone) if name in times else "" for name in Milestone}


def times(incident: Incident, *, zone: ZoneInfo, version: str) -> b.Block:
    """Return the modal that sets the times; ``version`` is that of the times that it shows."""
    shown = shown_times(incident.milestones, zone)
    inputs = [
        b.input_block(
            name.value,
            NAMES[name],
            b.text_input("value", initial=shown[name], placeholder=EXAMPLE, limit=TIME_LIMIT),
            optional=True,
            hint=HINTS[name],
        )
        for name in Milestone
    ]
    about = (
        f"Times are in {zone.key}. Write ~16:06 for an approximate time, and 2017-02-23 for a day. "
        "To unset one, clear it."
    )
    return b.modal(
        TIMES,
        "Times of the incident",
        [*inputs, b.context(about)],
        submit="Save",
        metadata=f"{incident.id}|{version}",
    )
