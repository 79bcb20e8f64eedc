"""How an incident is shown in Slack: the pinned card, the topic, the announcement.

Each is rendered from its spec: the values that it shows, and nothing else. A message is updated when
its spec changes, not when its words do; see :mod:`bot.render.renderings`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.backdated import known_times
from bot.domain.command import COMMAND
from bot.domain.incident import CLOSED, RESOLVED, Incident, Policy
from bot.domain.leading import leader, provisional_leader
from bot.domain.milestones import Duration, Milestone, Times, durations
from bot.domain.timeline import Heading
from bot.ports import Post
from bot.render import blocks as b
from bot.render import edit_pages
from bot.render.diagnose import ACTION_DIAGNOSE
from bot.render.lines import HEADINGS
from bot.render.milestones import NAMES, disorder, duration_words
from bot.render.text import cut, escape, escaped, hub_link, when
from bot.render.times import during

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

CONFIRM_RESOLVE: b.Block = {
    "title": b.plain("Resolve the incident?"),
    "text": b.plain("This notifies everyone and stops reminders. You can reopen it later.", 300),
    "confirm": b.plain("Resolve"),
    "deny": b.plain("Not yet"),
}
"""Asked before the button resolves, since people press it in a hurry."""


@dataclass(frozen=True, kw_only=True)
class CardSpec:
    """What the card shows. ``hubs`` are addresses by hub name, empty where none is configured;
    ``roles`` are user ids by role, empty where nobody has it; ``lead`` is the one that leads, and
    ``declarer_leads`` who leads until somebody takes it. ``reactions`` are headings by emoji.
    ``times`` are those that people set."""

    title: str
    severity: str
    status: str
    summary: str
    hubs: Mapping[str, str]
    roles: Mapping[str, str]
    declared_at: datetime
    declared_by: str
    resolved_at: datetime | None
    closed_at: datetime | None
    reactions: Mapping[str, Heading]
    report_url: str
    times: Times
    durations: Sequence[Duration]
    zone: str
    lead: str = ""
    declarer_leads: str = ""


@dataclass(frozen=True, kw_only=True)
class TopicSpec:
    """What the channel's topic shows. ``leader`` is a user id, empty if nobody leads; ``lead`` the role."""

    title: str
    severity: str
    status: str
    leader: str
    lead: str


@dataclass(frozen=True, kw_only=True)
class AnnouncementSpec:
    """What the announcement shows. ``channel_id`` is the incident's channel."""

    title: str
    severity: str
    status: str
    summary: str
    hubs: Sequence[str]
    channel_id: str
    declared_at: datetime
    declared_by: str
    resolved_at: datetime | None


def card_spec(
    incident: Incident,
    *,
    policy: Policy,
    hubs: Mapping[str, str],
    reactions: Mapping[str, Heading],
    zone: ZoneInfo,
    report_url: str = "",
) -> CardSpec:
    """What the card shows of an incident. ``hubs`` are addresses by hub name."""
    return CardSpec(
        title=incident.title,
        severity=incident.severity,
        status=incident.status,
        summary=incident.summary,
        hubs={name: hubs.get(name, "") for name in incident.hubs},
        roles={role: incident.roles.get(role, "") for role in policy.roles},
        lead=policy.lead,
        declarer_leads=provisional_leader(incident, policy),
        declared_at=incident.declared_at,
        declared_by=incident.declared_by,
        resolved_at=incident.resolved_at,
        closed_at=incident.closed_at,
        reactions=dict(reactions),
        report_url=report_url,
        times=incident.milestones,
        zone=zone.key,
        durations=durations(known_times(incident, (), zone)),
    )


def topic_spec(incident: Incident, policy: Policy) -> TopicSpec:
    """What the topic shows of an incident."""
    return TopicSpec(
        title=incident.title,
        severity=incident.severity,
        status=incident.status,
        leader=leader(incident, policy),
        lead=policy.lead,
    )


def announcement_spec(incident: Incident) -> AnnouncementSpec:
    """What the announcement shows of an incident."""
    return AnnouncementSpec(
        title=incident.title,
        severity=incident.severity,
        status=incident.status,
        summary=incident.summary,
        hubs=tuple(incident.hubs),
        channel_id=incident.channel_id or "",
        declared_at=incident.declared_at,
        declared_by=incident.declared_by,
        resolved_at=incident.resolved_at,
    )


def sign(incident: Incident) -> str:
    """One emoji for the incident's status."""
    return _sign(incident.status)


def _sign(status: str) -> str:
    return SIGNS.get(status, OPEN_SIGN)


def topic(spec: TopicSpec) -> str:
    """The channel's topic."""
    parts = [f"{_sign(spec.status)} {spec.severity}", spec.status]
    if spec.leader:
        parts.append(f"{escape(spec.lead)} <@{spec.leader}>")
    start = " · ".join(parts) + " · "
    return start + escaped(spec.title, TOPIC_LIMIT - len(start))


def _facts(spec: CardSpec) -> list[str]:
    hubs = ", ".join(hub_link(name, url) for name, url in spec.hubs.items())
    people = "\n".join(
        f"{escape(role)}: {_holder(spec, role, user)}" for role, user in spec.roles.items()
    )
    return [
        f"*Status*\n{spec.status}",
        f"*Severity*\n{spec.severity}",
        f"*Hubs*\n{hubs or 'none given'}",
        f"*Roles*\n{people}",
        "*Times*\n" + "\n".join(_times(spec)),
    ]


