"""One mayday for a module's tests. Each test gets an empty Slack and an empty database.

Starting mayday takes 1.5 seconds, mostly waiting. DBOS runs once in a process, so a test that
starts another mayday stops this one first. The next test that requests it gets a new one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from bot.bootstrap import Bot
from bot.cli import manifest
from bot.store.engine import Store
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support import bot as support
from tests.support.waiting import UNHURRIED, wait_until

KEPT = {"alembic_version", "dbos_migrations", "queues", "application_versions"}
"""Tables that a start fills, identical for every test."""

SELDOM = ("sweep", "backfill", "purge")
"""Ticks that a mayday runs once, at start; here they could run during any test."""


class SharedBot:
    """Successive Slacks with the same address, ids and tokens, and their mayday."""

    def __init__(self, directory: Path, sections: Mapping[str, Any]) -> None:
        self._directory = directory
        self._sections = sections
        self._pristine = directory / "pristine.json"
        self._port = 0
        self._bot: Bot | None = None
        self._stack = ExitStack()

    @contextmanager
    def slack(self, clock: SandboxClock) -> Iterator[SlackSandbox]:
        """A practice Slack with mayday installed and no messages."""
        if not self._pristine.exists():
            with SlackSandbox(manifest=manifest(), clock=clock, state_file=self._pristine):
                pass
        state = self._directory / "slack.json"
        shutil.copyfile(self._pristine, state)
        try:
            made = self._start_slack(clock, state)
        except OSError:  # another process took the port
            self.stop()
            self._port = 0
            made = self._start_slack(clock, state)
        with made as slack:
            yield slack

    def _start_slack(self, clock: SandboxClock, state: Path) -> SlackSandbox:
        slack = SlackSandbox(port=self._port, manifest=manifest(), clock=clock, state_file=state)
        slack.ack_seconds = slack.trigger_seconds = UNHURRIED
        self._port = int(slack.url.rstrip("/").rpartition(":")[2])
        return slack

    @contextmanager
    def bot(self, slack: SlackSandbox, clock: SandboxClock, directory: Path) -> Iterator[Bot]:
        """The mayday, with an empty database, on this Slack and this clock.

        ``directory`` holds its reports. If the test leaves unfinished work or stops the
        clock, the next test gets a new mayday.
        """
        _point(self._directory / "clock.json", clock.file)
        (directory / "reports").mkdir(exist_ok=True)
        _point(self._directory / "reports", directory / "reports")
        if self._bot is None:
            self._start(slack)
        assert self._bot is not None
        bot = self._bot
        slack.set_request_url(f"http://127.0.0.1:{_port(bot)}/slack/events")
        yield bot
        slack.faults = []
        slack.set_request_url(None)
        if self._bot is None or not _is_at_rest(bot):
            self.stop()
        else:
            bot.chat._resolved.clear()
            bot.services.incidents._asked_at = None
            _empty(bot.store)

    def _start(self, slack: SlackSandbox) -> None:
        url = f"sqlite:///{self._directory / 'mayday.db'}"
        started = support.running(slack, url, self._directory, **self._sections)
        self._bot = self._stack.enter_context(started)
        support.before_another.append(self.stop)
        for name in SELDOM:
            self._bot.ticks._scheduler.remove_job(name)

    def stop(self) -> None:
        """Stop the mayday, if any, and delete its database."""
        if self._bot is not None:
            support.before_another.remove(self.stop)
            self._bot = None
            self._stack.close()
            for file in self._directory.glob("mayday.db*"):
                file.unlink()


def _port(bot: Bot) -> int:
    assert bot.http is not None
    return bot.http.port


def _point(link: Path, target: Path) -> None:
    """Point ``link`` to ``target`` atomically."""
    aside = link.with_suffix(".link")
    aside.symlink_to(target)
    aside.replace(link)


def _is_at_rest(bot: Bot) -> bool:
    """Whether the mayday has no work left."""
    if not bot.ticks._scheduler.running:
        return False
    try:
        wait_until(lambda: not is_busy(bot.store), "rest", timeout=5)
    except TimeoutError:
        return False
    return True


def is_busy(store: Store) -> bool:
    """Whether a workflow waits or runs, or a request is processed."""
    table = "workflow_status" if store.is_sqlite else "dbos.workflow_status"
    busy = text(f"SELECT count(*) FROM {table} WHERE status IN ('ENQUEUED', 'PENDING')")
    claimed = text("SELECT count(*) FROM inbox WHERE done_at IS NULL AND owner IS NOT NULL")
    with store.read() as tx:
        return bool(tx.execute(busy).scalar() or tx.execute(claimed).scalar())


def _empty(store: Store) -> None:
    with store.write() as tx:
        tx.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in set(inspect(tx).get_table_names()) - KEPT:
            if not table.startswith("searchable_index"):  # its rows follow those of searchable
                tx.execute(text(f"DELETE FROM {table}"))
        tx.execute(text("INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '')"))
