"""*Edit report*: the pages from which each part of a report is edited, one modal with a button for each page.

The parts' own forms open above it, so that what is written in one of them never disappears with a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain import report_parts as parts
from bot.domain.actions import ActionItem
from bot.domain.entry_order import moment
from bot.domain.incident import Incident
from bot.domain.milestones import disordered
from bot.domain.mrkdwn import unescape
from bot.domain.report_parts import Revision
from bot.domain.timeline import EntryChange, Heading, Line
from bot.domain.typed_time import written
from bot.render import blocks as b
from bot.render.lines import HEADINGS, quiet, words
from bot.render.milestones import NAMES as MILESTONE_NAMES
from bot.render.text import cut, escape, escaped, when
from bot.render.times import during

VIEW = "edit_pages"

ACTION_OPEN = "report.edit"
ACTION_PART = "edit.part"
ACTION_ENTRY = "edit.entry"
ACTION_ITEM = "edit.item"
ACTION_ADD = "edit.add_item"
ACTION_UNDO = "edit.undo"


class Page(StrEnum):
    """A page, in the order of the buttons."""

    REPORT = "report"
    TIMELINE = "timeline"
    ITEMS = "items"
    CHANGES = "changes"


PAGES: Mapping[Page, str] = {
    Page.REPORT: "Report",
    Page.TIMELINE: "Timeline",
    Page.ITEMS: "Actions",
    Page.CHANGES: "Changes",
}
EARLIER, LATER = "edit.earlier", "edit.later"
TURNS = (*(f"edit.page.{page}" for page in Page), EARLIER, LATER)
"""The action ids of the buttons that show another page. Their value is ``PAGE:NUMBER``."""

EDIT, ANNOTATE, UP, DOWN = "edit", "annotate", "up", "down"
REMOVE, RESTORE = "remove", "restore"
_ENTRY_WORDS = {
    EDIT: "Edit",
    ANNOTATE: "Annotate",
    UP: "Move up",
    DOWN: "Move down",
    REMOVE: "Remove",
    RESTORE: "Restore",
}

PER_PAGE = 15
MOST_CHANGES = 20
MOST_ITEMS = 80
SHOWN = 250
"""Characters of an entry or a text on a page."""

_OPEN_TOKEN = re.compile(r"<[^<>]*$")
"""A mention or a link that was cut."""

NOT_PRINTED = "not in the report, since the incident was recorded later"
NO_ENTRIES = "The timeline is empty."
NO_ITEMS = "There are no action items."
NO_CHANGES = "Nobody has changed the report yet."
EMPTY = "_empty_"
AS_IN_FORM = "_as in the form_"
AS_FOUND = "_ticked as mayday finds it_"
UNTRUE = "“{label}” is ticked by hand, but {reason}. Untick it, or correct that."
_REASONS = {
    "over": "the incident isn't resolved",
    "filled": "sections are empty or have something that is still to be written",
    "cleaned": "the incident isn't closed, or something is still to be written",
    "linked": "there are action items without an issue",
}
NEW_SECTION = "Another section, for this report only"
EDIT_REPORT = "Edit report"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was just done, shown at the top. ``undo`` is the value of a button that takes it back."""

    text: str
    undo: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A line of the page of changes. ``undo`` is as in :class:`Said`."""

    at: datetime
    by: str
    text: str
    undo: str = ""


def button() -> b.Block:
    """Return the button that opens the first page, in the incident's channel."""
    return b.button(EDIT_REPORT, action=ACTION_OPEN)


