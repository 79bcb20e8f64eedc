"""After an upgrade mayday posts nothing twice and edits no current message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.domain.timeline import EntryKind
from bot.services.resources import Resources
from bot.services.sync import Sync
from bot.store import incidents as incident_rows
from bot.store import resources as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from bot.store.tables import incident as incident_table
from tests.store.test_migrations import to
from tests.support.inviting import invites
from tests.support.rows import NOW, NoWork, settings, stored

ID = "abc123abc123"
WORDS = {"text": "Proxy was evicted: investigating, sev2", "blocks": [{"type": "divider"}]}
POSTED = {"channel": "C0INCIDENT", "ts": "1487895900.000100"}

EFFECT = sa.table(
    "effect",
    sa.column("key"),
    sa.column("incident_id"),
    sa.column("state"),
    sa.column("want", sa.JSON),
    sa.column("done_want", sa.JSON),
    sa.column("ref", sa.JSON),
    sa.column("error"),
    sa.column("attempts"),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("retry_at", sa.DateTime(timezone=True)),
)


def effect(name: str, /, **values: Any) -> dict[str, Any]:
    """A row of the old table."""
    return {
        "key": f"{ID}/{name}",
        "incident_id": ID,
        "state": "done",
        "want": WORDS,
        "done_want": values.get("want", WORDS),
        "ref": POSTED,
        "error": "",
        "attempts": 1,
        "created_at": NOW,
        "retry_at": None,
        **values,
    }


OLD = [
    effect("channel", want={"private": False}, ref={"channel": "C0INCIDENT", "name": "inc"}),
    effect("invite/U0ANA", want={"user": "U0ANA"}, ref={"user": "U0ANA"}),
    effect("card"),
    effect("pin", want={"ts": POSTED["ts"]}, ref={"set": True}),
    effect("topic", want={"topic": "🚨 sev2"}, ref={"set": True}),
    effect("bookmark/a hub/with a slash", want={"link": "https://hub"}, ref={"set": True}),
    effect("announcement", done_want={"text": "older", "blocks": []}),
    effect("entry/1"),
    effect("announced/1", state="attempting", done_want=None, ref={}, attempts=2, retry_at=NOW),
    effect("remind/3", state="wanted", want={"due_at": NOW.isoformat()}, done_want=None, ref={}),
    effect("run/4f"),
    effect("run/4f/step/2"),
    effect("notice", state="unclear", error="Look first.", done_want=None, ref={}),
    effect("publish/folder", want={"text": "digest"}, ref={"path": "reports/a.md"}),
    effect("publish/incident", want={"title": "t", "body": "d"}, ref={"number": 7, "url": "u"}),
    effect("publish/item/9c", want={"title": "t", "body": "d"}, ref={"number": 8, "url": "v"}),
    effect("publish/child/9c", want={"parent": 7, "child": 8}, ref={"linked": True}),
]

ADDED_LATER = {
    ResourceKind.CHANNEL_NOTICE,
    ResourceKind.DIAGNOSIS,
    ResourceKind.PLAN_CHANGED,
    ResourceKind.REPORT_BRANCH,
    ResourceKind.REPORT_PULL,
    ResourceKind.ALIKE,
    ResourceKind.CATCH_UP,
    ResourceKind.ITEM_NAG,
    ResourceKind.NEWS,
    ResourceKind.NOTIFIED,
    ResourceKind.REVIEW,
    ResourceKind.GROUP_INVITE,
    ResourceKind.NOT_INVITED,
    ResourceKind.ON_CALL,
    ResourceKind.ON_CALL_SHOWN,
    ResourceKind.CANVAS,
    ResourceKind.ORIGIN_REPLY,
    ResourceKind.FILED,
    ResourceKind.INCIDENT_REMINDER,
    ResourceKind.HANDOVER,
    ResourceKind.CONFLICT,
}

EXPECTED = {
    "channel": (ResourceKind.CHANNEL, "", 1),
    "invite/U0ANA": (ResourceKind.INVITE, "U0ANA", 1),
    "card": (ResourceKind.CARD, "", rows.UNRECORDED),
    "pin": (ResourceKind.PIN, "", 1),
    "topic": (ResourceKind.TOPIC, "", rows.UNRECORDED),
    "bookmark/a hub/with a slash": (ResourceKind.BOOKMARK, "a hub/with a slash", 1),
    "announcement": (ResourceKind.ANNOUNCEMENT, "", None),
    "entry/1": (ResourceKind.ENTRY, "1", rows.UNRECORDED),
    "announced/1": (ResourceKind.ANNOUNCED_UPDATE, "1", None),
    "remind/3": (ResourceKind.REMINDER, "3", None),
    "run/4f": (ResourceKind.RUN, "4f", rows.UNRECORDED),
    "run/4f/step/2": (ResourceKind.RUN_STEP, "4f/step/2", rows.UNRECORDED),
    "notice": (ResourceKind.NOTICE, "", None),
    "publish/folder": (ResourceKind.REPORT_FILE, "", None),
    "publish/incident": (ResourceKind.REPORT_ISSUE, "", None),
    "publish/item/9c": (ResourceKind.ITEM_ISSUE, "9c", None),
    "publish/child/9c": (ResourceKind.SUB_ISSUE, "9c", 1),
}
"""Kind, subject and rendering by the old key."""

STATES = {"wanted": ResourceState.PENDING, "unclear": ResourceState.NEEDS_HUMAN}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database with one incident, before the migration."""
    made = Store(database_url)
    made.migrate()
    stored(made)
    to(made, "0003")
    yield made
    made.close()


