"""The reminders that mayday posts in an incident's channel, each with buttons to act, snooze and answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.reminders import ReminderKind, lateness
from bot.ports import Post
from bot.render import blocks as b
from bot.render.card import (
    ACTION_RESOLVE,
    ACTION_SNOOZE,
    ACTION_UPDATE,
    CONFIRM_RESOLVE,
    lead_button,
)
from bot.render.diagnose import ACTION_DIAGNOSE
from bot.render.text import code, escape, when

ACTION_DONE = "reminder.done"
ACTION_ROLL_BACK = "reminder.roll_back"

DONE, SNOOZED = "done", "snoozed"
"""What somebody did about a posted reminder."""

SNOOZE = {
    ReminderKind.UPDATE: (60, "Snooze 1 h"),
    ReminderKind.LEAD: (30, "Snooze 30 min"),
    ReminderKind.ROLLBACK: (15, "Snooze 15 min"),
    ReminderKind.STALE: (240, "Snooze 4 h"),
}
"""The minutes of the button, and its label."""

_DONE_LABEL = {
    ReminderKind.UPDATE: "Done",
    ReminderKind.LEAD: "No lead needed",
    ReminderKind.ROLLBACK: "Not now",
    ReminderKind.STALE: "Still going on",
}
_DONE_WORDS = {
    ReminderKind.UPDATE: "✅ Done, says {by}: the next reminder of an update comes at its usual time.",
    ReminderKind.LEAD: "✅ {by} says that this incident needs no {lead}. mayday doesn't remind of it again.",
    ReminderKind.ROLLBACK: "✅ {by} says not to roll back. mayday doesn't remind of it again.",
    ReminderKind.STALE: "✅ It is still going on, says {by}.",
}


def post(
    spec: Mapping[str, Any], *, subject: str, addressee: str, lead: str, hubs: bool, now: datetime
) -> Post:
    """A reminder as it is posted; labelled when it is late.

    ``spec`` is what was requested, and what somebody did about it since. ``subject`` is its kind and number,
    ``addressee`` the user id of who is asked, empty for everybody, and ``lead`` the role that leads.
    ``hubs``: the incident has hubs.
    """
    kind = ReminderKind(spec.get("kind", ReminderKind.UPDATE))
    words = _words(kind, spec, addressee=addressee, lead=lead)
    by, state = f"<@{spec.get('by', '')}>", spec.get("state")
    if state == DONE:
        text = f"{words}\n{_DONE_WORDS[kind].format(by=by, lead=escape(lead))}"
        return Post(text=text, blocks=(b.section(text),))
    if state == SNOOZED:
        text = f"{words}\n💤 {by} snoozed it until {when(datetime.fromisoformat(spec['until']))}."
    else:
        text = words + _late(datetime.fromisoformat(spec["due_at"]), now)
    minutes, label = SNOOZE[kind]
    buttons = [
        *_acts(kind, spec, lead=lead, hubs=hubs),
        b.button(label, action=ACTION_SNOOZE, value=f"{subject}/{minutes}"),
        b.button(_DONE_LABEL[kind], action=ACTION_DONE, value=subject),
    ]
    return Post(text=text, blocks=(b.section(text), b.actions(*buttons)))


def _words(kind: ReminderKind, spec: Mapping[str, Any], *, addressee: str, lead: str) -> str:
    to = f"<@{addressee}>, " if addressee else ""
    since = when(datetime.fromisoformat(spec["since"])) if "since" in spec else ""
    match kind:
        case ReminderKind.LEAD:
            return f"🙋 {to}nobody leads this incident yet: it has no {escape(lead)}."
        case ReminderKind.STALE:
            said = "nobody has written here since {since}. Is it over, or what happens next?"
        case ReminderKind.ROLLBACK:
            said = (
                "nothing has moved on since {since}: no note, no change of status, no runbook. Consider "
                "rolling back what was deployed last."
            )
        case _:
            said = "time for a status update."
    signs = {ReminderKind.STALE: "🕸️", ReminderKind.ROLLBACK: "⏪"}
    said = said.format(since=since)
    return f"{signs.get(kind, '⏰')} {to}{said if to else said[0].upper() + said[1:]}"


def _acts(kind: ReminderKind, spec: Mapping[str, Any], *, lead: str, hubs: bool) -> list[b.Block]:
    update = b.button("Post an update", action=ACTION_UPDATE, style="primary")
    match kind:
        case ReminderKind.LEAD:
            return [{**lead_button(lead), "style": "primary"}]
        case ReminderKind.STALE:
            return [update, b.button("Resolve", action=ACTION_RESOLVE, confirm=CONFIRM_RESOLVE)]
        case ReminderKind.ROLLBACK:
            diagnose = [b.button("Diagnose", action=ACTION_DIAGNOSE)] if hubs else []
            if not spec.get("runbook"):
                return diagnose
            label = f"Plan {code(str(spec['runbook']), 60)}"
            plan = b.button(label, action=ACTION_ROLL_BACK, value=str(spec["hub"]), style="primary")
            return [plan, *diagnose]
        case _:
            return [update]


def _late(due_at: datetime, now: datetime) -> str:
    late = lateness(due_at, now)
    if late is None:
        return ""
    minutes = int(late.total_seconds() // 60)
    return f" _This reminder is {minutes} min late: it was due {when(due_at)}._"
