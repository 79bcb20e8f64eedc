"""How an incident is shown in Slack: the pinned card, the topic, the announcement.

Each is rendered from its spec: the values that it shows, and nothing else. A message is updated when
its spec changes, not when its words do; see :mod:`bot.render.renderings`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.domain.backdated import known_times
from bot.domain.command import COMMAND
from bot.domain.incident import CLOSED, RESOLVED, Incident, Policy
from bot.domain.leading import provisional_leader
from bot.domain.milestones import Duration, Milestone, Times, durations
from bot.domain.timeline import Heading, PostedEntry
from bot.ports import Post
from bot.render import blocks as b
from bot.render import edit_pages
from bot.render.diagnose import ACTION_DIAGNOSE
from bot.render.lines import HEADINGS
from bot.render.milestones import NAMES, disorder, duration_words
from bot.render.reader_buttons import catch_up_button, subscribe_button
from bot.render.state import (
    MOST_RUNNING,
    RunningSpec,
    Said,
    last_handover,
    last_update,
    link_words,
    quoted,
    running_words,
)
from bot.render.status import status_words
from bot.render.text import cut, escape, escaped, hub_link, when
from bot.render.times import during

SIGNS = {RESOLVED: "✅", CLOSED: "📁"}
OPEN_SIGN = "🚨"
TEXT_LIMIT = 3500
"""Characters of the text for screen readers and notifications; Slack refuses an update with over 4,000."""
MOST_HUBS = 10
NAME_LIMIT = 60
"""Characters of a hub's name. All blocks of a message together take about 10,000 characters."""

ACTION_UPDATE = "incident.update"
ACTION_RUN = "incident.run"
ACTION_TIMELINE = "incident.timeline"
ACTION_RESOLVE = "incident.resolve"
ACTION_CLOSE = "incident.close"
ACTION_REOPEN = "incident.reopen"
ACTION_CANCEL = "incident.cancel"
ACTION_REPORT = "incident.report"
ACTION_RETRY = "incident.retry"
ACTION_SNOOZE = "incident.snooze"
ACTION_COMMAND = "incident.command"
ACTION_HANDOVER = "incident.handover"
ACTION_DETAILS = "incident.details"
ACTION_INVITE = "incident.invite"
MORE = "incident.more"
"""The menu with what is not a button. The value of an option is the id of the button that it stands for."""

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
    ``times`` are those that people set. ``update`` is the last update, ``next_at`` when the next one is due,
    ``handover`` the note of the last person who handed over. ``links`` are addresses by their labels, or
    paths. ``canvas`` says why the channel's canvas is not kept up to date, empty where it is.
    ``ending`` is as in the incident; ``duplicate_of`` and ``duplicates`` are the channels of the public
    incidents that this one is a duplicate of, and that are duplicates of it."""

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
    times: Times
    durations: Sequence[Duration]
    zone: str
    update: Said | None
    next_at: datetime | None
    handover: Said | None
    running: Sequence[RunningSpec]
    links: Mapping[str, str]
    canvas: str
    lead: str
    declarer_leads: str
    ending: str = ""
    duplicate_of: str = ""
    duplicates: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class AnnouncementSpec:
    """What the announcement shows. ``channel_id`` is the incident's channel."""

    incident_id: str
    title: str
    severity: str
    status: str
    summary: str
    hubs: Sequence[str]
    channel_id: str
    declared_at: datetime
    declared_by: str
    resolved_at: datetime | None
    ending: str = ""
    duplicate_of: str = ""


def card_spec(
    incident: Incident,
    *,
    policy: Policy,
    hubs: Mapping[str, str],
    reactions: Mapping[str, Heading],
    zone: ZoneInfo,
    entries: Sequence[PostedEntry] = (),
    next_at: datetime | None = None,
    running: Sequence[RunningSpec] = (),
    links: Mapping[str, str] = MappingProxyType({}),
    canvas: str = "",
    duplicate_of: str = "",
    duplicates: Sequence[str] = (),
) -> CardSpec:
    """What the card shows of an incident. ``hubs`` are addresses by hub name, ``entries`` those that are
    posted; the others are as in :class:`CardSpec`."""
    return CardSpec(
        title=incident.shown_title,
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
        times=incident.milestones,
        zone=zone.key,
        durations=durations(known_times(incident, (), zone)),
        update=last_update(entries),
        next_at=next_at if incident.is_open else None,
        handover=last_handover(incident, entries),
        running=tuple(running),
        links=dict(links),
        canvas=canvas,
        ending=incident.ending.value,
        duplicate_of=duplicate_of,
        duplicates=tuple(duplicates),
    )