def fill(store: Store, *effects: dict[str, Any]) -> None:
    with store.write() as tx:
        tx.execute(sa.insert(EFFECT), list(effects))


def resources(store: Store) -> dict[str, ResourceRow]:
    with store.read() as tx:
        found = rows.of_incident(tx, ID)
    return {key.removeprefix(f"{ID}/"): row for key, row in found.items()}


def test_what_stood_in_the_key_stands_in_columns(store: Store) -> None:
    fill(store, *OLD)
    to(store, "head")
    found = resources(store)
    assert {k: (r.kind, r.subject, r.rendering) for k, r in found.items()} == EXPECTED
    assert {kind for kind, _, _ in EXPECTED.values()} == set(ResourceKind) - ADDED_LATER
    for old in OLD:
        row = found[old["key"].removeprefix(f"{ID}/")]
        assert row.key == resource_key(ID, row.kind, row.subject), "messages carry this key"
        assert row.state == STATES.get(old["state"], old["state"])
        assert (row.ref, row.error, row.attempts) == (old["ref"], old["error"], old["attempts"])
        assert (row.created_at, row.retry_at) == (old["created_at"], old["retry_at"])
    assert found["remind/3"].spec == {"due_at": NOW.isoformat()}
    assert found["pin"].applied_spec == found["pin"].spec == {"ts": POSTED["ts"]}


def test_the_way_back_keeps_what_is_there(store: Store) -> None:
    fill(store, *OLD)
    to(store, "head")
    to(store, "0003")
    with store.read() as tx:
        back = {row["key"]: dict(row) for row in tx.execute(sa.select(EFFECT)).mappings()}
    kept = ("state", "ref", "error", "attempts")
    assert {key: [row[name] for name in kept] for key, row in back.items()} == {
        old["key"]: [old[name] for name in kept] for old in OLD
    }
    assert back[f"{ID}/remind/3"]["want"] == {"due_at": NOW.isoformat()}
    assert back[f"{ID}/pin"]["done_want"] == {"ts": POSTED["ts"]}
    to(store, "head")
    assert set(resources(store)) == set(EXPECTED)


class Silent:
    """A Slack that allows no call."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was called")


def sync(store: Store) -> Sync:
    """The workflow without external calls."""
    nobody: Any = Silent()
    resources = Resources(
        store,
        nobody,
        lambda: NOW,
        settings(),
        lambda _run, _steps: [],
        nobody,
        invites(store, nobody, settings()),
    )
    return Sync(store, nobody, NoWork(), nobody, resources, nobody)


SETTLED = [
    effect("invite/U0ANA", want={"user": "U0ANA"}, ref={"user": "U0ANA"}),
    effect("card"),
    effect("pin", want={"ts": POSTED["ts"]}, ref={"set": True}),
    effect("topic", want={"topic": "🚨 sev2"}, ref={"set": True}),
    effect("announcement"),
    effect("entry/1"),
    effect("announced/1"),
]


def update_entry(store: Store, **data: str) -> None:
    """Add a posted and announced update."""
    with store.write() as tx:
        timeline_rows.add_entry(
            tx,
            incident_id=ID,
            at=NOW,
            now=NOW,
            kind=EntryKind.UPDATE,
            author="U0ANA",
            data=data,
            source="a test",
        )


def test_what_is_in_step_is_not_touched_after_the_update(store: Store) -> None:
    fill(store, *SETTLED)
    to(store, "head")
    update_entry(store, text="Routes come back.", status="investigating")
    work = sync(store)
    work.adopt()
    assert work.due(ID) == []
    with store.write() as tx:
        incident = incident_rows.get(tx, ID, lock=True)
        incident_rows.save(tx, replace(incident, status="fixing"))
    due = [resource.key for resource in work.due(ID)]
    assert due == [f"{ID}/card", f"{ID}/announcement"]


@pytest.mark.parametrize("status", ["PENDING", "ENQUEUED", "ERROR"])
def test_a_change_that_slack_does_not_show_yet_is_shown(store: Store, status: str) -> None:
    """mayday stops for the upgrade right after the incident changes."""
    schema = "" if store.is_sqlite else "dbos."
    with store.write() as tx:
        if schema:
            tx.execute(sa.text("CREATE SCHEMA dbos"))
        tx.execute(
            sa.text(f"CREATE TABLE {schema}workflow_status (workflow_uuid TEXT, status TEXT)")
        )
        tx.execute(
            sa.text(f"INSERT INTO {schema}workflow_status VALUES (:key, :status)"),
            {"key": f"sync/{ID}/change", "status": status},
        )
    fill(store, *SETTLED)
    to(store, "head")
    update_entry(store, text="Routes come back.", status="investigating")
    work = sync(store)
    work.adopt()
    assert f"{ID}/card" in {resource.key for resource in work.due(ID)}
    assert {row.ref["ts"] for row in resources(store).values() if "ts" in row.ref} == {POSTED["ts"]}


def test_what_cannot_be_recorded_is_updated_once_and_stops_no_start(store: Store) -> None:
    fill(store, *SETTLED)
    to(store, "head")
    with store.write() as tx:
        tx.execute(sa.update(incident_table).values(hubs=None))  # which nothing can be derived from
    sync(store).adopt()
    assert resources(store)["card"].rendering == rows.UNRECORDED
