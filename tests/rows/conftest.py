"""The hub at which the rows are played, one for each module, and healthy before each test."""

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
    """A hub where everybody's server runs, and tokens that may less than mayday's."""
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
    """The operator's desk; whatever a test broke is mended after it."""
    sandbox, tokens = running
    made = Desk(sandbox, tokens, sqlite_url)
    yield made
    made.mend()
