"""What the inputs of *Edit report* hold, from the stored values, and the values that were typed into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain import report_parts as parts
from bot.domain.incident import Incident
from bot.domain.milestone_times import read as read_times
from bot.domain.milestones import Milestone
from bot.domain.typed_time import TypedTime, written
from bot.errors import UserError
from bot.render.edit_forms import OTHER_HUBS as OTHERS
from bot.render.edit_forms import TICKS, Input, Sheet, Typed
from bot.render.hub_menu import HUBS
from bot.render.long_text import LongText
from bot.slack.context import HandlerContext
from bot.slack.request import Form
from bot.store.incident_columns import time_from_json, time_to_json

_HUB = re.compile(r"(?P<name>\S.*?)(?:\s+<?(?P<url>https?://[^\s<>]+)>?)?")
NO_HUB_NAME = "Write one hub a line: its name, then its link if there is one."


class Fields:
    """The fields of one part of an incident's report, between their stored and their shown values."""

    def __init__(self, context: HandlerContext, incident: Incident, part: str) -> None:
        self._context = context
        self._incident = incident
        self.part = part
        self._kind, self._key = parts.split(part)
        self.stored_part = parts.EXTRA if self._kind == parts.EXTRA else part

    @property
    def hubs(self) -> list[str]:
        """The hubs of the menu."""
        return list(self._context.settings.hubs)

    def stored_name(self, name: str) -> str:
        """The stored field that an input shows."""
        if self._kind == parts.EXTRA:
            return "sections"
        return "hubs" if name == OTHERS else name

    def shown(self, values: Mapping[str, Any]) -> dict[str, Typed]:
        """What each input shows of the stored values."""
        if self._kind == parts.EXTRA:
            found = values["sections"][int(self._key) : int(self._key) + 1]
            return dict(found[0]) if found else {"heading": "", "text": ""}
        if self._kind == parts.TIMES:
            zone = self._context.settings.zone
            return {
                name: written(time, zone) if (time := _time(value)) else ""
                for name, value in values.items()
            }
        if self._kind == parts.TICKS:
            labels_of = {choice: label for label, choice in TICKS.items()}
            return {name: labels_of[value] for name, value in values.items()}
        if self._kind not in (parts.ABOUT, parts.DETAILS):
            return {name: value or "" for name, value in values.items()}
        filing, urls = self._context.settings.filing, values["hub_urls"]
        others = [name for name in values["hubs"] if name not in self.hubs]
        details: dict[str, Typed] = {
            "title": values["title"],
            HUBS: tuple(name for name in self.hubs if name in values["hubs"]),
            OTHERS: "\n".join(f"{name} {urls.get(name, '')}".strip() for name in others),
        }
        if self._kind == parts.DETAILS:
            return {**details, "summary": values["summary"]}
        labels, people = values["labels"], values["assignees"]
        return {
            **details,
            "report_date": values["report_date"] or "",
            "labels": ", ".join(filing.labels if labels is None else labels),
            "assignees": ", ".join(filing.assignees if people is None else people),
        }

    def wanted(self, values: Mapping[str, Any], typed: Mapping[str, Typed]) -> dict[str, Any]:
        """The values that were typed into inputs that were changed.

        Raises:
            UserError: one of them cannot be read.
        """
        if self._kind == parts.EXTRA:
            number, sections = int(self._key), [dict(one) for one in values["sections"]]
            section = {**self.shown(values), **typed}
            is_empty = not any(str(text).strip() for text in section.values())
            sections[number : number + 1] = [] if is_empty else [section]
            return {"sections": sections}
        if self._kind == parts.TIMES:
            texts = {Milestone(name): str(text) for name, text in typed.items()}
            told = read_times(texts, self._incident.milestones, self._context.reader)
            return {name.value: time_to_json(time) if time else None for name, time in told.items()}
        if self._kind == parts.TICKS:
            return {name: TICKS.get(str(label)) for name, label in typed.items()}
        if self._kind in (parts.ABOUT, parts.DETAILS):
            return self._about({**self.shown(values), **typed}, frozenset(typed))
        return {
            name: (text or None) if name == "due_on" else str(text).strip()
            for name, text in typed.items()
        }

    def _about(self, typed: Mapping[str, Typed], changed: frozenset[str]) -> dict[str, Any]:
        filing = self._context.settings.filing
        wanted: dict[str, Any] = {}
        if "title" in changed:
            wanted["title"] = typed["title"]
        if "summary" in changed:
            wanted["summary"] = str(typed["summary"])
        if "report_date" in changed:
            wanted["report_date"] = typed["report_date"] or None
        if changed & {HUBS, OTHERS}:
            others = dict(_hub(line) for line in str(typed[OTHERS]).splitlines() if line.strip())
            wanted["hubs"] = [*typed[HUBS], *(n for n in others if n not in typed[HUBS])]
            wanted["hub_urls"] = {name: url for name, url in others.items() if url}
        for name, configured in (("labels", filing.labels), ("assignees", filing.assignees)):
            if name in changed:
                names = [one.strip() for one in str(typed[name]).split(",")]
                if name == "assignees":
                    names = [one.removeprefix("@") for one in names]
                names = [one for one in dict.fromkeys(names) if one]
                wanted[name] = None if names == list(configured) else names
        return wanted


def long_texts(form: Form, fields: Sequence[Input], sheet: Sheet) -> dict[str, LongText]:
    """The texts that were submitted in one or several inputs each."""
    return {
        one.name: LongText.entered(one.name, sheet.joints.get(one.name, ""), form.text)
        for one in fields
        if one.kind == "text"
    }


def entered(form: Form, fields: Sequence[Input], texts: Mapping[str, LongText]) -> dict[str, Typed]:
    """What was submitted in each input; ``texts`` are the long ones."""
    typed: dict[str, Typed] = {}
    for one in fields:
        if one.name in texts:
            typed[one.name] = texts[one.name].whole
        else:
            read = form.names if one.kind == "choices" else form.text
            typed[one.name] = read(one.name)
    return typed


def _hub(line: str) -> tuple[str, str]:
    found = _HUB.fullmatch(line.strip())
    if found is None or "://" in found["name"]:
        raise UserError(NO_HUB_NAME, field=OTHERS)
    return found["name"], found["url"] or ""


def _time(value: Any) -> TypedTime | None:
    return time_from_json(value) if value else None
