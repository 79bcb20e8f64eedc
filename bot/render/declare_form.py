"""The form that declares an incident, a drill or a past incident, and what stands in its place afterwards."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from bot.domain.incident import TITLE_LIMIT, Incident, Policy
from bot.domain.milestones import Milestone
from bot.render import blocks as b
from bot.render.hub_menu import hubs_input
from bot.render.status import status_words
from bot.render.text import cut, escape, when

DECLARE = "declare"
ACTION_HUBS = "declare.hubs"
ACTION_JOIN = "declare.join"
ACTION_ANYWAY = "declare.anyway"

TIME_LIMIT = 120
"""Characters of a typed time."""
MARKS = "private"
"""The block id of the boxes that mark the incident as private or as a drill."""
BEGAN = "began"
OPEN_ALREADY = "*Open already.* If it is one of these, join it instead of declaring another one:"

_PAST = (
    (BEGAN, "When did it begin?", Milestone.IMPACT, True),
    ("detected", "When was it noticed?", Milestone.DETECTED, False),
    ("mitigated", "When did it get better?", Milestone.MITIGATED, False),
    ("resolved", "When was it over?", Milestone.RESOLVED, True),
)
TIMES: Mapping[str, Milestone] = {name: milestone for name, _, milestone, _ in _PAST}
"""The times that the form asks for, by their block ids."""


@dataclass(frozen=True, kw_only=True)
class Prefill:
    """What the inputs show when the form is opened. ``times`` are as typed, by block id."""

    title: str = ""
    severity: str = ""
    hubs: tuple[str, ...] = ()
    summary: str = ""
    private: bool = False
    drill: bool = False
    times: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the form was opened for, which it carries unseen.

    ``origin`` is the channel where it was opened, ``diagnosis`` the id of one that the incident begins with.
    ``is_past``: it records an incident that is over. ``adopted`` is the id of the channel that it takes over,
    ``message`` the message that it is declared from (channel, ts, thread_ts, author). ``shown`` are ids of
    the open incidents like this one that it shows, ``seen`` those that it has shown.
    """

    origin: str = ""
    diagnosis: str = ""
    is_past: bool = False
    adopted: str = ""
    message: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    def to_metadata(self) -> str:
        """Return it as the form carries it."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    @classmethod
    def of(cls, metadata: str) -> Opened:
        """Return what a form carries; an earlier version's has the channel and the diagnosis."""
        if not metadata.startswith("{"):
            origin, _, diagnosis = metadata.partition("|")
            return cls(origin=origin, diagnosis=diagnosis)
        found: dict[str, Any] = json.loads(metadata)
        made: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in found.items()
            if name in asdict(cls())
        }
        return cls(**made)


def declare(
    prefill: Prefill,
    opened: Opened,
    *,
    policy: Policy,
    descriptions: Mapping[str, str],
    hubs: Mapping[str, str],
    like: Sequence[Incident] = (),
) -> b.Block:
    """Return the modal. ``hubs`` are the configured ones with their clusters, ``like`` are open incidents
    that may be the same outage."""
    severities = [
        b.option(name, name, description=descriptions.get(name, "")) for name in policy.severities
    ]
    usual = policy.severities[min(1, len(severities) - 1)]
    blocks = [
        *shown_like(like),
        *([b.context(_taken_over(opened.adopted))] if opened.adopted else []),
        b.input_block(
            "title",
            "What was broken?" if opened.is_past else "What is broken?",
            b.text_input(
                "value",
                initial=cut(prefill.title, 3000),
                placeholder="Users of DataHub see 500 errors",
            ),
            hint=f"At most {TITLE_LIMIT} characters. The channel and the report are named after it.",
        ),
        b.input_block(
            "severity",
            "How bad was it?" if opened.is_past else "How bad is it?",
            b.select("value", severities, chosen=prefill.severity or usual),
        ),
    ]
    if hubs:
        chosen = prefill.hubs or (tuple(hubs) if len(hubs) == 1 else ())
        menu = hubs_input(hubs, chosen=chosen, action=ACTION_HUBS)
        menu["dispatch_action"] = not opened.is_past
        blocks.append(menu)
    blocks += [
        b.input_block(
            "summary",
            "What is known?" if opened.is_past else "What is known so far?",
            b.text_input("value", initial=cut(prefill.summary, 3000), multiline=True),
            optional=True,
        ),
        *_times(prefill, is_past=opened.is_past),
        _marks(prefill, can_be_private=not opened.adopted),
    ]
    title, submit = ("Declare an incident", "Declare")
    if opened.is_past:
        title, submit = "Record a past incident", "Record"
    elif opened.adopted:
        title, submit = "Take over the channel", "Declare"
    shown = tuple(each.id for each in like)
    carried = replace(opened, shown=shown, seen=tuple(dict.fromkeys((*opened.seen, *shown))))
    return b.modal(DECLARE, title, blocks, submit=submit, metadata=carried.to_metadata())