def page(
    incident: Incident,
    which: Page,
    number: int,
    content: Sequence[b.Block],
    *,
    counts: Mapping[Page, int],
    notice: str = "",
    said: Said | None = None,
) -> b.Block:
    """Return the modal with a page's content. The buttons of the pages show their ``counts``.

    ``notice`` says where a change goes.
    """
    tabs = []
    for action, name in zip(TURNS, Page, strict=False):
        label = f"{PAGES[name]} ({counts[name]})" if name in counts else PAGES[name]
        style = "primary" if name is which else ""
        tabs.append(b.button(label, action=action, value=f"{name}:0", style=style))
    blocks = [b.section(f"*{escape(incident.title)}*"), b.actions(*tabs, block_id="pages")]
    if said:
        undo = b.button("Undo", action=ACTION_UNDO, value=said.undo) if said.undo else None
        blocks.append(b.section(said.text, accessory=undo, block_id="said"))
    if notice:
        blocks.append(b.context(notice))
    return b.modal(
        VIEW,
        EDIT_REPORT,
        [*blocks, *content],
        close="Close",
        metadata=f"{incident.id}|{which}:{number}",
    )


def report_page(
    incident: Incident,
    sections: Mapping[str, str],
    *,
    zone: ZoneInfo,
    has_front: bool = False,
    has_checks: bool = False,
    untrue: Sequence[str] = (),
) -> list[b.Block]:
    """Return the page of texts and times. ``sections`` are the headings of the form by their keys.

    ``has_front`` and ``has_checks`` are whether a form shows a name in front matter, and checkboxes.
    ``untrue`` are the names of checkboxes that people ticked although they aren't so.
    """
    options, answers = incident.report_options, incident.answers
    day = answers.report_date.isoformat() if answers.report_date else EMPTY
    about = f"*Title, date, hubs, labels*\n{escape(incident.title)} · {day}"
    if incident.hubs:
        about += f" · {escape(', '.join(incident.hubs))}"
    blocks = [_part(about, parts.ABOUT), _part(_times(incident, zone), parts.TIMES)]
    for key, heading in sections.items():
        own = options.headings.get(key, "")
        text = incident.summary if key == parts.SUMMARY else answers.texts.get(key, "")
        blocks.append(_part(_text(own or heading, text), f"{parts.SECTION}/{key}"))
    for number, extra in enumerate(options.extra):
        blocks.append(_part(_text(extra.heading, extra.text), f"{parts.EXTRA}/{number}"))
    if has_front:
        shown = " · ".join(
            escape(answers.texts[k]) for k in parts.FRONT_TEXTS if k in answers.texts
        )
        blocks.append(_part(f"*Front matter*\n{shown or AS_IN_FORM}", parts.FRONT))
    if has_checks:
        blocks.append(_part(f"*Checklist*\n{_ticks(incident, untrue)}", parts.TICKS))
    others = [h for key, h in options.headings.items() if key in parts.OTHER_HEADINGS]
    shown = escape(", ".join(others)) if others else AS_IN_FORM
    blocks.append(_part(f"*Other headings*\n{shown}", parts.HEADINGS))
    new = f"{parts.EXTRA}/{len(options.extra)}"
    blocks.append(_part(f"_{NEW_SECTION}_", new, label="Add"))
    return blocks


def _ticks(incident: Incident, untrue: Sequence[str]) -> str:
    ticks = incident.report_options.ticks
    lines = [
        f"{'☑' if ticks[name] else '☐'} {parts.CHECKS[name]}"
        for name in parts.CHECKS
        if name in ticks
    ]
    return "\n".join([*lines, *untrue_ticks(untrue)]) or AS_FOUND


def untrue_ticks(names: Sequence[str]) -> list[str]:
    """Return a warning for each checkbox that is ticked by hand although it isn't so."""
    return [f"⚠️ {UNTRUE.format(label=parts.CHECKS[name], reason=_REASONS[name])}" for name in names]


def _part(text: str, part: str, *, label: str = "Edit") -> b.Block:
    return b.section(
        text, accessory=b.button(label, action=ACTION_PART, value=part), block_id=f"part {part}"
    )


def _text(heading: str, text: str) -> str:
    shown = escaped(cut(" ".join(text.split()), SHOWN), 2 * SHOWN) if text.strip() else EMPTY
    return f"*{escape(heading)}*\n{shown}"