def announcement_spec(incident: Incident, *, duplicate_of: str = "") -> AnnouncementSpec:
    """What the announcement shows of an incident; ``duplicate_of`` is as in :class:`CardSpec`."""
    return AnnouncementSpec(
        incident_id=incident.id,
        title=incident.shown_title,
        severity=incident.severity,
        status=incident.status,
        summary=incident.summary,
        hubs=tuple(incident.hubs),
        channel_id=incident.channel_id or "",
        declared_at=incident.declared_at,
        declared_by=incident.declared_by,
        resolved_at=incident.resolved_at,
        ending=incident.ending.value,
        duplicate_of=duplicate_of,
    )


def sign(incident: Incident) -> str:
    """One emoji for the incident's status."""
    return sign_of(incident.status)


def sign_of(status: str) -> str:
    """One emoji for a status."""
    return SIGNS.get(status, OPEN_SIGN)


def _facts(spec: CardSpec) -> list[str]:
    hubs_shown = list(spec.hubs.items())[:MOST_HUBS]
    shown = [hub_link(cut(name, NAME_LIMIT), url) for name, url in hubs_shown]
    if len(spec.hubs) > MOST_HUBS:
        shown.append(f"and {len(spec.hubs) - MOST_HUBS} more")
    hubs = ", ".join(shown)
    people = "\n".join(
        f"{escape(role)}: {_holder(spec, role, user)}" for role, user in spec.roles.items()
    )
    status = status_words(spec.status, spec.ending, duplicate_of=spec.duplicate_of)
    return [
        f"*Status*\n{status}",
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
    # What ended without a report was not resolved.
    resolved_at = None if spec.ending else spec.resolved_at
    pressed = {Milestone.DECLARED: spec.declared_at, Milestone.RESOLVED: resolved_at}
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
    shown = [b.header(f"{sign_of(spec.status)} {spec.title}"), b.section(fields=_facts(spec))]
    shown += [b.section(text) for text in _state(spec)]
    offered = "" if spec.roles.get(spec.lead) else spec.lead
    shown.append(
        b.actions(
            *_buttons(spec.status, spec.hubs, lead=spec.lead, offered=offered, ending=spec.ending)
        )
    )
    notes = [spec.canvas] if spec.canvas else []
    if spec.status not in (RESOLVED, CLOSED):
        notes = [legend(spec.reactions), f"`{COMMAND} help` lists all commands.", *notes]
    if notes:
        shown.append(b.context(*notes))
    headline = _headline(spec.title, status_words(spec.status, spec.ending), spec.severity)
    return Post(
        text=cut("\n".join([headline, *_facts(spec), *_state(spec)]), TEXT_LIMIT),
        blocks=tuple(shown),
    )


def _state(spec: CardSpec) -> list[str]:
    """What is known now: the updates, who handed over, what runs, the summary, and the links."""
    texts = []
    if said := spec.update:
        texts.append(f"*Last update* {when(said.at)} by <@{said.by}>{quoted(said.text, 1500)}")
    if spec.next_at:
        texts.append(f"*Next update due* {when(spec.next_at)}")
    if said := spec.handover:
        note = quoted(said.text, 800)
        texts.append(f"*Handed over* to <@{said.to}> by <@{said.by}> {when(said.at)}{note}")
    if spec.running:
        texts.append("*Running*\n" + "\n".join(map(running_words, spec.running[:MOST_RUNNING])))
    if spec.summary:
        texts.append(f"*Summary*\n{escaped(spec.summary, 2000)}")
    if spec.duplicates:
        channels = ", ".join(f"<#{channel}>" for channel in spec.duplicates)
        texts.append(f"*Duplicates*: {channels}")
    if spec.links:
        texts.append("*Links*: " + " · ".join(link_words(*link) for link in spec.links.items()))
    return texts


def _headline(title: str, status: str, severity: str) -> str:
    return f"{escape(title)}: {status}, {severity}"


def next_steps(incident: Incident, lead: str) -> list[b.Block]:
    """Buttons for the actions that the incident's status allows; ``lead`` is the role that leads."""
    offered = "" if incident.roles.get(lead) else lead
    return _buttons(
        incident.status, incident.hubs, lead=lead, offered=offered, ending=incident.ending
    )


def lead_button(lead: str) -> b.Block:
    """The button by which a person takes the role that leads."""
    return b.button(f"Become {lead}", action=ACTION_COMMAND)


def _buttons(
    status: str, hubs: Collection[str], *, lead: str, offered: str, ending: str
) -> list[b.Block]:
    """``lead`` is the role that leads, and ``offered`` too, while nobody has taken it."""
    if ending:
        return [b.button("Reopen", action=ACTION_REOPEN), _more(*_ALWAYS)]
    if status == RESOLVED:
        return [
            b.button("Close and report", action=ACTION_CLOSE, style="primary"),
            b.button("Preview the report", action=ACTION_REPORT),
            edit_pages.button(),
            b.button("Reopen", action=ACTION_REOPEN),
            _more(("Post an update", ACTION_UPDATE), *_ALWAYS),
        ]
    if status == CLOSED:
        return [
            b.button("Preview the report", action=ACTION_REPORT),
            edit_pages.button(),
            b.button("Reopen", action=ACTION_REOPEN),
            _more(*_ALWAYS),
        ]
    # Before anything is done somebody has to know what is wrong.
    diagnose = [b.button("Diagnose", action=ACTION_DIAGNOSE)] if hubs else []
    buttons = [
        *diagnose,
        b.button("Post an update", action=ACTION_UPDATE, style="primary"),
        b.button("Run a runbook", action=ACTION_RUN),
        b.button("Resolve", action=ACTION_RESOLVE, confirm=CONFIRM_RESOLVE),
    ]
    if offered:
        buttons.append(lead_button(offered))
    handover = [("Hand over", ACTION_HANDOVER)] if lead else []
    return [*buttons, _more(*handover, *_ALWAYS)]


_ALWAYS = (
    ("Edit title, hubs, summary", ACTION_DETAILS),
    ("Add people", ACTION_INVITE),
    ("Timeline", ACTION_TIMELINE),
)
"""What the menu offers at any time, with the id of what each choice does."""


def _more(*choices: tuple[str, str]) -> b.Block:
    return b.overflow(MORE, [b.option(label, action) for label, action in choices])


def legend(reactions: Mapping[str, Heading]) -> str:
    """Which reaction files a message as what."""
    listed = " · ".join(f":{name}: {HEADINGS[heading]}" for name, heading in reactions.items())
    return f"React to a message to file it: {listed}"


def announcement(spec: AnnouncementSpec) -> Post:
    """What people outside the channel see of the incident's present state."""
    affected = ", ".join(escape(name) for name in spec.hubs)
    status = status_words(spec.status, spec.ending, duplicate_of=spec.duplicate_of)
    lines = [
        f"{sign_of(spec.status)} *{escape(spec.title)}*",
        f"{spec.severity} · *{status}*" + (f" · {affected}" if affected else ""),
    ]
    if spec.summary:
        lines.append(escape(cut(spec.summary, 600)))
    times = f"declared {when(spec.declared_at)} by <@{spec.declared_by}>"
    if spec.resolved_at and not spec.ending:
        times += f" · resolved {when(spec.resolved_at)}"
    is_followed = spec.channel_id and not spec.ending
    where = f" · follow it in <#{spec.channel_id}>" if is_followed else ""
    return Post(
        text=_headline(spec.title, status_words(spec.status, spec.ending), spec.severity),
        blocks=(
            b.section("\n".join(lines)),
            b.context(f"{times}{where}"),
            b.actions(*_reader_buttons(spec)),
        ),
    )


def _reader_buttons(spec: AnnouncementSpec) -> list[b.Block]:
    subscribe = [subscribe_button(spec.incident_id)] if spec.status != CLOSED else []
    return [catch_up_button(spec.incident_id), *subscribe]
