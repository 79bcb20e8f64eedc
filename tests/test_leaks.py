"""Secrets are in no output, and what mayday writes is for its own account only.

Each command runs as a process of its own, with marked secrets and systems that show what they were sent.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot import logs
from bot.services.inbox import _said
from bot.store.engine import Store
from tests.contracts.github.systems import new_key
from tests.support.kube_stub import kubeconfig
from tests.support.stub import Answer, Asked, Stub, stub

ROOT = Path(__file__).parents[1]
SECRETS = {
    "bot_token": "xoxb-marked-bot-token",
    "app_token": "xapp-marked-app-token",
    "signing_secret": "marked-signing-secret",
    "github": "marked-github-token",
    "hub": "marked-hub-token",
    "password": "marked p@ss/word?&",
    "cluster": "marked-cluster-token",
    "plugin": "marked-plugin-output",
}
COMMANDS = {
    "check": ["check"],
    "doctor": ["doctor"],
    "doctor, JSON": ["doctor", "--json"],
    "plan": ["runbooks", "plan", "resync-routes", "--hub", "datahub"],
    "plan, JSON": [
        *("runbooks", "plan", "force-delete-stuck-servers"),
        *("--hub", "datahub", "--json"),
    ],
    "run": ["run"],
}


def shown_back(status: int) -> Any:
    """Answers that quote the whole request, as an error page for developers does."""

    def answer(asked: Asked) -> Answer:
        quoted = f"refused: {json.dumps(dict(asked.headers))} {json.dumps(asked.body)}"
        if status == 200:  # Slack's way to refuse
            return Answer(body={"ok": False, "error": quoted})
        return Answer(status=status, body={"status": status, "message": quoted})

    return answer


@pytest.fixture(params=[200, 401, 500])
def echo(request: pytest.FixtureRequest) -> Iterator[Stub]:
    """A Slack, GitHub, hub and cluster in one."""
    with stub(shown_back(request.param)) as running:
        yield running


def mayday(arguments: list[str], directory: Path, **environment: str) -> str:
    """Everything that a command shows, with the finest log."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAYDAY_")}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=directory,
        env={**clean, "PYTHONPATH": str(ROOT), "MAYDAY_LOG_LEVEL": "DEBUG", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        umask=0o022,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def configured(url: str, directory: Path, **more: str) -> dict[str, str]:
    """The environment of a mayday with every secret, whose systems are at this address."""
    script = directory / "login"
    script.write_text(
        f"#!/bin/sh\necho {SECRETS['plugin']}\necho {SECRETS['plugin']} >&2\nexit 1\n"
    )
    script.chmod(0o700)
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}
    for name, user in (("with-token", {"token": SECRETS["cluster"]}), ("exec", {"exec": plugin})):
        (directory / name).mkdir()
        kubeconfig(directory / name, url, user)
    hubs = [
        {
            "name": name,
            "url": url,
            "api_url": f"{url}/hub/api",
            "api_token": SECRETS["hub"],
            "cluster": cluster,
            "namespace": "prod",
        }
        for name, cluster in (("datahub", "with-token"), ("other", "exec"))
    ]
    clusters = [
        {
            "name": name,
            "kubeconfig": str(directory / name / "kubeconfig"),
            "context": "teaching",
            "server": url,
        }
        for name in ("with-token", "exec")
    ]
    return {
        "MAYDAY_SLACK__BOT_TOKEN": SECRETS["bot_token"],
        "MAYDAY_SLACK__APP_TOKEN": SECRETS["app_token"],
        "MAYDAY_SLACK__SIGNING_SECRET": SECRETS["signing_secret"],
        "MAYDAY_SLACK__API_URL": f"{url}/api/",
        "MAYDAY_GITHUB__TOKEN": SECRETS["github"],
        "MAYDAY_GITHUB__API_URL": url,
        "MAYDAY_GITHUB__REPOSITORY": "practice/incidents",
        "MAYDAY_HUBS": json.dumps(hubs),
        "MAYDAY_CLUSTERS": json.dumps(clusters),
        **more,
    }


def leaked(shown: str, secrets: Mapping[str, str] = SECRETS) -> list[str]:
    """The secrets in this text, also as a URL writes them."""
    flat = "".join(shown.split())  # a table breaks lines
    forms = {
        name: (value, quote(value, safe=""), quote_plus(value)) for name, value in secrets.items()
    }
    return [name for name, found in forms.items() if any("".join(f.split()) in flat for f in found)]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_system_that_refuses_makes_a_command_show_a_secret(
    command: str, echo: Stub, tmp_path: Path
) -> None:
    shown = mayday(COMMANDS[command], tmp_path, **configured(echo.url, tmp_path))
    assert shown
    assert leaked(shown) == []


