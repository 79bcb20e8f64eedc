"""What mayday answers to the person who typed a command, pressed a button or sent a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.command import COMMAND
from bot.domain.incident import RESOLVED, Incident
from bot.render.text import cut, escape, when

PUBLISHING = (
    "The report is being published again. What is already published and unchanged stays as it is."
)
RETRYING = "Trying again now. This message shows the result."
ENTRY_CHANGED = f"✏️ The entry is changed. `{COMMAND} timeline` shows it."
ENTRY_ANNOTATED = f"📝 The entry is annotated. `{COMMAND} timeline` shows it."
ENTRY_REMOVED = "Removed from the timeline. If it was a message, react to it again to restore it."
MESSAGE_ADDED = f"📌 Added to the timeline. `{COMMAND} timeline` shows it."

PUBLISHED_BEFORE = f" This incident is closed: `{COMMAND} publish` adds it to the report."


def internal_error(error_id: str) -> str:
    """A failure that nobody foresaw; ``error_id`` finds it in the log."""
    return (
        f"Something in mayday went wrong (error {error_id} in its log). "
        "Nothing that was recorded before is lost. Please try again."
    )


def did_you_mean(closest: str) -> str:
    """A sentence that offers the closest match, or nothing where there is none."""
    return f" Did you mean {closest}?" if closest else ""


def unknown_command(word: str, closest: str) -> str:
    """There is no such command; ``closest`` is one that is like it, or empty."""
    hint = did_you_mean(f"`{COMMAND} {closest}`" if closest else "")
    return (
        f"There is no command “{escape(cut(word, 40))}”.{hint} `{COMMAND} help` lists all commands."
    )


def noted(*, is_new: bool, is_closed: bool) -> str:
    """A note was recorded as of now, or was already."""
    return f"📌 {_noted(is_new)} in the timeline.{_closed(is_closed)}"


def noted_at(
    at: datetime, *, zone: ZoneInfo, other: datetime | None, is_new: bool, is_closed: bool
) -> str:
    """A note was recorded as of ``at``. ``other`` is the second moment that the typed time may mean."""
    local = at.astimezone(zone)
    shown = f"📌 {_noted(is_new)} at {local.strftime(_stamp(local))} {local.tzname()} ({when(at)} for you)."
    if other is not None:
        written = other.strftime(_stamp(other) + "%z")
        shown += f" That time occurred twice (DST). For {other.tzname()}, write `at {written}`."
    return shown + _closed(is_closed)


def _noted(is_new: bool) -> str:
    return "Noted" if is_new else "Already noted"


def _closed(is_closed: bool) -> str:
    return PUBLISHED_BEFORE if is_closed else ""


def _stamp(at: datetime) -> str:
    return "%Y-%m-%d %H:%M:%S" if at.second else "%Y-%m-%d %H:%M"


def status(incident: Incident, open_statuses: Sequence[str]) -> str:
    """The status, and how to change it."""
    choices = "|".join((*open_statuses, RESOLVED))
    return (
        f"The status is *{incident.status}*, the severity {incident.severity}, declared "
        f"{when(incident.declared_at)}. Change the status with `{COMMAND} status {choices}`."
    )


def severity(incident: Incident, descriptions: Mapping[str, str]) -> str:
    """The severity, and those to choose from."""
    listed = "\n".join(f"• {name}: {text}" for name, text in descriptions.items())
    return f"The severity is *{incident.severity}*. Change it with `{COMMAND} severity`:\n{listed}"


def roles(incident: Incident, names: Sequence[str]) -> str:
    """Who has which role, and how to take or give one."""
    listed = "\n".join(
        f"• {role}: " + (f"<@{incident.roles[role]}>" if role in incident.roles else "nobody yet")
        for role in names
    )
    return f"{listed}\nTake one with `{COMMAND} role {names[0]}`, or give it with `… @name`."


def still_running(runs: Iterable[tuple[str, str]]) -> str:
    """A warning about runs (runbook and hub) that continue although the incident is resolved."""
    return "\n".join(
        f"⚠️ The incident is resolved, but `{runbook}` is still running on {escape(hub)}. "
        "Its thread shows the result."
        for runbook, hub in runs
    )


def plan_asked(runbook: str, hub: str) -> str:
    """A plan was asked for in a channel that is no incident's."""
    return (
        f"🔎 Planning `{runbook}` on {escape(hub)}. The plan appears in this channel, or in a direct "
        "message to you if mayday can't post here."
    )


def needs_incident(refusal: str, channels: Sequence[str]) -> str:
    """The refusal, with the channels of open incidents where the runbook can be run."""
    if not channels:
        return f"{refusal} No incident is open: declare one with `{COMMAND} declare`."
    shown = ", ".join(f"<#{channel}>" for channel in channels[:5])
    return f"{refusal} Open now: {shown}."


def declared(channel_name: str) -> str:
    """An incident was declared; its channel is being created."""
    return f"🚨 Declared. mayday is inviting you to #{channel_name}. Everything else happens there."


def done(incident: Incident) -> str:
    """What was asked for is done, for a person who does not see the incident's channel."""
    return f"✅ Done. *{escape(incident.title)}* (#{escape(incident.channel_name)}) is {incident.status}."


def shown_there(incident: Incident) -> str:
    """What was asked for appears in the incident's channel, for a person who does not see it."""
    return f"✅ mayday posts it in #{escape(incident.channel_name)}."


def snoozed(due_at: datetime) -> str:
    """The next reminder was postponed."""
    return f"The next reminder comes {when(due_at)}."
