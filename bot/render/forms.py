"""The modals: diagnose, update, action item, timeline entry, runbook, close."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.incident import RESOLVED, Incident, Policy
from bot.domain.milestones import Milestone
from bot.domain.mrkdwn import unescape
from bot.domain.report import first_day
from bot.domain.report_form import SUMMARY, FormSection
from bot.domain.timeline import ANNOTATION_LIMIT, Entry, Line
from bot.domain.typed_time import Unit, written
from bot.render import blocks as b
from bot.render.hub_menu import HUB, HUBS
from bot.render.item_inputs import item_inputs
from bot.render.lines import quiet, words
from bot.render.long_text import LongText
from bot.render.milestones import length
from bot.render.text import cut, escape

DIAGNOSE = "diagnose"
UPDATE = "update"
ACTION_ITEM = "action_item"
EDIT_ENTRY = "edit_entry"
ANNOTATE_ENTRY = "annotate_entry"
RUN = "run"
CLOSE = "close"

TIME_LIMIT = 120
"""Characters of a typed time."""
TEXT_LIMIT = 3000
"""Characters that an input of Slack takes."""
LONG_TEXT = "*{heading}* has {length} characters, more than fit into a form. It stays as it is."

ENTRY_IS_NOW = (
    "This entry has changed since you opened the form. Save again to replace it. It is now:"
)


def diagnose(incident_id: str, *, hubs: Sequence[str], channel: str) -> b.Block:
    """Return the modal that chooses the hub to diagnose; ``channel`` is where it was opened."""
    menu = b.select("value", [b.option(hub, hub) for hub in hubs], placeholder="Choose a hub")
    return b.modal(
        DIAGNOSE,
        "Diagnose a hub",
        [
            b.input_block(HUB, "Which hub?", menu),
            b.context("mayday only reads, and changes nothing. It takes about three seconds."),
        ],
        submit="Diagnose",
        metadata=f"{incident_id}|{channel}",
    )


def _hubs(hubs: Sequence[str], *, chosen: Sequence[str]) -> b.Block:
    """Return the input for hubs: a menu, or a text input if no hubs are configured."""
    if not hubs:
        words = b.text_input("value", placeholder="datahub, stat20", limit=500)
        return b.input_block(HUBS, "Which hubs?", words, optional=True)
    options = [b.option(name, name) for name in hubs]
    menu = b.multi_select("value", options, chosen=chosen, placeholder="Choose hubs")
    return b.input_block(HUBS, "Which hubs?", menu, optional=True)


NEXT_UPDATES = {
    15: "in 15 minutes",
    30: "in 30 minutes",
    60: "in 1 hour",
    120: "in 2 hours",
    240: "in 4 hours",
    480: "in 8 hours",
    1440: "in 24 hours",
}
"""When the next update can be promised: by minutes, how the form says it."""


def update(incident: Incident, *, policy: Policy, interval: timedelta) -> b.Block:
    """Return the modal that posts an update, and changes the status and the severity with it.

    ``interval`` is the usual time between two updates.
    """
    statuses = dict.fromkeys((incident.status, *policy.open_statuses, RESOLVED))
    severities = dict.fromkeys((incident.severity, *policy.severities))
    later = [b.option(words, str(minutes)) for minutes, words in NEXT_UPDATES.items()]
    usual = f"as usual, in {length(interval)}"
    return b.modal(
        UPDATE,
        "Post an update",
        [
            b.input_block(
                "text",
                "What is the current situation?",
                b.text_input("value", multiline=True, placeholder="What you know, what is next"),
                optional=True,
            ),
            _menu("status", "Status", statuses, chosen=incident.status),
            _menu("severity", "Severity", severities, chosen=incident.severity),
            b.input_block(
                "next", "Next update", b.select("value", later, placeholder=usual), optional=True
            ),
        ],
        submit="Post",
        metadata=f"{incident.id}|{incident.status}|{incident.severity}",
    )


def _menu(name: str, label: str, choices: Iterable[str], *, chosen: str) -> b.Block:
    """Return the input that chooses one of some names."""
    options = [b.option(one, one) for one in choices]
    return b.input_block(name, label, b.select("value", options, chosen=chosen))


def action_item(
    incident_id: str,
    *,
    groups: Sequence[str],
    chosen: str = "",
    categories: Sequence[str] = (),
    title: str = "",
    source: str = "",
) -> b.Block:
    """Return the modal that adds an action item. ``chosen`` is one of the groups, by default the last."""
    options = [b.option(g, g) for g in groups]
    return b.modal(
        ACTION_ITEM,
        "Action item",
        [
            b.input_block("title", "What needs to be done?", b.text_input("value", initial=title)),
            b.input_block(
                "group",
                "Under which heading?",
                b.select("value", options, chosen=chosen or groups[-1]),
            ),
            b.input_block(
                "new_group",
                "Or under a new heading",
                b.text_input("value", limit=75),
                optional=True,
                hint="Only this incident's report has it.",
            ),
            b.input_block(
                "owner",
                "Who owns it?",
                {
                    "type": "users_select",
                    "action_id": "value",
                    "placeholder": b.plain("Choose a person"),
                },
                optional=True,
            ),
            b.input_block(
                "link",
                "Is it already tracked somewhere?",
                b.text_input("value", placeholder="https://…"),
                optional=True,
                hint="An issue or pull request. mayday files no second issue then.",
            ),
            *item_inputs(categories=categories),
        ],
        submit="Add",
        metadata=f"{incident_id}|{source}",
    )


def shown_time(entry: Entry, zone: ZoneInfo) -> str:
    """Return a time as :func:`edit_entry` shows it, without fractions. A submitted form with this text has
    not changed the time."""
    time = entry.time
    has_seconds = time.unit.has_clock and entry.at.second != 0
    return written(replace(time, unit=Unit.SECOND if has_seconds else time.unit), zone)


def edit_entry(
    incident_id: str,
    line: Line,
    *,
    zone: ZoneInfo,
    notice: str = "",
    typed: LongText | None = None,
    typed_at: str = "",
) -> b.Block:
    """Return the modal that edits the text and time of a timeline entry.

    ``typed`` and ``typed_at`` are what a person typed into it before the entry was changed by somebody else:
    the form shows both. ``notice`` says where the change goes.
    """
    text, at = typed or LongText.of(unescape(line.text)), shown_time(line.entry, zone)
    blocks = []
    if typed:
        now = f"{escape(at)}  {quiet(cut(line.text, 2000))}"
        blocks.append(b.section(f"⚠️ {ENTRY_IS_NOW}\n{now}"))
    blocks += [
        *text.blocks("text", "Text in the timeline"),
        b.input_block(
            "at",
            f"When it happened ({zone.key})",
            b.text_input("value", initial=typed_at or at, limit=TIME_LIMIT),
            hint=_typed(line.entry),
        ),
        *([b.context(notice)] if notice else []),
    ]
    metadata = f"{incident_id}|{line.entry.id}|{line.version}|{text.joints}"
    return b.modal(EDIT_ENTRY, "Edit the entry", blocks, submit="Save", metadata=metadata)


def _typed(entry: Entry) -> str:
    """Return what was typed as the time, and which other times can be typed."""
    typed = f"Typed as “{cut(entry.typed, TIME_LIMIT)}”. " if entry.typed else ""
    return (
        f"{typed}A time without a date is on the entry's day. For a span write 16:34 - 16:49, "
        "for an approximate time ~16:06."
    )


def annotate_entry(incident_id: str, line: Line) -> b.Block:
    """Return the modal that adds a text below a timeline entry, which can't be edited."""
    return b.modal(
        ANNOTATE_ENTRY,
        "Annotate the entry",
        [
            b.section(quiet(cut(words(line), 2900))),
            b.input_block(
                "text",
                "Annotation",
                b.text_input("value", multiline=True, limit=ANNOTATION_LIMIT),
                hint="The timeline and the report show it below the entry, with your name.",
            ),
        ],
        submit="Save",
        metadata=f"{incident_id}|{line.entry.id}",
    )


