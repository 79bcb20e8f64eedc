"""Shared fixtures: databases of both kinds, a practice Slack, and a mayday that uses it.

The product is imported where a fixture needs it: ``tests/sandbox`` runs without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.forkserver import ForkServer, forkserver
from tests.support.postgres import Postgres, postgres

if TYPE_CHECKING:
    from bot.bootstrap import Bot
    from bot.store.engine import Store
    from tests.support.bot import Child, Scene
    from tests.support.shared import SharedBot


REALTIME = {"mayday", "running_lab", "running_hub", "world", "browser"}
"""Fixtures that start processes or a browser. Their tests wait in real time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use one; ``tests/support/rerun.py`` reruns those that fail."""
    for item in items:
        if REALTIME.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("realtime")
    # Run the longest test first. Otherwise one worker runs it after the others finish.
    items.sort(key=lambda item: item.path.name != "test_drill.py")


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Log one line per event. Rendering a traceback with its locals takes seconds."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ]
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres | str]:
    """One server per worker, or why there is none."""
    with ExitStack() as stack:
        try:
            server: Postgres | str = stack.enter_context(postgres())
        except (ImportError, RuntimeError) as exc:
            server = f"no PostgreSQL can be started here: {exc}"
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'mayday.db'}"


@pytest.fixture
def postgres_url(postgres_server: Postgres | str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    if isinstance(postgres_server, str):
        pytest.skip(postgres_server)
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database of each kind."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty database with its tables."""
    from bot.store.engine import Store

    made = Store(database_url)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def clock(tmp_path: Path) -> SandboxClock:
    """The clock that the practice Slack and mayday share."""
    return SandboxClock(tmp_path / "clock.json")


@pytest.fixture(scope="module")
def sections() -> Mapping[str, Any]:
    """Extra configuration for a module's shared mayday; modules may override it."""
    return {}


@pytest.fixture(scope="module")
def shared_bot(
    tmp_path_factory: pytest.TempPathFactory, sections: Mapping[str, Any]
) -> Iterator[SharedBot]:
    """The mayday that a module's tests share, with its Slack's address and tokens."""
    from tests.support.shared import SharedBot

    made = SharedBot(tmp_path_factory.mktemp("shared"), sections)
    yield made
    made.stop()


@pytest.fixture
def slack(shared_bot: SharedBot, clock: SandboxClock) -> Iterator[SlackSandbox]:
    """A practice Slack with mayday installed and no messages."""
    with shared_bot.slack(clock) as made:
        yield made


@pytest.fixture
def bot(
    shared_bot: SharedBot, slack: SlackSandbox, clock: SandboxClock, tmp_path: Path
) -> Iterator[Bot]:
    """A mayday that runs in this process, on an empty SQLite database."""
    with shared_bot.bot(slack, clock, tmp_path) as made:
        yield made


@pytest.fixture
def scene(slack: SlackSandbox, bot: Bot, clock: SandboxClock) -> Scene:
    """Helpers for a test of ``bot``."""
    from tests.support.bot import Scene

    return Scene(slack=slack, store=bot.store, clock=clock)


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """One fork server per worker."""
    with forkserver() as made:
        yield made


@pytest.fixture
def mayday(
    slack: SlackSandbox, database_url: str, tmp_path: Path, forks: ForkServer
) -> Iterator[Child]:
    """A mayday in a separate process, not started yet, on each kind of database."""
    from tests.support.bot import child

    with child(forks, slack, database_url, tmp_path) as made:
        yield made


@pytest.fixture
def aftermath(slack: SlackSandbox, database_url: str, clock: SandboxClock) -> Iterator[Scene]:
    """Helpers for a test of ``mayday``; they read its rows directly."""
    from bot.store.engine import Store
    from tests.support.bot import Scene

    store = Store(database_url)
    store.migrate()
    yield Scene(slack=slack, store=store, clock=clock)
    store.close()
