"""Failed resources are retried when due, by the workflow that owns them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.services.retry import Retries, retry_due
from bot.store import resources as rows
from bot.store.engine import Store
from tests.support.rows import NOW, Hands, NoWork

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

ID = "abc123abc123"


def failed(store: Store, kind: ResourceKind, minutes: float | None, subject: str = "") -> None:
    """Add a failed resource, due in ``minutes`` or never."""
    with store.write() as tx:
        rows.add(tx, ID, kind, subject, spec={}, now=NOW)
        at = None if minutes is None else NOW + timedelta(minutes=minutes)
        rows.change(
            tx, resource_key(ID, kind, subject), state=ResourceState.FAILED.value, retry_at=at
        )


def test_what_is_due_starts_its_workflow_once(store: Store) -> None:
    failed(store, ResourceKind.CARD, -1)
    failed(store, ResourceKind.TOPIC, 0)
    failed(store, ResourceKind.PIN, 1)
    failed(store, ResourceKind.INVITE, None, "U0ANA")
    work, clock = NoWork(), Hands(NOW)
    assert retry_due(store, work, clock) == 1
    assert [key.split("/")[:2] for key in work.keys] == [["sync", ID]]
    assert retry_due(store, work, clock) == 0, "it is on its way"


def test_what_is_asked_for_while_the_database_is_away_is_done_afterwards(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(store, ResourceKind.CARD, 60 * 12)
    with store.write() as tx:
        rows.change(tx, resource_key(ID, ResourceKind.CARD, ""), error="The token is revoked.")
    work = NoWork()
    retries = Retries(store, work, Hands(NOW))
    assert retries.tick() == 0
    retries.ask_all()
    with monkeypatch.context() as away:
        away.setattr(rows, "make_due", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            retries.tick()
    assert retries.tick() == 1
    assert [key.split("/")[:2] for key in work.keys] == [["sync", ID]]


def test_a_lost_workflow_is_started_again(store: Store) -> None:
    failed(store, ResourceKind.CARD, 0)
    work, clock = NoWork(), Hands(NOW)
    retry_due(store, work, clock)
    clock.at += timedelta(minutes=6)
    assert retry_due(store, work, clock) == 1
    assert len(set(work.keys)) == 2


def test_parts_of_a_report_are_published_not_synced(store: Store) -> None:
    failed(store, ResourceKind.REPORT_ISSUE, 0)
    failed(store, ResourceKind.CARD, 0)
    work = NoWork()
    retry_due(store, work, Hands(NOW))
    assert sorted(key.split("/")[0] for key in work.keys) == ["publish", "sync"]
