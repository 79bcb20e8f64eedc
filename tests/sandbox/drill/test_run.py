"""What a drill promises whoever runs it: it ends by itself, and deletes nothing but its own."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

from sandbox.drill import Drill, Overtime, Stored
from sandbox.drill.play import no_longer_than
from sandbox.drill.run import CannotPlay
from sandbox.drill.script import STORY


def test_what_hangs_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(Overtime, match=r"^The story took longer than 0 s\.$"):  # noqa: SIM117
        with no_longer_than(0.1, "The story"):
            threading.Event().wait(20)
    assert time.monotonic() - began < 10


def test_what_ends_in_time_is_left_alone() -> None:
    with no_longer_than(0.1, "The story"):
        pass
    threading.Event().wait(0.2)


def test_a_folder_that_is_no_drills_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "played" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("chapter one")

    def show(_when: datetime, _who: str, _what: str) -> None:
        raise AssertionError("it began")

    def read(_team: str, _channel: str) -> list[Stored]:
        return []

    drill = Drill(tmp_path, manifest={}, database="", read_stored=read, show=show)
    with pytest.raises(CannotPlay, match="is no drill's folder"):
        drill.run()
    assert mine.read_text() == "chapter one"


def test_the_story_goes_forward() -> None:
    moments = [step.when for step in STORY]
    assert moments == sorted(moments)
