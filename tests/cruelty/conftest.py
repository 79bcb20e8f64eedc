"""A mayday with little patience, so that an answer that never comes does not make a test long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Bot
from bot.sandbox.slack import SlackSandbox
from tests.support.bot import running
from tests.support.cruelty import PATIENCE


@pytest.fixture
def bot(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Iterator[Bot]:
    """It runs in this process, on SQLite; ``scene`` is what is looked at of it."""
    with running(slack, sqlite_url, tmp_path) as made:
        made.app.client.timeout = PATIENCE
        yield made
