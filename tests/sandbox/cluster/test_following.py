"""Statuses that follow their specs: StatefulSets, and claims that grow in stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.cluster import following
from sandbox.cluster.following import StatusController
from sandbox.cluster.resources import NAMESPACES, STATEFUL_SETS, STORAGE_CLASSES, VOLUME_CLAIMS
from sandbox.cluster.storage import Storage
from sandbox.cluster.verbs import Verbs
from sandbox.hub import manifests

NS = "hub-prod"
MERGE = "application/merge-patch+json"


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets a second pass."""
    passed = 0

    def go_on() -> None:
        nonlocal passed
        passed += 1
        monkeypatch.setattr(following, "now", lambda: f"second {passed}")

    return go_on


@pytest.fixture
def storage() -> Storage:
    storage = Storage()
    verbs = Verbs(storage)
    verbs.create(NAMESPACES, "", {"metadata": {"name": NS}})
    verbs.create(VOLUME_CLAIMS, NS, manifests.database_claim())
    verbs.create(STATEFUL_SETS, NS, manifests.placeholders("datahub"))
    return storage


def _grown(storage: Storage) -> dict[str, Any]:
    patch = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    return Verbs(storage).patch(VOLUME_CLAIMS, NS, "hub-db-dir", MERGE, patch)


def test_a_claim_grows_in_stages(storage: Storage, second: Callable[[], None]) -> None:
    Verbs(storage).create(STORAGE_CLASSES, "", manifests.storage_class())
    controller = StatusController(storage)
    controller.reconcile()
    _grown(storage)
    seen = []
    for _ in range(5):
        second()
        controller.reconcile()
        status = storage.get(VOLUME_CLAIMS, NS, "hub-db-dir")["status"]
        conditions = [each["type"] for each in status["conditions"] if each["status"] == "True"]
        seen.append((status["capacity"]["storage"], conditions))
    assert seen == [
        ("1Gi", ["Resizing"]),
        ("1Gi", ["FileSystemResizePending"]),
        ("2Gi", []),
        ("2Gi", []),
        ("2Gi", []),
    ]


def test_a_claim_of_another_class_stays_as_it_is(
    storage: Storage, second: Callable[[], None]
) -> None:
    before = _grown(storage)["status"]
    second()
    StatusController(storage).reconcile()
    assert storage.get(VOLUME_CLAIMS, NS, "hub-db-dir")["status"] == before


def test_the_replicas_of_a_stateful_set_are_ready(storage: Storage) -> None:
    Verbs(storage).patch(STATEFUL_SETS, NS, "user-placeholder", MERGE, {"spec": {"replicas": 3}})
    StatusController(storage).reconcile()
    status = storage.get(STATEFUL_SETS, NS, "user-placeholder")["status"]
    assert (status["replicas"], status["readyReplicas"]) == (3, 3)
