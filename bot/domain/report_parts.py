"""The parts of a report that people edit, each as JSON by the name of its field.

A part is named ``section/KEY``, ``extra`` (all sections that only this report has), ``headings`` (those of
sections without a text of their own), ``times``, ``about``, ``details`` (what the card shows too), ``front``
(the name and the description in front matter), ``ticks``, ``item/ID`` or ``entry/ID``, and ``timeline`` is
what else it collects. What a form showed, what is stored and what a revision keeps are compared field by
field, so that two people who change
different fields of a part both keep their change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from bot.domain.actions import TITLE_LIMIT, ActionItem, clean_repository
from bot.domain.incident import Incident, clean_title
from bot.domain.report_options import ExtraSection
from bot.errors import UserError

SECTION, ITEM, ENTRY = "section", "item", "entry"
EXTRA, TIMES, ABOUT, HEADINGS = "extra", "times", "about", "headings"
FRONT, TICKS, DETAILS = "front", "ticks", "details"
TIMELINE = "timeline"
SUMMARY = "summary"

OTHER_HEADINGS = {
    "hubs": "Hub information",
    "times": "Times",
    "timeline": "Timeline",
    "actions": "Action items",
    "after": "After-action report",
    "checks": "Actions",
}
"""The headings of sections that are collected during the incident, by their keys."""

CHECKS = {
    "over": "Incident has been dealt with or is over",
    "filled": "Sections above are filled out",
    "cleaned": "Incident title and after-action report is cleaned up",
    "linked": "All actionable items above have linked GitHub Issues",
}
"""The checkboxes by their names."""

FRONT_TEXTS = ("name", "about")

TEXTS = frozenset({"text", "sections", "summary", *FRONT_TEXTS})
"""The fields of which the audit log has only a hash."""

TEXT_LIMIT = 40_000
HEADING_LIMIT = 150
"""Characters."""

NO_SUCH_PART = "The report has no such part any more. Close the form and open it again."
EMPTY_ITEM = "Write what needs to be done."
LONG_ITEM = "Shorten the action item to {limit} characters. Details belong in its issue."
NOT_A_LINK = "A link begins with https://."
LONG_TEXT = "A text has at most {limit} characters."
LONG_HEADING = "A heading has at most {limit} characters."
NO_HEADING = "Give the section a heading, or remove its text, too, to remove the section."
NOT_A_DATE = "Choose a date from the calendar."
FILED = "Its issue is filed already and stays in its repository."
NO_SUCH_STATE = "An action item is open, done or dropped."

OPEN, DONE, DROPPED = "open", "done", "dropped"
STATES = (OPEN, DONE, DROPPED)

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What a person changed of a part: the fields that changed, before and after."""

    id: int
    incident_id: str
    part: str
    by: str
    at: datetime
    before: Values
    after: Values


