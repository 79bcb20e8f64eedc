"""Fixtures: each GitHub, started once, with mayday's adapter and a client."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from github import Github

from bot.adapters.github import GitHubForge
from bot.ports import Origin
from sandbox.emulate import VERSION, EmulateError
from sandbox.nodejs import NodeMissingError
from tests.contracts.github.systems import GitHub, running


@pytest.fixture(scope="session")
def githubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], GitHub]]:
    """Start a system on first use; skip with the reason if it is unavailable."""
    started: dict[str, GitHub] = {}
    with ExitStack() as stack:

        def get(name: str) -> GitHub:
            if name not in started:
                try:
                    made = running(name, tmp_path_factory.mktemp("github"))
                    started[name] = stack.enter_context(made)
                except (EmulateError, NodeMissingError) as exc:
                    pytest.skip(str(exc))
            return started[name]

        yield get


@pytest.fixture
def github(
    githubs: Callable[[str], GitHub], system: str, record_property: Callable[[str, object], None]
) -> Iterator[GitHub]:
    """The system of this case."""
    found = githubs(system)
    rules = ", with tests/support/strict_github.py before it" if found.strict else ""
    record_property("against", f"npm emulate {VERSION}, service github{rules}, by PyGithub")
    yield found
    found.proxy.faults.clear()
    if found.strict is not None:
        found.strict.healed()


@pytest.fixture
def forge(github: GitHub) -> Iterator[GitHubForge]:
    """mayday's GitHub adapter."""
    made = github.forge()
    yield made
    made.close()


@pytest.fixture
def client(github: GitHub) -> Iterator[Github]:
    """The official client, without retries."""
    made = Github(
        auth=github.auth,
        base_url=github.proxy.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )
    yield made
    made.close()


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def origin(_numbers: Iterator[int]) -> Origin:
    """An incident without a filed issue."""
    return Origin(incident=f"contract{next(_numbers)}")
