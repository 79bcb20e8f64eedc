"""Whoever has a server when mayday reads a hub is known to the guard, and forgotten long after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.evidence import View
from bot.domain.publication import Document, Target, TargetKind
from bot.services.guard import Guards
from bot.services.sightings import KEPT, Sightings
from bot.store import hub_users
from bot.store.engine import Store
from tests.support.hubs import server
from tests.support.rows import settings, stored

DAY = datetime(2017, 2, 24, 7, 0, tzinfo=UTC)
TARGET = Target(kind=TargetKind.ISSUE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    made.migrate()
    stored(made)
    yield made
    made.close()


def listed(*names: str) -> View[Any]:
    return View(items=tuple(map(server, names)))


def names(store: Store) -> set[str]:
    with store.read() as tx:
        return hub_users.every_name(tx)


def test_the_guard_knows_everybody_with_a_server(store: Store) -> None:
    Sightings(store).of("datahub", listed("zhang_wei", "maria-lopez"), DAY)
    text = Document(target=TARGET, title="", text="jupyter-zhang-5fwei hung; so did maria-lopez.")
    found = Guards(store, settings()).guarded("abc123abc123", [text], team=frozenset())
    assert found.documents[0].text == "jupyter-student-1 hung; so did student-2."


def test_whom_it_knows_already_costs_nothing(store: Store) -> None:
    sightings = Sightings(store)
    sightings.of("datahub", listed("zhang_wei", "kwame"), DAY)
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    sightings.of("datahub", listed("zhang_wei"), DAY + timedelta(hours=1))
    assert not [one for one in statements if "hub_user" in one]


def test_a_name_is_forgotten_long_after_its_last_server(store: Store) -> None:
    sightings = Sightings(store)
    sightings.of("datahub", listed("zhang_wei", "kwame"), DAY)
    sightings.of("datahub", listed("kwame"), DAY + KEPT)
    assert names(store) == {"zhang_wei", "kwame"}
    Sightings(store).of("datahub", listed("kwame"), DAY + KEPT + timedelta(days=1))
    assert names(store) == {"kwame"}
