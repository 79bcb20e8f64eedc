"""A drill stops at its time limit and deletes only its own files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.drill import Drill, Stored, play
from sandbox.drill.child import Child
from sandbox.drill.play import Player
from sandbox.drill.run import CannotPlay
from sandbox.drill.story import NAMES, Story, load


def test_a_story_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "STORY_WITHIN", -1.0)
    world: Any = SimpleNamespace(slack=None)

    def show(_when: datetime, _who: str, _what: str) -> None:
        raise AssertionError("it went on")

    player = Player(world, Child(tmp_path / "mayday.log"), tmp_path, show)
    assert (
        player.play(load("proxy-eviction").steps) == "At 21:10:30: the story took longer than -1 s."
    )


def test_a_folder_that_is_no_drills_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "played" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("chapter one")

    def show(_when: datetime, _who: str, _what: str) -> None:
        raise AssertionError("it began")

    def read(_team: str, _channel: str) -> list[Stored]:
        return []

    story = load("proxy-eviction")
    drill = Drill(story, tmp_path, manifest={}, database="", read_stored=read, show=show)
    with pytest.raises(CannotPlay, match="is no drill's folder"):
        drill.run()
    assert mine.read_text() == "chapter one"


@pytest.fixture(params=NAMES)
def story(request: pytest.FixtureRequest) -> Story:
    return load(request.param)


def test_a_story_goes_forward(story: Story) -> None:
    moments = [step.when for step in story.steps]
    assert moments == sorted(moments)


def test_a_story_looks_at_what_it_checks(story: Story) -> None:
    looked = {step.arguments[0] for step in story.steps if step.action is Player.look}
    assert looked == {expected.sight for expected in story.expected}
    assert {"before", "end"} <= looked
