"""When something behind mayday fails, the person gets one sentence and what was recorded is safe."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import text

from bot.store import runs
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.waiting import wait_until


def test_an_error_nobody_foresaw_is_a_sentence_with_its_number(scene: Scene) -> None:
    channel = scene.declare()
    with scene.store.write() as tx:
        tx.execute(text("ALTER TABLE entry RENAME TO gone"))
    reply = scene.ana.command(channel.id, "/incident note the proxy died")
    assert reply is not None
    assert re.search(r"error [0-9a-f]{8}", reply["text"])
    assert "try again" in reply["text"]
    assert "entry" not in reply["text"], "what broke is in the log, not in Slack"
    with scene.store.write() as tx:
        tx.execute(text("ALTER TABLE gone RENAME TO entry"))
    assert len(scene.entries(channel.id)) == 1
    assert "Noted" in str(scene.ana.command(channel.id, "/incident note the proxy died"))


def test_a_form_that_fails_keeps_what_was_typed(scene: Scene, slack: SlackSandbox) -> None:
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    with scene.store.write() as tx:
        tx.execute(text("ALTER TABLE reminder RENAME TO gone"))
    errors = scene.ana.submit(view["id"])
    assert len(errors) == 1
    assert "error" in next(iter(errors.values()))
    assert scene.incidents() == [], "half of it is none of it"
    with scene.store.write() as tx:
        tx.execute(text("ALTER TABLE gone RENAME TO reminder"))
    assert scene.ana.submit(view["id"]) == {}
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()))


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