def _taken_over(channel: str) -> str:
    return (
        f"mayday takes over <#{channel}> as the incident's channel. The channel keeps its name and topic. "
        "Everything in it becomes part of the incident's record."
    )


def _times(prefill: Prefill, *, is_past: bool) -> list[b.Block]:
    """Return the inputs of the times: all of a past incident, else when it began."""
    return [
        b.input_block(
            name,
            label,
            b.text_input(
                "value",
                initial=prefill.times.get(name, ""),
                placeholder="2017-02-23 21:10" if is_past else "21:10, or 2017-02-23 21:10",
                limit=TIME_LIMIT,
            ),
            optional=not (is_past and is_required),
            hint="" if is_past else "When users first noticed it. You can set it later, too.",
        )
        for name, label, _milestone, is_required in _PAST
        if is_past or name == BEGAN
    ]


def _marks(prefill: Prefill, *, can_be_private: bool) -> b.Block:
    """Return the boxes that mark the incident. An adopted channel is as private as it was."""
    private = b.option(
        "Private", "private", description="Opens a private channel, without an announcement."
    )
    drill = b.option(
        "Drill", "drill", description="Practice: marked everywhere, kept out of search and GitHub."
    )
    options = [private, drill] if can_be_private else [drill]
    ticked = {"private": prefill.private, "drill": prefill.drill}
    chosen = [each for each in options if ticked[each["value"]]]
    boxes: b.Block = {"type": "checkboxes", "action_id": "value", "options": options}
    if chosen:
        boxes["initial_options"] = chosen
    return b.input_block(MARKS, "Is it something special?", boxes, optional=True)


def shown_like(like: Collection[Incident]) -> list[b.Block]:
    """Return open incidents, each with a button to join it."""
    if not like:
        return []
    join = [
        b.section(_incident(each), accessory=b.button("Join", action=ACTION_JOIN, value=each.id))
        for each in like
    ]
    return [b.section(f"⚠️ {OPEN_ALREADY}"), *join, {"type": "divider"}]


def _incident(incident: Incident) -> str:
    hubs = f" · {escape(', '.join(incident.hubs))}" if incident.hubs else ""
    where = f"<#{incident.channel_id}>" if incident.channel_id else escape(incident.channel_name)
    return (
        f"*{escape(incident.shown_title)}*\n{incident.severity} · "
        f"{status_words(incident.status, incident.ending)}{hubs} · {where} · "
        f"declared {when(incident.declared_at)} by <@{incident.declared_by}>"
    )


def joined(incident: Incident) -> b.Block:
    """Return what takes the form's place when its person joins an open incident instead."""
    text = joining(incident)
    return b.modal(DECLARE, "Join an incident", [b.section(text)], close="Close")


def joining(incident: Incident) -> str:
    """The person who asked is being invited."""
    where = f"<#{incident.channel_id}>" if incident.channel_id else escape(incident.channel_name)
    return f"✅ mayday is inviting you to {where}: *{escape(incident.shown_title)}*."
