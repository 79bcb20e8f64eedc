"""When a dependency fails, the person gets one sentence and recorded data is safe."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import text

from bot.store import incidents as incident_rows
from bot.store import runs
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.desk import ELSEWHERE, Desk
from tests.support.waiting import wait_until


def rename(desk: Desk, before: str, after: str) -> None:
    """Rename a table away, or back."""
    with desk.store.write() as tx:
        tx.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def test_an_error_nobody_foresaw_is_a_sentence_with_its_number(desk: Desk) -> None:
    rename(desk, "entry", "gone")
    answer = desk.command("note the proxy died").text
    assert re.search(r"error [0-9a-f]{8}", answer)
    assert "try again" in answer
    assert "entry" not in answer, "what broke is in the log, not in Slack"
    rename(desk, "gone", "entry")
    assert desk.entries == []
    assert "Noted" in desk.command("note the proxy died").text


def test_a_form_that_fails_keeps_what_was_typed(desk: Desk) -> None:
    desk.command("declare Proxy was evicted", channel=ELSEWHERE)
    rename(desk, "reminder", "gone")
    (error,) = desk.submit().errors.values()
    assert "error" in error
    with desk.store.read() as tx:
        assert len(incident_rows.unclosed(tx)) == 1, "half of it is none of it"
    rename(desk, "gone", "reminder")
    assert desk.submit().acks == [{}]
    with desk.store.read() as tx:
        assert len(incident_rows.unclosed(tx)) == 2


def test_a_hub_that_does_not_answer_is_told_in_the_channel(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    with running(slack, sqlite_url, tmp_path, practice={"open_to_all": True}) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        scene.ana.command(channel, "/incident run resync-routes")

        def state() -> str:
            with scene.store.read() as tx:
                found = runs.of_incident(tx, scene.incident(channel).id)
            return found[0].state.value if found else ""

        wait_until(lambda: state() not in ("", "planning"), "an answer", timeout=30)
        assert state() in ("failed", "nothing_to_do")
        slack.wait_for(lambda: bool(scene.posts(channel, "run")), what="it is told")
        slack.wait_for(
            lambda: "datahub" in str(scene.posts(channel, "run")[-1]), what="which hub it is"
        )
        told = str(scene.posts(channel, "run")[-1])
        assert "run.confirm" not in told
        assert "Traceback" not in told
        assert "hub-token-of-the-tests" not in told
