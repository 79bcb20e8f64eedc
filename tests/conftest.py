"""What every test may ask for: databases of both kinds, a practice Slack, and a mayday that uses it.

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
    from tests.support.bot import Child, Scene
    from tests.support.shared import SharedBot


REALTIME = {"mayday", "running_lab", "running_hub", "world", "browser"}
"""Fixtures that are processes or a browser: whoever uses one waits for real time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses one; ``tests/support/rerun.py`` says what follows from that."""
    for item in items:
        if REALTIME.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("realtime")
    # The longest first: it would otherwise keep one worker busy when the others are done.
    items.sort(key=lambda item: item.path.name != "test_drill.py")


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """What mayday logs, in one line each: a traceback with all its locals takes seconds to draw."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ]
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres | str]:
    """One server for each worker, or why there is none."""
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
    """A fresh database, each kind in turn."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture
def clock(tmp_path: Path) -> SandboxClock:
    """The clock that the practice Slack and mayday share."""
    return SandboxClock(tmp_path / "clock.json")


@pytest.fixture(scope="module")
def sections() -> Mapping[str, Any]:
    """Configuration that a module's shared mayday has beside the usual; a module may override it."""
    return {}


@pytest.fixture(scope="module")
def shared_bot(
    tmp_path_factory: pytest.TempPathFactory, sections: Mapping[str, Any]
) -> Iterator[SharedBot]:
    """What a module's tests share: a mayday, and the address and tokens of its Slack."""
    from tests.support.shared import SharedBot

    made = SharedBot(tmp_path_factory.mktemp("shared"), sections)
    yield made
    made.stop()


@pytest.fixture
def slack(shared_bot: SharedBot, clock: SandboxClock) -> Iterator[SlackSandbox]:
    """A practice Slack with mayday installed, in which nothing has been said."""
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
    """What a test of that mayday looks at."""
    from tests.support.bot import Scene

    return Scene(slack=slack, store=bot.store, clock=clock)


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """One fork server for each worker."""
    with forkserver() as made:
        yield made


@pytest.fixture
def mayday(
    slack: SlackSandbox, database_url: str, tmp_path: Path, forks: ForkServer
) -> Iterator[Child]:
    """A mayday in a process of its own, not yet started, on each kind of database in turn."""
    from tests.support.bot import child

    with child(forks, slack, database_url, tmp_path) as made:
        yield made


@pytest.fixture
def aftermath(slack: SlackSandbox, database_url: str, clock: SandboxClock) -> Iterator[Scene]:
    """What a test of that child looks at: its rows are read beside it."""
    from bot.store.engine import Store
    from tests.support.bot import Scene

    store = Store(database_url)
    store.migrate()
    yield Scene(slack=slack, store=store, clock=clock)
    store.close()