def _times(incident: Incident, zone: ZoneInfo) -> str:
    known = incident.times
    shown = [
        f"{label}: {escape(written(known[name], zone))}"
        for name, label in MILESTONE_NAMES.items()
        if name in known
    ]
    text = "*Times of the incident*\n" + "\n".join(shown)
    return text + "".join(f"\n⚠️ {line}" for line in out_of_order(incident))


def out_of_order(incident: Incident) -> list[str]:
    """Return a sentence for each two times that are not in their order."""
    return [
        f"“{MILESTONE_NAMES[then]}” is before “{MILESTONE_NAMES[first]}”. Check both."
        for first, then in disordered(incident.times)
    ]


def entries_page(
    lines: Sequence[Line], number: int, *, timeline: Sequence[int], zone: ZoneInfo
) -> list[b.Block]:
    """Return one page of entries. ``timeline`` are the ids of those in the report's timeline, in order;
    removed ones can be restored."""
    if not lines:
        return [b.section(NO_ENTRIES)]
    number = min(max(number, 0), (len(lines) - 1) // PER_PAGE)
    by_id = {line.entry.id: line for line in lines}
    above: dict[int, int] = {}
    for upper, lower in pairwise(timeline):
        if upper in by_id and lower in by_id and moment(by_id[upper]) == moment(by_id[lower]):
            above[lower] = upper
    below = {upper: lower for lower, upper in above.items()}
    start = number * PER_PAGE
    blocks = [
        _entry(
            line,
            above.get(line.entry.id),
            below.get(line.entry.id),
            is_printed=line.entry.id in timeline,
            zone=zone,
        )
        for line in lines[start : start + PER_PAGE]
    ]
    turns = []
    if start:
        turns.append(b.button("Earlier", action=EARLIER, value=f"{Page.TIMELINE}:{number - 1}"))
    if start + PER_PAGE < len(lines):
        turns.append(b.button("Later", action=LATER, value=f"{Page.TIMELINE}:{number + 1}"))
    shown = f"Entries {start + 1} to {min(start + PER_PAGE, len(lines))} of {len(lines)}"
    return [*blocks, b.context(shown), *([b.actions(*turns)] if turns else [])]


def _entry(
    line: Line, upper: int | None, lower: int | None, *, is_printed: bool, zone: ZoneInfo
) -> b.Block:
    entry = line.entry
    if entry.deleted_at is not None:
        verbs = [(RESTORE, "")]
    else:
        verbs = [(EDIT, "")] if entry.kind.is_editable else []
        verbs.append((ANNOTATE, ""))
        verbs += [(UP, f":{upper}")] if upper else []
        verbs += [(DOWN, f":{lower}")] if lower else []
        verbs += [(REMOVE, "")] if entry.kind.is_editable else []
    menu = b.overflow(
        ACTION_ENTRY,
        [b.option(_ENTRY_WORDS[verb], f"{verb}:{entry.id}{more}") for verb, more in verbs],
    )
    text = quiet(_OPEN_TOKEN.sub("…", cut(" ".join(words(line).split()), SHOWN)))
    if entry.deleted_at is not None:
        text = f"_removed:_ {text}"
    notes = [HEADINGS[h] for h in Heading if h in line.headings and h is not Heading.TIMELINE]
    if not (is_printed or notes or entry.deleted_at):
        notes.append(NOT_PRINTED)
    notes += [f"{len(line.annotations)} annotations"] if line.annotations else []
    text = f"{during(entry.time, zone)}  {text}" + (f"\n_{' · '.join(notes)}_" if notes else "")
    return b.section(text, accessory=menu, block_id=f"entry {entry.id}")


def items_page(items: Sequence[ActionItem]) -> list[b.Block]:
    """Return the page of action items."""
    blocks = [_item(item) for item in items[:MOST_ITEMS]] or [b.section(NO_ITEMS)]
    add = b.button("Add an action item", action=ACTION_ADD)
    return [*blocks, b.actions(add, block_id="add")]


def _item(item: ActionItem) -> b.Block:
    facts = [escape(item.group)] if item.group else []
    facts += [f"<@{item.owner}>"] if item.owner else []
    facts += [f"due {item.due_on.isoformat()}"] if item.due_on else []
    facts += [f"<{link}>" for link in (item.issue_url or item.link,) if link]
    state = {parts.DONE: "✅ ", parts.DROPPED: "🚫 "}.get(item.state, "")
    text = f"{state}{quiet(escaped(cut(item.title, SHOWN), 2 * SHOWN))}\n{' · '.join(facts)}"
    options = [("Edit", f"{EDIT}:{item.id}")]
    options += [
        (label, f"{to}:{item.id}")
        for to, label in ((parts.DONE, "Done"), (parts.DROPPED, "Drop"), (parts.OPEN, "Reopen"))
        if to != item.state
    ]
    menu = b.overflow(ACTION_ITEM, [b.option(*option) for option in options])
    return b.section(text.strip(), accessory=menu, block_id=f"item {item.id}")


def changes_page(found: Sequence[Change]) -> list[b.Block]:
    """Return the page of the latest changes, the newest first."""
    if not found:
        return [b.section(NO_CHANGES)]
    return [
        b.section(
            f"{when(one.at)} <@{one.by}>\n{one.text}",
            accessory=b.button("Undo", action=ACTION_UNDO, value=one.undo) if one.undo else None,
            block_id=f"change {number}",
        )
        for number, one in enumerate(found[:MOST_CHANGES])
    ]


def part_changes(found: Sequence[Revision], names: Mapping[str, str]) -> list[Change]:
    """Return the changes of parts; ``names`` are those of the parts."""
    changes = []
    for one in found:
        name = names.get(one.part, one.part)
        if one.part.startswith("entry/"):
            text, undo = "moved an entry", ""
        else:
            text, undo = f"changed *{escape(name)}*: {_difference(one)}", f"part:{one.id}"
        changes.append(Change(at=one.at, by=one.by, text=text, undo=undo))
    return changes


def _difference(one: Revision) -> str:
    shown = [
        f"{field.replace('_', ' ')} {_short(one.before.get(field))} → {_short(value)}"
        for field, value in one.after.items()
    ]
    return "; ".join(shown)


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "ticked" if value else "not ticked"
    if isinstance(value, Mapping) and "at" in value:
        return escape(str(value.get("typed") or value["at"]))
    if isinstance(value, list):
        value = ", ".join(str(v.get("heading") if isinstance(v, Mapping) else v) for v in value)
    if isinstance(value, Mapping):
        value = ", ".join(f"{k} {v}" for k, v in value.items())
    return f"“{escaped(cut(' '.join(str(value).split()), 80), 160)}”" if value else EMPTY


_CHANGED = {
    EntryChange.EDITED: "edited an entry",
    EntryChange.REMOVED: "removed an entry",
    EntryChange.RESTORED: "restored an entry",
    EntryChange.ANNOTATED: "annotated an entry",
}


def entry_changes(lines: Sequence[Line]) -> list[Change]:
    """Return the changes of entries."""
    changes = []
    for line in lines:
        for one in line.revisions:
            old, new = (unescape(str(v.get("text", ""))) for v in (one.before, one.after))
            is_edit = one.change is EntryChange.EDITED and old != new
            text = f"{_short(old)} → {_short(new)}" if is_edit else _short(unescape(line.text))
            undo = "" if one.change is EntryChange.ANNOTATED else f"entry:{one.id}"
            shown = f"{_CHANGED[one.change]}: {text}"
            changes.append(Change(at=one.at, by=one.by, text=shown, undo=undo))
    return changes
