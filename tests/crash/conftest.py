"""The workshop of the stories, which a worker opens once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.errors import SandboxError
from tests.crash.controller import SETUPS, Controller, Outcome, workshop
from tests.crash.stage import Workshop


@pytest.fixture(scope="session")
def crash_workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A fork server, a GitHub and databases."""
    try:
        with workshop(tmp_path_factory.mktemp("crash")) as made:
            yield made
    except SandboxError as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def calm(crash_workshop: Workshop) -> Outcome:
    """The undisturbed story."""
    outcome = Controller(crash_workshop, SETUPS["sqlite"]).play()
    assert outcome.problems == [], outcome.logs
    return outcome
