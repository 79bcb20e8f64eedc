"""Each error on the terminal is one sentence that says what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from bot import cli
from bot.cli import NO_SANDBOX, NO_SANDBOX_EXTRA
from bot.cli import sandbox as start_sandbox
from bot.errors import UserError
from tests.support.forkserver import ROOT
from tests.support.hidden import EXTRA, mayday_without


def said(directory: Path, *arguments: str, **environment: str) -> str:
    """The one-sentence error of a command that fails."""
    return said_by([sys.executable, "-m", "bot", *arguments], directory, environment)


def said_by(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> str:
    """``said`` for any command."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAYDAY_")}
    ended = subprocess.run(
        command,
        cwd=directory,
        env={**ours, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.startswith("mayday: "), ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    return ended.stderr


def test_a_log_level_that_is_none(tmp_path: Path) -> None:
    assert "DEBUG, INFO" in said(tmp_path, "version", MAYDAY_LOG_LEVEL="LOUD")


@pytest.mark.parametrize("command", ["run", "sandbox"])
def test_a_directory_that_cannot_be_written(tmp_path: Path, command: str) -> None:
    """A file takes the directory's path, because root may write to every directory."""
    (tmp_path / ".mayday").write_text("")
    assert "The sandbox cannot write its files to .mayday" in said(tmp_path, command)


def test_a_directory_of_a_drill_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "--out" in said(tmp_path, "drill", "proxy-eviction", "--out", "file/drill")


def test_a_port_of_the_sandbox_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = said(tmp_path, "sandbox", MAYDAY_SANDBOX_PORT=port)
    assert f"Port {port} cannot be used" in told


def test_the_output_of_the_sandbox_is_for_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Started(SimpleNamespace):
        def start_slack(self) -> str:
            return "http://127.0.0.1:8000/"

        def start_rest(self) -> None: ...

        def stop(self) -> None: ...

        def settings(self) -> dict[str, object]:
            return {"slack": {"bot_token": "xoxb-1"}}

    world = Started(hub=SimpleNamespace(url="http://hub"), github=SimpleNamespace(url="http://git"))
    monkeypatch.chdir(tmp_path)
    cli.LAST_PORT.parent.mkdir(parents=True)
    monkeypatch.setattr(cli, "_sandbox_world", lambda: world)
    monkeypatch.setattr(cli, "_until_signalled", lambda: None)
    start_sandbox()
    printed = capsys.readouterr()
    assert printed.out == "export MAYDAY_SLACK__BOT_TOKEN='xoxb-1'\n"
    assert "http://127.0.0.1:8000/" in printed.err


NEED_THE_SANDBOX = pytest.mark.parametrize(
    "command", [("run",), ("sandbox",), ("drill", "proxy-eviction")], ids=lambda words: words[0]
)


@NEED_THE_SANDBOX
def test_a_sandbox_that_is_not_there(tmp_path: Path, command: tuple[str, ...]) -> None:
    told = said_by(mayday_without(["sandbox", *EXTRA], *command), tmp_path, {})
    assert told == f"mayday: {NO_SANDBOX}\n"


@NEED_THE_SANDBOX
def test_a_sandbox_without_its_extra(tmp_path: Path, command: tuple[str, ...]) -> None:
    told = said_by(mayday_without(EXTRA, *command), tmp_path, {})
    assert told == f"mayday: {NO_SANDBOX_EXTRA}\n"


def test_a_directory_called_sandbox_is_not_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python imports any directory as a package. Its contents decide."""
    directory = ModuleType("sandbox")
    directory.__path__ = [str(tmp_path)]
    monkeypatch.setitem(sys.modules, "sandbox", directory)
    monkeypatch.delitem(sys.modules, "sandbox.world", raising=False)
    with pytest.raises(UserError) as told:
        start_sandbox()
    assert str(told.value) == NO_SANDBOX
