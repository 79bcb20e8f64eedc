"""The length of the double's history, and the watches it expires."""

from __future__ import annotations

import json

import pytest

from sandbox.cluster.errors import StatusError
from sandbox.cluster.resources import CONFIG_MAPS, EVENTS, Resource
from sandbox.cluster.storage import Storage
from sandbox.cluster.watch import Watch, lines


def fill(storage: Storage, resource: Resource, count: int) -> None:
    """Store some objects of one kind."""
    for number in range(count):
        meta = {"name": f"{storage.version}-{number}", "namespace": "hub-prod"}
        storage.create(resource, {"metadata": meta})


def test_a_quiet_watch_outlives_what_is_forgotten_of_other_kinds() -> None:
    storage = Storage(history=3)
    fill(storage, CONFIG_MAPS, 1)
    after = storage.version
    fill(storage, EVENTS, 10)
    assert storage.changes(CONFIG_MAPS, after, 0) == ([], storage.version)
    fill(storage, CONFIG_MAPS, 1)
    news = storage.changes(CONFIG_MAPS, after, 0)
    assert news is not None
    assert [change.version for change in news[0]] == [storage.version]


def test_a_watch_that_missed_a_change_of_its_own_kind_is_told_so() -> None:
    storage = Storage(history=3)
    after = storage.version
    fill(storage, CONFIG_MAPS, 1)
    fill(storage, EVENTS, 10)
    with pytest.raises(StatusError) as told:
        storage.changes(CONFIG_MAPS, after, 0)
    assert told.value.code == 410


def test_a_new_watch_needs_all_of_the_past_that_it_asks_for() -> None:
    storage = Storage(history=3)
    after = storage.version
    fill(storage, EVENTS, 4)
    with pytest.raises(StatusError) as told:
        storage.check_known(after)
    assert told.value.code == 410
    storage.check_known(storage.version)


def test_a_watch_tells_what_had_happened_by_its_end_however_late_it_looks() -> None:
    storage = Storage()
    after = storage.version
    fill(storage, CONFIG_MAPS, 2)
    over = Watch(
        resource=CONFIG_MAPS,
        namespace=None,
        matches=lambda _obj: True,
        after=after,
        timeout=0,
        bookmarks=False,
    )
    assert [json.loads(line)["type"] for line in lines(storage, over)] == ["ADDED", "ADDED"]
