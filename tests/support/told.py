"""Tells a past outage to mayday through Slack alone: commands, messages, reactions and forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.render import edit_pages as pages
from sandbox.slack import Channel
from tests.support.bot import Scene
from tests.support.waiting import wait_until


@dataclass(frozen=True, kw_only=True)
class Story:
    """What people type about an outage. ``notes`` begin with their times, ``items`` with their headings.

    ``messages`` are reactions and texts, ``times`` and ``hubs`` what follows the commands. ``edits`` are
    parts of *Edit report* and what their forms are filled with, ``close`` is that of the form that closes
    the incident.
    """

    title: str
    began: str
    notes: Sequence[str]
    items: Sequence[str]
    times: Sequence[str] = ()
    hubs: Sequence[str] = ()
    messages: Sequence[tuple[str, str]] = ()
    edits: Sequence[tuple[str, Mapping[str, Any]]] = ()
    close: Mapping[str, Any] = field(default_factory=dict)


def tell(scene: Scene, story: Story) -> Channel:
    """Declare, record, resolve and close; return the channel once the report is written."""
    ana, slack = scene.ana, scene.slack
    channel = scene.declare(f"--at {story.began} {story.title}")
    scene.ben.join(channel.id)
    for line in (
        *(f"time {text}" for text in story.times),
        *(f"hubs {text}" for text in story.hubs),
        *(f"note at {text}" for text in story.notes),
        *(f"action {text}" for text in story.items),
    ):
        ana.command(channel.id, f"/incident {line}")
    for emoji, text in story.messages:
        before = len(scene.entries(channel.id))
        ana.react(channel.id, scene.ben.say(channel.id, text), emoji)
        wait_until(lambda seen=before: len(scene.entries(channel.id)) > seen, "the reaction")  # type: ignore[misc]
    for part, values in story.edits:
        edit(scene, channel, part, values)
    ana.command(channel.id, "/incident resolve")
    ana.command(channel.id, "/incident close")
    slack.wait_for(lambda: bool(ana.views()), what="the form that closes the incident")
    errors = ana.submit(ana.views()[-1]["id"], dict(story.close))
    assert errors == {}, errors
    return channel


def edit(scene: Scene, channel: Channel, part: str, values: Mapping[str, Any]) -> str:
    """Fill the form of a part of the report; return what the page says then."""
    ana, slack = scene.ana, scene.slack
    ana.command(channel.id, "/incident edit")
    slack.wait_for(lambda: len(ana.views()) == 1, what="the page")
    page = ana.views()[0]["id"]
    ana.view_press(page, pages.ACTION_PART, f"part {part}")
    slack.wait_for(lambda: len(ana.views()) == 2, what="the form")
    errors = ana.submit(ana.views()[-1]["id"], dict(values))
    assert errors == {}, errors
    slack.wait_for(lambda: "Saved" in str(ana.views()), what="the change")
    said = str(ana.views()[0]["blocks"])
    ana.close_view(page)
    return said


def written(directory: Path) -> str:
    """Return the report once it is in the folder."""

    def files() -> list[Path]:
        return list((directory / "reports").glob("*.md"))

    wait_until(files, "the report")
    [file] = files()
    return file.read_text(encoding="utf-8")
