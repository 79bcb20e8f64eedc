"""The forms that edit one part of a report: a section, the times, an action item, what is at the top."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain import report_parts as parts
from bot.domain.report_parts import fingerprint
from bot.domain.typography import spaced
from bot.render import blocks as b
from bot.render.forms import TIME_LIMIT
from bot.render.hub_menu import HUBS
from bot.render.long_text import INPUT_LIMIT, LongText
from bot.render.milestones import NAMES
from bot.render.text import cut, escape, escaped, when

EDIT_PART = "edit_part"
OTHER_HUBS = "other_hubs"

CONFLICT = "{who} changed this {when}, after you opened the form. Save again to replace it."
CONFLICT_AT_FIELD = "Somebody changed this after you opened the form. Save again to replace it."
USUAL = "Leave it empty for the form's own heading."
SOMEBODY = "Somebody"

Typed = str | tuple[str, ...]
"""What an input holds: text, a date, a choice, or several choices."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a form. ``kind`` is line, text, date, person, choice or choices."""

    name: str
    label: str
    kind: str = "line"
    is_optional: bool = True
    hint: str = ""
    options: tuple[str, ...] = ()
    limit: int = INPUT_LIMIT


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a form says of itself: the part, a fingerprint of each input as it was shown, and how the
    inputs of a long text are joined."""

    part: str
    base: Mapping[str, str]
    joints: Mapping[str, str]

    def written(self) -> str:
        """Return it as the form's metadata holds it."""
        return json.dumps([self.part, dict(self.base), dict(self.joints)], separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Sheet:
        """Return what :meth:`written` wrote."""
        part, base, joints = json.loads(text)
        return cls(part=part, base=base, joints=joints)


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A field that somebody else changed meanwhile: to what, and who and when if it is known."""

    field: str
    theirs: Typed
    note: str


def conflict_note(by: str, at: Any) -> str:
    """Return who changed a field and when."""
    who = f"<@{by}>" if by else SOMEBODY
    return CONFLICT.format(who=who, when=f"({when(at)})" if at else "meanwhile")


def mark(typed: Typed) -> str:
    """Return the fingerprint of what an input holds, the same as after a form was submitted."""
    texts = [typed] if isinstance(typed, str) else list(typed)
    return fingerprint([spaced(text).strip() for text in texts])


def inputs(
    part: str,
    *,
    heading: str = "",
    hubs: Sequence[str] = (),
    categories: Sequence[str] = (),
    zone: ZoneInfo | None = None,
) -> tuple[Input, ...]:
    """Return the inputs of a part's form. ``heading`` is a section's own, ``hubs`` and ``categories`` are
    those to choose."""
    match parts.split(part):
        case ("section", _):
            title = Input(
                name="heading",
                label="Heading in this report",
                hint=f"Leave it empty for “{heading}”.",
                limit=parts.HEADING_LIMIT,
            )
            return (Input(name="text", label=heading or "Text", kind="text"), title)
        case ("extra", _):
            return (
                Input(name="heading", label="Heading", limit=parts.HEADING_LIMIT),
                Input(
                    name="text",
                    label="Text",
                    kind="text",
                    hint="To remove the section, empty both fields.",
                ),
            )
        case ("times", _):
            zoned = f" ({zone.key})" if zone else ""
            return tuple(
                Input(name=name.value, label=f"{label}{zoned}", limit=TIME_LIMIT)
                for name, label in NAMES.items()
            )
        case ("headings", _):
            return tuple(
                Input(name=key, label=usual, hint=USUAL, limit=parts.HEADING_LIMIT)
                for key, usual in parts.OTHER_HEADINGS.items()
            )
        case ("front", _):
            return _FRONT
        case ("ticks", _):
            return _TICKS
        case ("item", _):
            kind = "choice" if categories else "line"
            category = Input(
                name="category", label="Category", kind=kind, options=tuple(categories), limit=100
            )
            return (*_ITEM, category)
        case ("details", _):
            summary = Input(name="summary", label="What is known so far?", kind="text")
            return (_TITLE, *_hubs(hubs), summary)
    return (
        _TITLE,
        Input(name="report_date", label="Date of the report", kind="date"),
        *_hubs(hubs),
        Input(name="labels", label="Labels of the issue", hint="Separated by commas."),
        Input(
            name="assignees",
            label="Assignees of the issue",
            hint="GitHub user names, separated by commas.",
        ),
    )


_TITLE = Input(name="title", label="Title", is_optional=False)


def _hubs(hubs: Sequence[str]) -> tuple[Input, ...]:
    """Return the inputs of the affected hubs: a menu of the configured ones, and a text for others."""
    others = Input(
        name=OTHER_HUBS,
        label="Other hubs",
        kind="text",
        hint="One a line, with a link if there is one: stat20 https://stat20.example.edu",
    )
    menu = Input(name=HUBS, label="Hubs", kind="choices", options=tuple(hubs))
    return (menu, others) if hubs else (others,)


_ITEM = (
    Input(name="title", label="What needs to be done?", is_optional=False),
    Input(name="group", label="Heading", hint="Items with the same heading are listed together."),
    Input(name="owner", label="Owner", kind="person"),
    Input(name="due_on", label="Due date", kind="date"),
    Input(
        name="link",
        label="Link",
        hint="The issue or pull request that tracks it already.",
    ),
    Input(name="state", label="State", kind="choice", is_optional=False, options=parts.STATES),
    Input(
        name="repository",
        label="Repository of its issue",
        hint="OWNER/NAME. Leave it empty for the configured one.",
        limit=140,
    ),
)

_FRONT = (
    Input(
        name="name",
        label="Name",
        hint="Leave it empty for the title with the months of the incident.",
    ),
    Input(
        name="about",
        label="Description",
        hint="Leave it empty for the beginning of the user impact.",
    ),
)

TICKS: Mapping[str, bool | None] = {
    "as mayday finds": None,
    "ticked": True,
    "not ticked": False,
}
"""The choices for a checkbox."""

_TICKS = tuple(
    Input(name=name, label=label, kind="choice", is_optional=False, options=tuple(TICKS))
    for name, label in parts.CHECKS.items()
)

_TITLES = {
    parts.SECTION: "Edit the section",
    parts.EXTRA: "Edit the section",
    parts.HEADINGS: "Edit the headings",
    parts.TIMES: "Edit the times",
    parts.ABOUT: "Edit title, hubs, labels",
    parts.FRONT: "Edit the front matter",
    parts.TICKS: "Edit the checklist",
    parts.DETAILS: "Edit the incident",
    parts.ITEM: "Edit the action item",
}


def form(
    incident_id: str,
    part: str,
    fields: Sequence[Input],
    shown: Mapping[str, Typed],
    *,
    before: Sheet | None = None,
    texts: Mapping[str, LongText] = MappingProxyType({}),
    conflicts: Sequence[Conflict] = (),
    notice: str = "",
) -> b.Block:
    """Return the form of a part, filled with ``shown``; ``notice`` says where the change goes.

    ``before`` is the sheet of the same form as it was submitted, ``texts`` are its long texts, and
    ``conflicts`` are what somebody else wrote meanwhile. Slack keeps what is typed into an input, so the
    inputs and the fingerprints of the other fields stay as they were.
    """
    labels = {one.name: one.label for one in fields}
    blocks = [
        b.section(f"⚠️ *{escape(labels[one.field])}*: {one.note} It is now:\n{_quoted(one.theirs)}")
        for one in conflicts
    ]
    joints: dict[str, str] = {}
    for one in fields:
        typed = shown[one.name]
        if one.kind != "text":
            blocks.append(_input(one, typed))
            continue
        text = texts.get(one.name) or LongText.of(str(typed))
        blocks += text.blocks(one.name, one.label, optional=one.is_optional, hint=one.hint)
        if text.joints:
            joints[one.name] = text.joints
    if notice:
        blocks.append(b.context(notice))
    base = dict(before.base) if before else {one.name: mark(shown[one.name]) for one in fields}
    base |= {one.field: mark(one.theirs) for one in conflicts}
    sheet = Sheet(part=part, base=base, joints=joints)
    title = _TITLES[parts.split(part)[0]]
    metadata = f"{incident_id}|{sheet.written()}"
    close = "Cancel" if part == parts.DETAILS else "Back"
    return b.modal(EDIT_PART, title, blocks, submit="Save", close=close, metadata=metadata)


def _quoted(typed: Typed) -> str:
    text = typed if isinstance(typed, str) else ", ".join(typed)
    lines = escaped(cut(text, 2000), 2200).split("\n") if text else ["_nothing_"]
    return "\n".join(f"> {line}" for line in lines)


def _input(one: Input, typed: Typed) -> b.Block:
    element = _element(one, typed)
    return b.input_block(one.name, one.label, element, optional=one.is_optional, hint=one.hint)


def _element(one: Input, typed: Typed) -> b.Block:
    text = typed if isinstance(typed, str) else ""
    match one.kind:
        case "date":
            day = {"initial_date": text} if text else {}
            return {"type": "datepicker", "action_id": "value", **day}
        case "person":
            user = {"initial_user": text} if text else {}
            placeholder = b.plain("Choose a person")
            return {
                "type": "users_select",
                "action_id": "value",
                "placeholder": placeholder,
                **user,
            }
        case "choice":
            names = dict.fromkeys([*one.options, *([text] if text else [])])
            return b.select("value", [b.option(o, o) for o in names], chosen=text)
        case "choices":
            options = [b.option(o, o) for o in one.options]
            chosen = () if isinstance(typed, str) else typed
            return b.multi_select("value", options, chosen=chosen, placeholder="Choose hubs")
    return b.text_input("value", initial=text, limit=one.limit)
