"""How an incident shows itself in Slack: the pinned card, the topic, the announcement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.incident import CLOSED, RESOLVED, Incident
from bot.domain.timeline import Heading
from bot.ports import Post
from bot.render import blocks as b
from bot.render.lines import HEADINGS
from bot.render.text import cut, escape, escaped, when

SIGNS = {RESOLVED: "✅", CLOSED: "📁"}
OPEN_SIGN = "🚨"
TOPIC_LIMIT = 250

ACTION_UPDATE = "incident.update"
ACTION_RUN = "incident.run"
ACTION_TIMELINE = "incident.timeline"
ACTION_RESOLVE = "incident.resolve"
ACTION_CLOSE = "incident.close"
ACTION_REOPEN = "incident.reopen"
ACTION_REPORT = "incident.report"
ACTION_RETRY = "incident.retry"
ACTION_SNOOZE = "incident.snooze"
ACTION_COMMAND = "incident.command"

COMMANDER = "commander"
"""The role that a button offers while nobody has it, where the team has such a role."""

_IS_IT_OVER: b.Block = {
    "title": b.plain("Is it over?"),
    "text": b.plain("Everybody is told so, and reminders end. It can be reopened.", 300),
    "confirm": b.plain("Resolve"),
    "deny": b.plain("Not yet"),
}
"""Asked before the button resolves: it stands where people press in a hurry."""


def sign(incident: Incident) -> str:
    """One emoji for the state it is in."""
    return SIGNS.get(incident.status, OPEN_SIGN)


def topic(incident: Incident) -> str:
    """The channel's topic."""
    commander = incident.roles.get(COMMANDER)
    parts = [f"{sign(incident)} {incident.severity}", incident.status]
    if commander:
        parts.append(f"{COMMANDER} <@{commander}>")
    start = " · ".join(parts) + " · "
    return start + escaped(incident.title, TOPIC_LIMIT - len(start))


def _facts(incident: Incident, roles: Sequence[str], hubs: Mapping[str, str]) -> list[str]:
    named = ", ".join(
        f"<{hubs[name]}|{escape(name)}>" if name in hubs else escape(name) for name in incident.hubs
    )
    people = "\n".join(
        f"{role}: <@{incident.roles[role]}>" if role in incident.roles else f"{role}: nobody yet"
        for role in roles
    )
    times = [f"declared {when(incident.declared_at)} by <@{incident.declared_by}>"]
    if incident.resolved_at:
        times.append(f"resolved {when(incident.resolved_at)}")
    if incident.closed_at:
        times.append(f"closed {when(incident.closed_at)}")
    return [
        f"*Status*\n{incident.status}",
        f"*Severity*\n{incident.severity}",
        f"*Hubs*\n{named or 'not said'}",
        f"*Roles*\n{people}",
        "*Times*\n" + "\n".join(times),
    ]


def card(
    incident: Incident,
    *,
    roles: Sequence[str],
    hubs: Mapping[str, str],
    reactions: Mapping[str, Heading],
    report_url: str = "",
) -> Post:
    """The pinned message that always tells the present state, with the next things to do.

    ``hubs`` are addresses by hub name, ``reactions`` what each emoji files a message as.
    """
    shown = [
        b.header(f"{sign(incident)} {incident.title}"),
        b.section(fields=_facts(incident, roles, hubs)),
    ]
    report = f"<{report_url}>" if report_url.startswith("http") else f"`{escape(report_url)}`"
    if incident.summary:
        shown.append(b.section(f"*Summary*\n{escape(cut(incident.summary, 2500))}"))
    if report_url:
        shown.append(b.section(f"*Report*: {report}"))
    shown.append(b.actions(*next_steps(incident, roles)))
    if incident.is_open:
        shown.append(
            b.context(legend(reactions), "`/incident help` lists all that you can do here.")
        )
    return Post(
        text=f"{escape(incident.title)}: {incident.status}, {incident.severity}",
        blocks=tuple(shown),
    )


def next_steps(incident: Incident, roles: Sequence[str]) -> list[b.Block]:
    """Buttons for what can be done in the state it is in."""
    if incident.is_open:
        buttons = [
            b.button("Post an update", action=ACTION_UPDATE, style="primary"),
            b.button("Run a runbook", action=ACTION_RUN),
            b.button("Timeline", action=ACTION_TIMELINE),
            b.button("Resolve", action=ACTION_RESOLVE, confirm=_IS_IT_OVER),
        ]
        if COMMANDER in roles and COMMANDER not in incident.roles:
            buttons.append(b.button("Take command", action=ACTION_COMMAND))
        return buttons
    if incident.status == RESOLVED:
        return [
            b.button("Close and report", action=ACTION_CLOSE, style="primary"),
            b.button("Timeline", action=ACTION_TIMELINE),
            b.button("Preview the report", action=ACTION_REPORT),
            b.button("Reopen", action=ACTION_REOPEN),
        ]
    return [
        b.button("Preview the report", action=ACTION_REPORT),
        b.button("Reopen", action=ACTION_REOPEN),
    ]


def legend(reactions: Mapping[str, Heading]) -> str:
    """Which reaction files a message as what."""
    listed = " · ".join(f":{name}: {HEADINGS[heading]}" for name, heading in reactions.items())
    return f"React to a message to file it: {listed}"


def announcement(incident: Incident, *, hubs: Mapping[str, str]) -> Post:
    """What people outside the channel see; it follows the incident's state."""
    where = f"<#{incident.channel_id}>" if incident.channel_id else ""
    affected = ", ".join(escape(name) for name in incident.hubs)
    lines = [
        f"{sign(incident)} *{escape(incident.title)}*",
        f"{incident.severity} · *{incident.status}*" + (f" · {affected}" if affected else ""),
    ]
    if incident.summary:
        lines.append(escape(cut(incident.summary, 600)))
    times = f"declared {when(incident.declared_at)} by <@{incident.declared_by}>"
    if incident.resolved_at:
        times += f" · resolved {when(incident.resolved_at)}"
    return Post(
        text=f"{escape(incident.title)}: {incident.status}, {incident.severity}",
        blocks=(b.section("\n".join(lines)), b.context(f"{times} · follow it in {where}")),
    )
