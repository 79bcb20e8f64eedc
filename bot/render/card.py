"""How an incident shows itself in Slack: the pinned card, the topic, the announcement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.incident import CLOSED, RESOLVED, Incident
from bot.ports import Post
from bot.render import blocks as b
from bot.render.text import cut, escape, when

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


def sign(incident: Incident) -> str:
    """One emoji for the state it is in."""
    return SIGNS.get(incident.status, OPEN_SIGN)


def topic(incident: Incident) -> str:
    """The channel's topic."""
    commander = incident.roles.get("commander")
    parts = [f"{sign(incident)} {incident.severity}", incident.status]
    if commander:
        parts.append(f"commander <@{commander}>")
    start = " · ".join(parts)
    return f"{start} · {escape(cut(incident.title, TOPIC_LIMIT - len(start) - 30))}"


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
        f"*Status*\n{sign(incident)} {incident.status}",
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
    reactions: Mapping[str, str],
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
    if incident.is_open:
        buttons = [
            b.button("Post an update", action=ACTION_UPDATE, style="primary"),
            b.button("Run a runbook", action=ACTION_RUN),
            b.button("Timeline", action=ACTION_TIMELINE),
            b.button("Resolve", action=ACTION_RESOLVE),
        ]
    elif incident.status == RESOLVED:
        buttons = [
            b.button("Close and report", action=ACTION_CLOSE, style="primary"),
            b.button("Timeline", action=ACTION_TIMELINE),
            b.button("Preview the report", action=ACTION_REPORT),
            b.button("Reopen", action=ACTION_REOPEN),
        ]
    else:
        buttons = [
            b.button("Preview the report", action=ACTION_REPORT),
            b.button("Reopen", action=ACTION_REOPEN),
        ]
    shown.append(b.actions(*buttons))
    if incident.is_open:
        legend = " · ".join(f":{name}: {meaning}" for name, meaning in reactions.items())
        shown.append(b.context(f"React to a message to file it: {legend}", "`/incident help`"))
    return Post(
        text=f"{incident.title}: {incident.status}, {incident.severity}", blocks=tuple(shown)
    )


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
        text=f"{incident.title}: {incident.status}, {incident.severity}",
        blocks=(b.section("\n".join(lines)), b.context(f"{times} · follow it in {where}")),
    )
