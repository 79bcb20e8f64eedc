"""What a person asks for again is created once more, on each kind of database."""

from __future__ import annotations

from bot.domain.resources import ResourceKind, ResourceState
from bot.domain.timeline import EntryKind
from bot.store import resources as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.rows import NOW, stored

ID = "abc123abc123"
SPEC = {"user": "U0BEN"}


def test_a_resource_that_is_done_is_pending_again_and_a_new_one_is_added(store: Store) -> None:
    stored(store)
    with store.write() as tx:
        rows.ask_again(tx, ID, ResourceKind.INVITE, "U0BEN", spec=SPEC, now=NOW)
        rows.change(
            tx, f"{ID}/invite/U0BEN", state="done", ref=SPEC, applied_spec=SPEC, rendering=1
        )
        rows.ask_again(tx, ID, ResourceKind.INVITE, "U0BEN", spec=SPEC, now=NOW)
        rows.ask_again(tx, ID, ResourceKind.INVITE, "U0CLEO", spec={"user": "U0CLEO"}, now=NOW)
    with store.read() as tx:
        found = rows.of_incident(tx, ID)
    assert {row.state for row in found.values()} == {ResourceState.PENDING}
    assert {row.subject for row in found.values()} == {"U0BEN", "U0CLEO"}
    assert all(not row.ref and row.applied_spec is None for row in found.values())


def test_a_posted_entry_has_its_time(store: Store) -> None:
    stored(store)
    with store.write() as tx:
        timeline_rows.add_entry(
            tx,
            incident_id=ID,
            at=NOW,
            now=NOW,
            kind=EntryKind.UPDATE,
            author="U0ANA",
            data={"text": "x"},
            source="a test",
        )
    with store.read() as tx:
        (entry,) = timeline_rows.posted_entries(tx, ID, [EntryKind.UPDATE])
    assert entry.at == NOW
