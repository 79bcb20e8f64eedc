"""The image's contents and commands, checked without a container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from bot.cli import manifest
from bot.forms.loading import presets
from sandbox.slack import SlackSandbox
from sandbox.world import environment
from tests.support.dockerfile import of
from tests.support.hidden import EXTRA, mayday_without
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def copied() -> list[str]:
    """The sources that are copied from the repository, not from an earlier stage."""
    rows = [shlex.split(rest) for rest in of("COPY") if "--from=" not in rest]
    return [source for row in rows for source in row[:-1] if not source.startswith("--")]


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Every file that git tracks or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip(f"this is no git checkout: {listed.stderr.strip()}")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


@pytest.fixture(scope="module")
def wheel(
    tracked: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[zipfile.ZipFile]:
    """The wheel that the image installs, built only from what the Dockerfile copies."""
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    source = tmp_path_factory.mktemp("source")
    for name in tracked:
        if any(PurePosixPath(name).is_relative_to(PurePosixPath(c)) for c in copied()):
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"],
        cwd=source,
        capture_output=True,
        check=True,
    )
    (built,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as opened:
        yield opened


def test_everything_that_is_copied_is_in_the_repository(tracked: list[str]) -> None:
    assert copied()
    for source in copied():
        inside = [n for n in tracked if PurePosixPath(n).is_relative_to(PurePosixPath(source))]
        assert inside, f"COPY {source}: git has no such file"


def test_everything_that_is_copied_reaches_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert "**/node_modules" in ignored
    assert let_in == set(copied())


def test_the_packages_of_the_product_are_all_copied_and_the_sandbox_is_not() -> None:
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    packages = hatch["build"]["targets"]["wheel"]["packages"]
    assert set(packages) - set(copied()) == {"sandbox"}
    assert {"pyproject.toml", PROJECT["readme"]} <= set(copied())


def test_what_runs_is_a_command_of_the_project() -> None:
    (entry,), (arguments,) = of("ENTRYPOINT"), of("CMD")
    assert re.fullmatch(r'\["(\w+)"\]', entry)
    command = entry.strip('[]"')
    assert command in PROJECT["scripts"]
    word = arguments.strip('[]"')
    shown = subprocess.run(
        [sys.executable, "-m", "bot", word, "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert shown.returncode == 0


def test_the_versions_are_pinned_and_the_sandbox_stays_out() -> None:
    (install,) = [rest for rest in of("RUN") if "pip" in rest and "install" in rest]
    assert "--constraint constraints.txt" in install
    for line in of("RUN"):
        assert not re.search(r"\[[\w,]+\]", line), f"an extra is installed: {line}"


def test_it_does_not_run_as_root_and_listens_beyond_itself() -> None:
    assert of("USER")[-1].isdigit()
    assert int(of("USER")[-1]) > 0
    environment = dict(pair.split("=", 1) for rest in of("ENV") for pair in shlex.split(rest))
    assert environment["MAYDAY_HTTP__HOST"] == "0.0.0.0"
    assert environment["MAYDAY_HTTP__PORT"] in of("EXPOSE")


def test_the_wheel_has_what_is_no_python_and_nothing_foreign(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {
        "bot/slack/manifest.yaml",
        *(f"bot/forms/presets/{name}/form.yaml" for name in presets()),
        *(f"bot/forms/presets/{name}/report.md.j2" for name in presets()),
        "migrations/env.py",
        "runbooks/resync_routes.py",
    } <= names
    versions = {n for n in names if n.startswith("migrations/versions/") and n.endswith(".py")}
    assert versions >= {f"migrations/versions/{f.name}" for f in _versions()}
    assert not [n for n in names if "node_modules" in n or n.startswith(("sandbox/", "tests/"))]


def _versions() -> list[Path]:
    return sorted((ROOT / "migrations/versions").glob("[0-9]*.py"))


def without_sandbox(directory: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """mayday as in the image: without the sandbox and its extra."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MAYDAY_")}
    return subprocess.Popen(
        mayday_without(("sandbox", *EXTRA), *arguments),
        cwd=directory,
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_healthy(port: int) -> bool:
    """Whether the image's health check passes on this port."""
    (rest,) = of("HEALTHCHECK")
    word, *arguments = json.loads(rest.partition("CMD")[2])
    assert word == "python"
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "MAYDAY_HTTP__PORT": str(port)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    return done.returncode == 0


@contextmanager
def held() -> Iterator[int]:
    """A port that the system does not assign at random, but that a process may bind by number."""
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        yield int(place.getsockname()[1])


def test_without_sandbox_it_runs_against_a_slack_and_is_healthy(tmp_path: Path) -> None:
    with held() as port, SlackSandbox(manifest=manifest()) as slack:
        told = {
            "slack": {
                "bot_token": slack.bot_token,
                "app_token": slack.app_token,
                "api_url": slack.api_url,
            },
            "http": {"port": port},
        }
        process = without_sandbox(tmp_path, "run", **environment(told))
        try:
            slack.wait_for(lambda: slack.bot_connected or process.poll() is not None, 60)
            assert slack.bot_connected, process.communicate(timeout=10)[0]
            # Slack sees the connection before mayday does.
            wait_until(lambda: is_healthy(port), "the image's own check", timeout=60)
            process.terminate()
            said, _ = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait(10)
        assert process.returncode == 0, said
        assert not is_healthy(port)
    assert (tmp_path / ".mayday/mayday.db").exists()
