"""A drill says that it is one, and stays out of what is about real outages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from bot.domain.publication import Target, TargetKind
from bot.store import items as item_rows
from bot.store import search as index
from bot.store.engine import Store
from tests.support.desk import ELSEWHERE, Desk
from tests.support.rows import stored

TARGETS = (
    Target(kind=TargetKind.ISSUE, repository="berkeley/datahub"),
    Target(kind=TargetKind.FOLDER),
)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """A database without incidents."""
    made = Store(sqlite_url)
    made.migrate()
    yield made
    made.close()


@pytest.mark.parametrize("drill", [False, True])
def test_it_is_found_by_no_search(store: Store, drill: bool) -> None:
    stored(store, drill=drill, status="resolved")
    desk = Desk(store)
    desk.context.search.refresh()
    with store.read() as tx:
        assert index.count(tx) == (not drill)
        assert index.not_indexed(tx, 9) == []


@pytest.mark.parametrize("drill", [False, True])
def test_its_action_items_are_in_no_list_elsewhere_and_nobody_is_reminded(
    store: Store, drill: bool
) -> None:
    stored(store, drill=drill)
    desk = Desk(store)
    desk.command("action tech: add an alert @ana due 2017-02-24")
    assert ("add an alert" in str(desk.command("actions", channel=ELSEWHERE).blocks)) is not drill
    assert "add an alert" in str(desk.command("actions").blocks)
    with store.read() as tx:
        due = item_rows.due(tx, day=date(2017, 2, 25), now=desk.now())
    assert bool(due) is not drill


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({}, [TargetKind.FOLDER]),
        ({"files_drills": True}, [TargetKind.ISSUE, TargetKind.FOLDER]),
    ],
)
def test_its_report_stays_in_the_folder_unless_configured(
    store: Store, values: dict[str, bool], kinds: list[TargetKind]
) -> None:
    stored(store, drill=True, status="closed")
    desk = Desk(store, targets=TARGETS, **values)
    composed = desk.composer.composed("abc123abc123")
    assert [each.target.kind for each in composed.publication.reports] == kinds
    assert bool(composed.digest) == ("files_drills" in values)
    for each in composed.publication.reports:
        assert "Drill: Proxy was evicted" in each.title
        assert "Drill: Proxy was evicted" in each.text


def test_its_text_says_so_in_lists(store: Store) -> None:
    stored(store, drill=True)
    assert "Drill: Proxy was evicted" in str(Desk(store).command("list").blocks)
