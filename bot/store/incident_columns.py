"""What an incident's JSON columns hold: answers, times and options, to and from their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from bot.domain.incident import Answers, OriginMessage
from bot.domain.milestones import Milestone, Times
from bot.domain.report_options import ExtraSection, ReportOptions
from bot.domain.typed_time import TypedTime, Unit, unit_of

_OLD_TEXTS = ("impact", "conclusion")
"""The texts that the versions before this one read and write under keys of their own."""


def answers_to_json(value: Answers) -> dict[str, Any]:
    """Return the answers as JSON."""
    return {
        **{key: value.texts.get(key, "") for key in _OLD_TEXTS},
        "report_date": value.report_date.isoformat() if value.report_date else None,
        "texts": {key: text for key, text in value.texts.items() if key not in _OLD_TEXTS},
    }


def answers_from_json(stored: Mapping[str, Any]) -> Answers:
    """Return the answers that are stored."""
    day = stored.get("report_date")
    texts = {key: stored.get(key, "") for key in _OLD_TEXTS} | stored.get("texts", {})
    return Answers(
        texts=MappingProxyType({key: text for key, text in texts.items() if text}),
        report_date=date.fromisoformat(day) if day else None,
    )


def times_to_json(value: Times) -> dict[str, Any]:
    """Return the times that people set as JSON."""
    return {name.value: time_to_json(time) for name, time in value.items()}


def times_from_json(stored: Mapping[str, Any]) -> Times:
    """Return the times that are stored, in their order."""
    return MappingProxyType(
        {name: time_from_json(stored[name]) for name in Milestone if stored.get(name)}
    )


def time_to_json(time: TypedTime) -> dict[str, Any]:
    """Return a time as JSON."""
    return {
        "at": time.at.isoformat(),
        "until": time.until.isoformat() if time.until else None,
        "is_about": time.is_about,
        "has_seconds": time.unit is Unit.SECOND,
        **({} if time.unit.has_clock else {"unit": time.unit.value}),
        "typed": time.typed,
        "zone": time.zone,
    }


def time_from_json(stored: Mapping[str, Any]) -> TypedTime:
    """Return the time that is stored."""
    until = stored.get("until")
    return TypedTime(
        at=datetime.fromisoformat(stored["at"]),
        until=datetime.fromisoformat(until) if until else None,
        is_about=stored.get("is_about", False),
        unit=unit_of(stored),
        typed=stored.get("typed", ""),
        zone=stored.get("zone", ""),
    )


def options_to_json(value: ReportOptions) -> dict[str, Any]:
    """Return the options as JSON."""
    return {
        "headings": dict(value.headings),
        "labels": None if value.labels is None else list(value.labels),
        "assignees": None if value.assignees is None else list(value.assignees),
        "hub_urls": dict(value.hub_urls),
        "extra": [{"heading": one.heading, "text": one.text} for one in value.extra],
        "ticks": dict(value.ticks),
    }


def options_from_json(stored: Mapping[str, Any]) -> ReportOptions:
    """Return the options that are stored."""
    labels, assignees = stored.get("labels"), stored.get("assignees")
    return ReportOptions(
        headings=MappingProxyType(dict(stored.get("headings", {}))),
        labels=None if labels is None else tuple(labels),
        assignees=None if assignees is None else tuple(assignees),
        hub_urls=MappingProxyType(dict(stored.get("hub_urls", {}))),
        extra=tuple(
            ExtraSection(heading=one["heading"], text=one["text"])
            for one in stored.get("extra", ())
        ),
        ticks=MappingProxyType(dict(stored.get("ticks", {}))),
    )


def origin_to_json(value: OriginMessage | None) -> dict[str, Any] | None:
    """Return the message that an incident was declared from as JSON."""
    return asdict(value) if value else None


def origin_from_json(stored: Mapping[str, Any] | None) -> OriginMessage | None:
    """Return the message that is stored."""
    return OriginMessage(**stored) if stored else None