def close(
    incident: Incident,
    *,
    questions: Sequence[FormSection],
    zone: ZoneInfo,
    now: datetime,
    gaps: Sequence[str],
    hubs: Sequence[str],
    wants_hubs: bool,
) -> b.Block:
    """Return the modal that closes an incident and asks for the texts of the report's sections.

    ``questions`` are the sections, ``gaps`` what is missing, in words, and ``hubs`` the hubs to choose from.
    """
    began = Milestone.IMPACT in incident.milestones
    today = first_day(incident, zone) if began else now.astimezone(zone).date()
    day = incident.answers.report_date or today
    missing = "\n".join(f"• {escape(gap)}" for gap in gaps)
    blocks = [
        b.section(
            f"*Still missing in the report:*\n{missing}\nThe report marks the parts that stay empty."
            if gaps
            else "The report is complete."
        ),
        b.input_block("title", "Title", b.text_input("value", initial=incident.title)),
        b.input_block(
            "report_date",
            "Date of the report",
            {"type": "datepicker", "action_id": "value", "initial_date": day.isoformat()},
        ),
        *(_question(section, incident) for section in questions),
    ]
    if wants_hubs:
        blocks.append(_hubs(list(dict.fromkeys((*hubs, *incident.hubs))), chosen=incident.hubs))
    return b.modal(CLOSE, "Close and report", blocks, submit="Close", metadata=incident.id)


def _question(section: FormSection, incident: Incident) -> b.Block:
    """Return the input for a section. A text that doesn't fit is only mentioned, so that it is kept whole."""
    texts = {**incident.answers.texts, SUMMARY: incident.summary}
    text = texts.get(section.key, "")
    if len(text) > TEXT_LIMIT:
        return b.section(LONG_TEXT.format(heading=escape(section.heading), length=len(text)))
    words = b.text_input("value", initial=text, multiline=True)
    return b.input_block(section.key, section.heading, words, optional=True, hint=section.question)
