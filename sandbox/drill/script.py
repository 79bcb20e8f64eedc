"""The story of a drill, from ``proxy-eviction.yaml``, which names its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from sandbox.drill.play import Player, Step

COMMANDER = "ana"
SCRIBE = "chidi"
MAYDAY = "mayday"

_DATA: Mapping[str, Any] = yaml.safe_load(
    Path(__file__).with_name("proxy-eviction.yaml").read_text(encoding="utf-8")
)
ZONE = ZoneInfo(_DATA["zone"])
CHANNEL: str = _DATA["channel"]
TIMES: tuple[str, ...] = tuple(_DATA["times"])
STUDENTS: tuple[str, ...] = tuple(_DATA["students"])
STUCK: tuple[str, ...] = tuple(_DATA["stuck"])


@dataclass(frozen=True)
class Item:
    """An action item of 2017: its heading, the task, and where it was tracked."""

    group: str
    text: str
    link: str


ITEMS = tuple(Item(*row) for row in _DATA["items"])
GROUPS = tuple(dict.fromkeys(item.group for item in ITEMS))


def _steps(clock: str, who: str, action: str, *arguments: Any) -> Iterator[Step]:
    """The steps for a row of the story, at ``21:14:20`` of the evening in its zone."""
    when = datetime.combine(_DATA["day"], time.fromisoformat(clock), tzinfo=ZONE)
    if action == "items":
        for number, item in enumerate(ITEMS):
            line = f"/incident action {item.group}: {item.text} {item.link}"
            minute = when + timedelta(minutes=number)
            said = (line, item.text[:40])
            yield Step(when=minute, who=who, action=Player.type, arguments=said)
        return
    named = next((each for each in arguments if isinstance(each, dict)), {})
    plain = tuple(each for each in arguments if not isinstance(each, dict))
    yield Step(when=when, who=who, action=getattr(Player, action), arguments=plain, named=named)


STORY = tuple(step for row in _DATA["story"] for step in _steps(*row))
_REPORT = next(step.named for step in STORY if step.action is Player.close)
REPORT_TITLE: str = _REPORT["title"]
REPORT_DATE = date.fromisoformat(_REPORT["report_date"])
