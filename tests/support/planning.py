"""Runs ``mayday runbooks plan --json`` on real systems, with adjustable clocks."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from unittest.mock import patch

from rich.console import Console

from bot.bootstrap import sites
from bot.config import Config
from bot.domain.facts import HubFacts
from bot.domain.retry_after import http_date
from bot.domain.runs import Outcome, Result
from bot.plan import Exit, plan
from bot.services.facts import read_facts
from bot.services.sightings import Sightings
from bot.services.steps import attempt, verify
from bot.store.engine import Store
from tests.support.books import RUNBOOKS
from tests.support.steps import begin

FORCE = "force-delete-stuck-servers"
RESYNC = "resync-routes"
RESTART = "restart-proxy"
NOW = timedelta()
LONG_AFTER = timedelta(minutes=14)
"""Longer than a start may take, and soon enough that a stop counts as the same."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """The output of ``mayday runbooks plan --json`` and its exit code."""

    exit: Exit
    json: Mapping[str, Any]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Verb and target of each step."""
        return [(step["verb"], step["target"]) for step in self.json["steps"]]

    @property
    def unknown(self) -> str:
        """Every reason for an unknown."""
        return "\n".join(part["why"] for part in self.json["unknown"])

    @property
    def conditions(self) -> dict[str, str]:
        """The condition of each server."""
        return {_shown(row): row["condition"] for row in self.json["rows"]}

    def why(self, server: str) -> str:
        """Why a server is in its condition."""
        return next(str(row["why"]) for row in self.json["rows"] if _shown(row) == server)


def told(
    config: Config,
    runbook: str,
    users: Iterable[str],
    *,
    later: timedelta = NOW,
    hub: timedelta | None = None,
) -> Told:
    """The command's output. All clocks are ahead by ``later``, or the hub's by ``hub``."""
    printed = io.StringIO()
    ahead = later if hub is None else hub
    with patch("bot.plan.datetime", _clock(later)), hubs_clock(lambda: ahead):
        ended = plan(
            config,
            runbook,
            config.hubs[0].name,
            users,
            as_json=True,
            out=Console(file=printed, width=200),
        )
    return Told(exit=ended, json=json.loads(printed.getvalue()))


def carried_out(
    config: Config, runbook: str, users: Iterable[str], *, later: timedelta = NOW
) -> list[Result]:
    """Do and verify each step of the plan, which is recomputed before each."""
    name = config.hubs[0].name
    site = sites(config)[name]
    book = next(book for book in RUNBOOKS if book.name == runbook)
    asked = {"users": sorted(users)}
    store = Store(config.database.url.get_secret_value())
    store.migrate()

    def read() -> HubFacts:
        now = datetime.now(UTC) + later
        return read_facts(
            site,
            now,
            since=lambda servers: Sightings(store).of(name, servers, now),
            named=users,
            rights=True,
        )

    def wait(_seconds: float) -> None:
        time.sleep(0.2)

    results = []
    with hubs_clock(lambda: later):
        made = book.plan(read(), asked)
        for step in made.steps:
            done = attempt(step, site, book.plan(read(), asked), begin)
            if done.outcome is Outcome.DONE:
                done = verify(step, site, read, wait, made.before)
            results.append(done)
    store.close()
    return results


@contextmanager
def hubs_clock(ahead: Callable[[], timedelta]) -> Iterator[None]:
    """Move the hub's clock, which mayday compares with its own."""

    def date(text: str) -> datetime | None:
        said = http_date(text)
        return said and said + ahead()

    with patch("bot.adapters.jupyterhub.http_date", date):
        yield


def _clock(later: timedelta) -> type[datetime]:
    """``datetime`` whose clock is ahead."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + later

    return Ahead


def _shown(row: Mapping[str, str]) -> str:
    return "/".join(part for part in (row["user"], row["server"]) if part)