def _holder(spec: CardSpec, role: str, user: str) -> str:
    if not user and role == spec.lead and spec.declarer_leads:
        return f"<@{spec.declarer_leads}> until somebody takes over"
    return f"<@{user}>" if user else "nobody yet"


def _times(spec: CardSpec) -> list[str]:
    """The times that are known, in their order, each with how long it was after the start of impact."""
    after = {one.to: f" (after {duration_words(one)})" for one in spec.durations}
    pressed = {Milestone.DECLARED: spec.declared_at, Milestone.RESOLVED: spec.resolved_at}
    lines = []
    for name in Milestone:
        if time := spec.times.get(name):
            lines.append(
                f"{NAMES[name].lower()} {during(time, ZoneInfo(spec.zone))}{after.get(name, '')}"
            )
        elif moment := pressed.get(name):
            by = f" by <@{spec.declared_by}>" if name is Milestone.DECLARED else ""
            lines.append(f"{NAMES[name].lower()} {when(moment)}{by}{after.get(name, '')}")
    if spec.closed_at:
        lines.append(f"closed {when(spec.closed_at)}")
    if warning := disorder(spec.times):
        lines.append(f"⚠️ {warning}")
    return lines


def card(spec: CardSpec) -> Post:
    """The pinned message: the incident's present state, and buttons for the next actions."""
    shown = [b.header(f"{_sign(spec.status)} {spec.title}"), b.section(fields=_facts(spec))]
    if spec.summary:
        shown.append(b.section(f"*Summary*\n{escape(cut(spec.summary, 2500))}"))
    if url := spec.report_url:
        link = f"<{url}>" if url.startswith("http") else f"`{escape(url)}`"
        shown.append(b.section(f"*Report*: {link}"))
    offered = "" if spec.roles.get(spec.lead) else spec.lead
    shown.append(b.actions(*_buttons(spec.status, spec.hubs, lead=offered)))
    if spec.status not in (RESOLVED, CLOSED):
        shown.append(b.context(legend(spec.reactions), f"`{COMMAND} help` lists all commands."))
    return Post(text=_headline(spec.title, spec.status, spec.severity), blocks=tuple(shown))


def _headline(title: str, status: str, severity: str) -> str:
    return f"{escape(title)}: {status}, {severity}"


def next_steps(incident: Incident, lead: str) -> list[b.Block]:
    """Buttons for the actions that the incident's status allows; ``lead`` is the role that leads."""
    offered = "" if incident.roles.get(lead) else lead
    return _buttons(incident.status, incident.hubs, lead=offered)


def lead_button(lead: str) -> b.Block:
    """The button by which a person takes the role that leads."""
    return b.button(f"Become {lead}", action=ACTION_COMMAND)


def _buttons(status: str, hubs: Collection[str], *, lead: str) -> list[b.Block]:
    """``lead`` is the role that leads, while nobody has taken it."""
    if status == RESOLVED:
        return [
            b.button("Close and report", action=ACTION_CLOSE, style="primary"),
            b.button("Timeline", action=ACTION_TIMELINE),
            b.button("Preview the report", action=ACTION_REPORT),
            edit_pages.button(),
            b.button("Reopen", action=ACTION_REOPEN),
        ]
    if status == CLOSED:
        return [
            b.button("Preview the report", action=ACTION_REPORT),
            edit_pages.button(),
            b.button("Reopen", action=ACTION_REOPEN),
        ]
    # Before anything is done somebody has to know what is wrong.
    diagnose = [b.button("Diagnose", action=ACTION_DIAGNOSE)] if hubs else []
    buttons = [
        *diagnose,
        b.button("Post an update", action=ACTION_UPDATE, style="primary"),
        b.button("Run a runbook", action=ACTION_RUN),
        b.button("Timeline", action=ACTION_TIMELINE),
        b.button("Resolve", action=ACTION_RESOLVE, confirm=CONFIRM_RESOLVE),
    ]
    if lead:
        buttons.append(lead_button(lead))
    return buttons


def legend(reactions: Mapping[str, Heading]) -> str:
    """Which reaction files a message as what."""
    listed = " · ".join(f":{name}: {HEADINGS[heading]}" for name, heading in reactions.items())
    return f"React to a message to file it: {listed}"


def announcement(spec: AnnouncementSpec) -> Post:
    """What people outside the channel see of the incident's present state."""
    affected = ", ".join(escape(name) for name in spec.hubs)
    lines = [
        f"{_sign(spec.status)} *{escape(spec.title)}*",
        f"{spec.severity} · *{spec.status}*" + (f" · {affected}" if affected else ""),
    ]
    if spec.summary:
        lines.append(escape(cut(spec.summary, 600)))
    times = f"declared {when(spec.declared_at)} by <@{spec.declared_by}>"
    if spec.resolved_at:
        times += f" · resolved {when(spec.resolved_at)}"
    where = f" · follow it in <#{spec.channel_id}>" if spec.channel_id else ""
    return Post(
        text=_headline(spec.title, spec.status, spec.severity),
        blocks=(b.section("\n".join(lines)), b.context(f"{times}{where}")),
    )
