"""Starting and stopping a real process: each error is one sentence; a stop is clean."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot import cli
from bot.bootstrap import Bot
from bot.config import load
from bot.errors import LeaseLost
from bot.store.engine import Store
from sandbox.slack import SlackSandbox, answers, drop_before, on_call
from sandbox.world import environment
from tests.support.bot import Child, Scene, child, settings
from tests.support.forkserver import ROOT, ForkServer

Refused = Callable[..., str]


@pytest.fixture
def refused(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, forks: ForkServer
) -> Iterator[Refused]:
    """Start a mayday that fails; its output."""
    with contextlib.ExitStack() as stack:

        def start(*, url: str = sqlite_url, **sections: Any) -> str:
            made: Child = stack.enter_context(child(forks, slack, url, tmp_path, **sections))
            made.start(wait=False)
            assert forks.ended(made.pid, within=40) == 1, made.logged()
            said = made.logged()
            assert "Traceback" not in said, said
            lines = [line for line in said.splitlines() if line.startswith("mayday: ")]
            assert len(lines) == 1, said
            assert said.splitlines()[-1] == lines[0], said
            for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
                assert secret not in said
            return lines[0]

        yield start


def test_a_wrong_bot_token(refused: Refused) -> None:
    said = refused(slack={"bot_token": "xoxb-wrong"})
    assert "set slack.bot_token to a current one" in said
    assert "xoxb-wrong" not in said


def test_a_revoked_bot_token(refused: Refused, slack: SlackSandbox) -> None:
    slack.revoke_bot_token()
    assert "slack.bot_token" in refused()


def test_a_wrong_app_token(refused: Refused) -> None:
    said = refused(slack={"app_token": "xapp-wrong"})
    assert "slack.app_token" in said
    assert "xapp-wrong" not in said


def test_no_app_token(refused: Refused) -> None:
    assert "slack.app_token is missing" in refused(slack={"app_token": ""})


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
def test_a_slack_that_does_not_answer(refused: Refused, slack: SlackSandbox, method: str) -> None:
    slack.faults = [on_call(method, drop_before())]
    assert "Slack" in refused()


def test_a_slack_that_has_a_problem(refused: Refused, slack: SlackSandbox) -> None:
    slack.faults = [on_call("auth.test", answers("fatal_error", status=503))]
    assert "Slack" in refused()


def test_a_slack_that_is_not_there(refused: Refused) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/api/"
        assert "Slack" in refused(slack={"api_url": address})


def test_a_database_that_does_not_answer(refused: Refused) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        said = refused(url=f"postgresql://ana:hunter2secret@127.0.0.1:{port}/mayday")
    assert "database" in said
    assert "hunter2secret" not in said


def test_a_database_that_cannot_be(refused: Refused) -> None:
    assert "database.url" in refused(url="mysql://root@127.0.0.1/x")


def test_a_database_in_which_mayday_may_not_make_its_tables(
    refused: Refused, postgres_url: str
) -> None:
    """mayday's tables fit the existing schema; durable work needs a separate one."""
    store = Store(postgres_url)
    with store.write() as tx:
        for statement in (
            "CREATE ROLE limited LOGIN",
            "GRANT ALL ON SCHEMA public TO limited",
        ):
            tx.execute(text(statement))
    limited = store.engine.url.set(username="limited", drivername="postgresql")
    try:
        said = refused(url=limited.render_as_string(hide_password=False))
    finally:
        with store.write() as tx:
            tx.execute(text("DROP OWNED BY limited"))
            tx.execute(text("DROP ROLE limited"))
        store.close()
    assert "database.url: mayday cannot create its tables there (permission denied" in said


def test_a_database_lock_that_cannot_be_written(
    refused: Refused, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "mayday.db.lock").mkdir()
    said = refused(url=sqlite_url)
    assert "database.url" in said
    assert "can't write" in said
    assert "mayday.db.lock (" in said


def test_a_password_with_an_at_sign_is_not_shown_in_part(refused: Refused) -> None:
    said = refused(url="postgresql://ana:p@ssw0rd@127.0.0.1:1/mayday")
    assert "database.url: write an @ in the password as %40" in said
    assert "ssw0rd" not in said


def test_tokens_of_the_wrong_kind(refused: Refused, slack: SlackSandbox) -> None:
    slack.faults = [on_call("auth.test", answers("not_allowed_token_type"))]
    assert "set slack.bot_token to a current one" in refused()


def test_a_key_that_is_not_known(refused: Refused) -> None:
    assert "report.zone: there is no such key" in refused(report={"zone": "UTC"})


def test_a_port_that_is_taken(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(http={"port": taken.getsockname()[1]})
    assert "http.port" in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_second_process_on_the_same_database(mayday: Child, forks: ForkServer) -> None:
    mayday.start()
    second = forks.start(
        ["run"], {**os.environ, **mayday.environment}, mayday.log.with_name("second.log")
    )
    assert forks.ended(second, within=40) == 1
    said = mayday.log.with_name("second.log").read_text()
    assert said.startswith("mayday: Another mayday is using ")
    assert said.count("\n") == 1
    assert mayday.slack.bot_connected
    assert mayday.stop() == 0


def test_a_missing_scope_is_named_and_the_rest_works(
    mayday: Child, aftermath: Scene, slack: SlackSandbox
) -> None:
    slack.scopes = slack.scopes - {"pins:write"}
    mayday.start()
    assert "pins:write" in mayday.logged()
    view = aftermath.ask_to_declare(aftermath.ana, "Proxy was evicted")
    aftermath.ana.submit(view["id"])
    slack.wait_for(
        lambda: any(
            aftermath.posts(c.id, "notice") for c in slack.channels() if c.name.startswith("inc-")
        ),
        20,
        what="the notice",
    )
    channel = aftermath.incident_channels()[0]
    assert "pins:write" in aftermath.posts(channel.id, "notice")[0]["text"]
    assert aftermath.ana.id in channel.members
    assert len(aftermath.announcements(channel.id)) == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_as_it_is_typed_starts_and_ends_in_peace(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, how: signal.Signals
) -> None:
    """Uses no fork server."""
    told = environment(settings(slack, sqlite_url, tmp_path))
    log = tmp_path / "mayday.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=ROOT,
            env={**os.environ, **told},
            stdout=out,
            stderr=out,
        ) as process,
    ):
        try:
            slack.wait_for(lambda: slack.bot_connected, 40, what="the socket")
            process.send_signal(how)
            assert process.wait(30) == 0, log.read_text()
        finally:
            process.kill()
    assert "Traceback" not in log.read_text()
    assert slack.bot_token not in log.read_text()


def test_a_replica_that_was_stopped_while_it_started_is_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Lost:
        def __init__(self, _config: object, *, lost: object) -> None:
            """Lose the lease at the start."""

        def start(self) -> None:
            raise LeaseLost

        def stop(self) -> None:
            """Nothing runs."""

    monkeypatch.setattr(cli, "Bot", Lost)
    monkeypatch.setattr(cli, "_signals", threading.Event)
    with pytest.raises(typer.Exit) as ended:
        cli._serve(load())
    assert ended.value.exit_code == cli.EX_TEMPFAIL


def test_a_gap_that_ends_while_the_database_is_away_is_read_afterwards(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that fails costs the connections to Slack and to the database at once."""
    bot = Bot(load(overrides=settings(slack, sqlite_url, tmp_path)))

    def away() -> Any:
        raise OperationalError("BEGIN", {}, ConnectionError())

    monkeypatch.setattr(bot.store, "write", away)
    bot._connected(True)
    assert bot.services.backfill._is_asked
    bot.store.close()
