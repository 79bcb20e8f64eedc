"""``mayday runbooks plan`` against a scripted hub and cluster."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rich.console import Console

from bot import plan as command
from bot.config import load
from bot.plan import Exit, plan
from bot.runbook.site import Site
from tests.support.hubs import NOW, PLACE, pod, route, server
from tests.support.scripted import Scripted, site

CLEAR, RESTART, RESYNC = "force-delete-stuck-servers", "restart-proxy", "resync-routes"
READINGS = {
    "nodes",
    "access",
    "health",
    "servers",
    "routes",
    "pods",
    "events",
    "may",
    "proxy",
    "knows",
}


class At(datetime):
    """A clock that a test sets."""

    moment: ClassVar[datetime] = NOW

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.moment.astimezone(tz)


@dataclass(kw_only=True)
class Terminal:
    """What a person types and sees."""

    url: str
    party: Scripted
    said: str = ""

    def run(
        self,
        runbook: str = CLEAR,
        hub: str = "datahub",
        *users: str,
        as_json: bool = False,
        rehearse: bool = False,
    ) -> Exit:
        shown = io.StringIO()
        config = load(overrides={"database": {"url": self.url}})
        ended = plan(
            config,
            runbook,
            hub,
            users,
            is_rehearsed=rehearse,
            as_json=as_json,
            out=Console(file=shown, width=80),
        )
        self.said = shown.getvalue()
        return ended

    def json(self, runbook: str = CLEAR, *users: str) -> tuple[Exit, dict[str, Any]]:
        ended = self.run(runbook, "datahub", *users, as_json=True)
        return ended, json.loads(self.said)

    def after(self, **passed: float) -> None:
        """Advance the clock."""
        At.moment += timedelta(**passed)


Begin = Callable[[Scripted], Terminal]


@pytest.fixture
def begin(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """A terminal for one hub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "datetime", At)
    monkeypatch.setattr(At, "moment", NOW)

    def make(party: Scripted) -> Terminal:
        def places(_config: object) -> dict[str, Site]:
            return {PLACE.hub: site(party)}

        monkeypatch.setattr(command, "sites", places)
        return Terminal(url=sqlite_url, party=party)

    yield make


def well() -> Scripted:
    return Scripted(records=[server("zoe")], live=[pod("zoe")], known=[route("zoe")])


def unsent() -> Scripted:
    """Ana's stop is pending, and nothing has reached the cluster."""
    return Scripted(
        records=[server("ana", pending="stop"), server("zoe")],
        live=[pod("ana"), pod("zoe")],
        known=[route("zoe")],
    )
