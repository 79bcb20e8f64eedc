"""The story of a drill, from the YAML file with its name, which names its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

_FOLDER = Path(__file__).parent
NAMES = tuple(sorted(file.stem for file in _FOLDER.glob("*.yaml")))
"""The drills."""


@dataclass(frozen=True)
class Item:
    """An action item of the published report: its heading, the task, and where it was tracked, or nothing."""

    group: str
    text: str
    link: str = ""


@dataclass(frozen=True)
class Expected:
    """What a look at the stage has to show; ``who`` says for each of a sight's sets whose it is."""

    sight: str
    check: str
    who: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story and what its report has to have.

    ``stuck`` are the students whose servers are touched, ``crowd`` those without a name of their
    own, ``form`` is the report's, ``first`` a line of it.
    ``said`` are names of a message that was edited and of one that was deleted, None if there are none.
    ``groups`` are the headings of the action items, in order.
    """

    name: str
    zone: ZoneInfo
    channel: str
    form: str
    first: str
    times: Sequence[str]
    students: Sequence[str]
    crowd: Sequence[str]
    stuck: Sequence[str]
    items: Sequence[Item]
    expected: Sequence[Expected]
    said: tuple[str, str] | None
    groups: Sequence[str]
    steps: Sequence[Step]

    @property
    def untracked(self) -> Sequence[Item]:
        """The action items that get an issue."""
        return [item for item in self.items if not item.link]


def load(name: str) -> Story:
    """The story with this name."""
    data = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    zone = ZoneInfo(data["zone"])
    items = tuple(Item(*row) for row in data["items"])
    crowd = tuple(f"student-{number}" for number in range(1, data.get("crowd", 0) + 1))
    said = data.get("said")
    return Story(
        name=name,
        zone=zone,
        channel=data["channel"],
        form=str(data["form"]),
        first=data["first"],
        times=tuple(data["times"]),
        students=(*data["students"], *crowd),
        crowd=crowd,
        stuck=tuple(data["stuck"]),
        items=items,
        groups=tuple(data.get("groups") or dict.fromkeys(item.group for item in items)),
        expected=tuple(Expected(*row) for row in data["expected"]),
        said=(said["edited"], said["deleted"]) if said else None,
        steps=tuple(
            step for row in data["story"] for step in _steps(data["day"], zone, items, *row)
        ),
    )


def _steps(
    day: date, zone: ZoneInfo, items: Sequence[Item], clock: str, who: str, action: str, *more: Any
) -> Iterator[Step]:
    """The steps for a row of the story, at ``21:14:20`` of the day in its zone."""
    when = datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
    if action == "items":
        for number, item in enumerate(items):
            line = f"/incident action {item.group}: {item.text} {item.link}"
            minute = when + timedelta(minutes=number)
            said = (line, item.text[:40])
            yield Step(when=minute, who=who, action=Player.type, arguments=said)
        return
    named = next((each for each in more if isinstance(each, dict)), {})
    plain = tuple(each for each in more if not isinstance(each, dict))
    yield Step(when=when, who=who, action=getattr(Player, action), arguments=plain, named=named)