def fingerprint(value: Any) -> str:
    """Return a short hash of a JSON value, by which a form knows whether it has changed."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]


def split(part: str) -> tuple[str, str]:
    """Return the kind of a part and the key within it."""
    kind, _, key = part.partition("/")
    return kind, key


def incident_values(incident: Incident, part: str) -> dict[str, Any]:
    """Return the fields of a part of the incident's own, except of its times.

    Raises:
        UserError: there is no such part.
    """
    options, answers = incident.report_options, incident.answers
    match split(part):
        case ("section", key) if key:
            text = incident.summary if key == SUMMARY else answers.texts.get(key, "")
            return {"text": text, "heading": options.headings.get(key, "")}
        case ("extra", ""):
            return {"sections": [{"heading": e.heading, "text": e.text} for e in options.extra]}
        case ("headings", ""):
            return {key: options.headings.get(key, "") for key in OTHER_HEADINGS}
        case ("front", ""):
            return {key: answers.texts.get(key, "") for key in FRONT_TEXTS}
        case ("ticks", ""):
            return {name: options.ticks.get(name) for name in CHECKS}
        case ("details", ""):
            return {
                "title": incident.title,
                "hubs": list(incident.hubs),
                "hub_urls": dict(options.hub_urls),
                "summary": incident.summary,
            }
        case ("about", ""):
            day = answers.report_date
            return {
                "title": incident.title,
                "report_date": day.isoformat() if day else None,
                "hubs": list(incident.hubs),
                "hub_urls": dict(options.hub_urls),
                "labels": None if options.labels is None else list(options.labels),
                "assignees": None if options.assignees is None else list(options.assignees),
            }
    raise UserError(NO_SUCH_PART)


def changed_incident(incident: Incident, part: str, values: Values) -> Incident:
    """Return the incident with other values of a part of its own, except of its times.

    Raises:
        UserError: there is no such part, or a value is not possible.
    """
    options = incident.report_options
    match split(part):
        case ("section", key) if key:
            if "text" in values:
                incident = _with_text(incident, key, _clean_text(values["text"]))
            if "heading" in values:
                incident = _with_heading(incident, key, values["heading"])
            return incident
        case ("extra", ""):
            extra = tuple(_extra(one) for one in values["sections"])
            return replace(incident, report_options=replace(options, extra=extra))
        case ("headings", ""):
            for key, heading in values.items():
                incident = _with_heading(incident, key, heading)
            return incident
        case ("front", ""):
            for key, text in values.items():
                incident = _with_text(incident, key, " ".join(_clean_text(text).split()))
            return incident
        case ("ticks", ""):
            ticks = {**options.ticks, **values}
            kept = MappingProxyType({name: one for name, one in ticks.items() if one is not None})
            return replace(incident, report_options=replace(options, ticks=kept))
        case ("details", ""):
            if "summary" in values:
                incident = _with_text(incident, SUMMARY, _clean_text(values["summary"], "summary"))
            return _with_about(incident, values)
        case ("about", ""):
            return _with_about(incident, values)
    raise UserError(NO_SUCH_PART)


def _extra(value: Values) -> ExtraSection:
    heading, text = _clean_heading(value["heading"]), _clean_text(value["text"])
    if not heading:
        raise UserError(NO_HEADING, field="heading")
    return ExtraSection(heading=heading, text=text)


def _with_heading(incident: Incident, key: str, heading: str) -> Incident:
    options = incident.report_options
    headings = {**options.headings, key: _clean_heading(heading)}
    kept = MappingProxyType({k: h for k, h in headings.items() if h})
    return replace(incident, report_options=replace(options, headings=kept))


def _with_text(incident: Incident, key: str, text: str) -> Incident:
    if key == SUMMARY:
        return replace(incident, summary=text)
    texts = {**incident.answers.texts, key: text}
    kept = MappingProxyType({k: t for k, t in texts.items() if t})
    return replace(incident, answers=replace(incident.answers, texts=kept))


def _with_about(incident: Incident, values: Values) -> Incident:
    options, answers = incident.report_options, incident.answers
    if "title" in values:
        incident = replace(incident, title=clean_title(values["title"]))
    if "report_date" in values:
        day = _day(values["report_date"], field="report_date")
        incident = replace(incident, answers=replace(answers, report_date=day))
    if "hubs" in values:
        incident = replace(incident, hubs=tuple(values["hubs"]))
    if "labels" in values:
        options = replace(options, labels=_names(values["labels"]))
    if "assignees" in values:
        options = replace(options, assignees=_names(values["assignees"]))
    if "hub_urls" in values:
        for url in values["hub_urls"].values():
            _require_link(url, field="hub_urls")
        options = replace(options, hub_urls=MappingProxyType(dict(values["hub_urls"])))
    return replace(incident, report_options=options)


def shown_details(incident: Incident) -> dict[str, Any]:
    """Return what the card shows of an incident that people edit."""
    return {
        "title": incident.title,
        "hubs": list(incident.hubs),
        "summary": incident.summary,
    }


def _names(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def item_values(item: ActionItem) -> dict[str, Any]:
    """Return the fields of an action item that people edit."""
    return {
        "title": item.title,
        "group": item.group,
        "owner": item.owner,
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "link": item.link,
        "state": item.state,
        "category": item.category,
        "repository": item.repository,
    }


def changed_item(item: ActionItem, values: Values) -> ActionItem:
    """Return the action item with other values.

    Raises:
        UserError: its title is empty or too long, its link is not a web address, there is no such state or
            no repository of that name, or its issue is filed in another one.
    """
    now = {**item_values(item), **values}
    title = " ".join(now["title"].split())
    if not title:
        raise UserError(EMPTY_ITEM, field="title")
    if len(title) > max(TITLE_LIMIT, len(item.title)):
        raise UserError(LONG_ITEM.format(limit=TITLE_LIMIT), field="title")
    if now["link"]:
        _require_link(now["link"], field="link")
    if now["state"] not in STATES:
        raise UserError(NO_SUCH_STATE, field="state")
    due_on = _day(now["due_on"], field="due_on")
    repository = clean_repository(now["repository"])
    if item.issue_url and repository != item.repository:
        raise UserError(FILED, field="repository")
    return replace(item, **{**now, "title": title, "due_on": due_on, "repository": repository})


def _day(text: str | None, *, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UserError(NOT_A_DATE, field=field) from None


def _require_link(url: str, *, field: str) -> None:
    if not url.startswith(("https://", "http://")):
        raise UserError(NOT_A_LINK, field=field)


def _clean_text(text: str, field: str = "text") -> str:
    if len(text) > TEXT_LIMIT:
        raise UserError(LONG_TEXT.format(limit=TEXT_LIMIT), field=field)
    return text.strip()


def _clean_heading(text: str) -> str:
    heading = " ".join(text.split())
    if len(heading) > HEADING_LIMIT:
        raise UserError(LONG_HEADING.format(limit=HEADING_LIMIT), field="heading")
    return heading
