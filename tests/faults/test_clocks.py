"""mayday's clock is wrong by minutes and answers are lost: everything is still created once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.clock import SandboxClock
from sandbox.faults import drop_after
from sandbox.rules import on_call
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.waiting import wait_until


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_channel_and_a_card_whose_answers_are_lost_exist_once(
    slack: SlackSandbox, clock: SandboxClock, sqlite_url: str, tmp_path: Path, minutes: int
) -> None:
    wrong = SandboxClock(tmp_path / "wrong.json")
    wrong.move_to(clock() + timedelta(minutes=minutes))
    with running(slack, sqlite_url, tmp_path, practice={"clock_file": str(wrong.file)}) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        slack.faults = [
            on_call(method, drop_after(), times=1)
            for method in ("conversations.create", "chat.postMessage")
        ]
        view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
        assert scene.ana.submit(view["id"]) == {}

        def is_set_up() -> bool:
            wrong.move_to(wrong() + timedelta(seconds=20))  # what waits becomes due
            return any(scene.is_set_up(channel) for channel in slack.channels())

        wait_until(is_set_up, "the channel is set up", timeout=60)
        channels = scene.incident_channels()
        assert len(channels) == 1
        assert len(scene.posts(channels[0].id, "card")) == 1
        assert len(scene.announcements(channels[0].id)) == 1
        skew = bot.chat.skew()
        assert skew is not None
        assert abs(skew) > timedelta(minutes=1), "measured, so that mayday check can say so"