PASSWORD = quote(SECRETS["password"], safe="")
DATABASES = {
    "away": f"postgresql://m:{PASSWORD}@127.0.0.1:1/x",
    "in the parameters": f"postgresql://127.0.0.1:1/x?user=m&password={PASSWORD}",
    "a parameter that there is not": f"postgresql://m:x@127.0.0.1:1/x?passphrase={PASSWORD}",
    "not encoded": f"postgresql://m:{SECRETS['password']}@127.0.0.1:1/x",
    "no port": f"postgresql://m:{PASSWORD}@127.0.0.1:port/x",
    "no host": f"postgresql://m:{PASSWORD}/x",
    "another kind": f"mysql://m:{PASSWORD}@127.0.0.1/x",
    "no URL": SECRETS["password"],
}


@pytest.mark.parametrize("command", ["check", "doctor, JSON"])
@pytest.mark.parametrize("database", DATABASES)
def test_no_database_that_fails_makes_a_command_show_its_password(
    database: str, command: str, tmp_path: Path
) -> None:
    with stub(shown_back(500)) as echo:
        shown = mayday(
            COMMANDS[command],
            tmp_path,
            **configured(echo.url, tmp_path, MAYDAY_DATABASE__URL=DATABASES[database]),
        )
    assert shown
    assert leaked(shown) == []
    assert "p@ss" not in shown


@pytest.mark.parametrize("wrong", ["key", "installation"])
def test_a_githubs_key_is_shown_nowhere(wrong: str, tmp_path: Path) -> None:
    key = new_key() if wrong == "installation" else "-----BEGIN marked-private-key"
    with stub(shown_back(401)) as echo:
        environment = {
            **configured(echo.url, tmp_path),
            "MAYDAY_GITHUB__APP_ID": "1",
            "MAYDAY_GITHUB__INSTALLATION_ID": "2",
            "MAYDAY_GITHUB__PRIVATE_KEY": key,
        }
        shown = mayday(["check"], tmp_path, **environment)
    assert leaked(shown, dict(enumerate(key.splitlines()[1:-1] or [key]))) == []  # type: ignore[arg-type]


# --- the log -------------------------------------------------------------------------------------


@contextmanager
def logging_of_mayday() -> Iterator[None]:
    """mayday's logging at its finest, to the standard error of the test."""
    before, root, hidden = structlog.get_config(), logging.getLogger(), set(logs._hidden)
    handlers, root.handlers = root.handlers, []
    try:
        logs.configure(level="DEBUG")
        yield
    finally:
        structlog.configure(**before)
        root.handlers = handlers
        logs._hidden.clear()
        logs._hidden.update(hidden)


def test_the_log_masks_what_is_configured_as_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_of_mayday():
        logs.hide(SECRETS.values())
        for secret in SECRETS.values():
            structlog.get_logger().warning("failed", error=f"got {secret}.")
            logging.getLogger("urllib3.elsewhere").error("got %s", secret)
            try:
                raise ValueError(secret)
            except ValueError:
                structlog.get_logger().exception("failed")
                logging.getLogger("elsewhere").exception("failed")
    shown = capsys.readouterr().err
    assert shown.count("failed") >= 2 * len(SECRETS)
    assert leaked(shown) == []


def test_the_log_does_not_show_the_row_that_a_database_refuses(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL's errors quote it, with the title of a private incident."""
    store = Store(postgres_url)
    title = "Xylophone breach\n\nof all things"
    with store.write() as tx:
        tx.execute(text("CREATE TABLE t (id int, title text, CHECK (id > 1))"))
    with logging_of_mayday():
        try:
            with store.write() as tx:
                tx.execute(text("INSERT INTO t VALUES (1, :title)"), {"title": title})
        except IntegrityError as exc:
            structlog.get_logger().exception("store.failed")
            assert "ylophone" not in _said(exc), "what the database keeps of a failure"
            logging.getLogger("elsewhere").exception("failed")
    store.close()
    shown = capsys.readouterr().err
    assert "violates check constraint" in shown
    assert "ylophone" not in shown
    assert "all things" not in shown


# --- files ---------------------------------------------------------------------------------------


def open_to_others(directory: Path) -> list[str]:
    """The files and folders below that another account may read."""
    found = [path for path in directory.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077]
    return [str(path.relative_to(directory)) for path in found]


@pytest.mark.parametrize("command", ["check", "plan", "run"])
def test_what_a_command_writes_is_for_its_account_only(command: str, tmp_path: Path) -> None:
    directory = tmp_path / "work"
    directory.mkdir()
    with stub(shown_back(500)) as echo:
        environment = configured(echo.url, tmp_path)
        mayday(COMMANDS[command], directory, **environment)
    assert open_to_others(directory) == []
    if command == "run":
        assert (directory / ".mayday/mayday.db.lock").exists()


def test_a_database_that_others_could_read_is_closed_to_them(sqlite_url: str) -> None:
    first = Store(sqlite_url)
    first.migrate()
    first.lock()
    file = Path(first.engine.url.database or "")
    files = [path for path in file.parent.iterdir() if path.name.startswith(file.name)]
    for path in files:
        path.chmod(0o664)
    first.close()
    second = Store(sqlite_url)
    second.lock()
    second.migrate()
    files = [path for path in file.parent.iterdir() if path.name.startswith(file.name)]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in files} == {
        path.name: 0o600 for path in files
    }
    second.close()
