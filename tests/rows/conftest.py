"""The hub for the tests: one for each module, healthy before each test."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.hub import HubSandbox
from tests.rows.desk import Desk, sandbox_with_tokens

USERS = ("ana", "ben", "chidi", "dara", "kofi")


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[HubSandbox, dict[str, str]]]:
    """A hub with all servers running, and tokens with fewer scopes."""
    if sys.platform != "linux":
        pytest.skip("KubeSpawner runs on Linux only")
    directory: Path = tmp_path_factory.mktemp("hub")
    sandbox, tokens = sandbox_with_tokens(directory, USERS)
    with sandbox:
        sandbox.start_servers()
        yield sandbox, tokens
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def desk(running: tuple[HubSandbox, dict[str, str]], sqlite_url: str) -> Iterator[Desk]:
    """The operator's desk; repaired after each test."""
    sandbox, tokens = running
    made = Desk(sandbox, tokens, sqlite_url)
    yield made
    made.repair()
