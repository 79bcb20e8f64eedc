"""Stored data stays readable after an upgrade and a downgrade."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from bot.domain.facts import Part
from bot.domain.hubs import Condition, RouteState
from bot.domain.obligations import ObligationKind
from bot.domain.reminders import Reminder
from bot.domain.resources import ResourceKind
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind
from bot.domain.typed_time import TypedTime
from bot.runbook.plan import Plan
from bot.store import given_up
from bot.store import incidents as incident_rows
from bot.store import obligations as obligation_rows
from bot.store import reminders as reminder_rows
from bot.store import resources as resource_rows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.obligations import Obligation
from bot.store.runs import Run
from tests.support.rows import NOW, stored

OLD = {
    "runbook": "force-delete-stuck-servers",
    "place": {"hub": "datahub", "cluster": "teaching", "namespace": "prod", "proxy": "proxy"},
    "read_at": "2026-11-22T12:00:00Z",
    "summary": "",
    "steps": [],
    "losses": [],
    "cautions": [],
    "nothing_to_do": "No server is stuck.",
    "diagnosis": "well",
    "ready": 2,
    "routes": 2,
    "unrouted": 1,
    "conditions": {"ok": 1, "unclear": 1},
    "rows": [
        {"user": "ana", "server": "", "hub": "ready", "condition": "unclear", "routed": None},
        {"user": "ben", "server": "", "hub": "ready", "condition": "unrouted", "routed": False},
    ],
    "gaps": [{"part": "everyone", "why": "The token is narrow."}],
}


def to(store: Store, revision: str) -> None:
    with store.write() as tx:
        config = Config()
        config.set_main_option("script_location", "migrations:")
        config.attributes["connection"] = tx
        move = command.upgrade if revision == "head" else command.downgrade
        move(config, revision)


def test_a_plan_of_before_is_read_after_the_update(store: Store) -> None:
    stored(store)
    to(store, "0001")
    with store.write() as tx:
        tx.execute(
            text(
                "INSERT INTO run (id, incident_id, runbook, hub, options, state, plan, error, "
                "asked_by, asked_at, decided_by) VALUES ('r1', 'abc123abc123', 'x', 'datahub', "
                "'{}', 'nothing_to_do', :plan, '', 'U1', '2026-11-22 12:00:00+00:00', '')"
            ),
            {"plan": json.dumps(OLD)},
        )
        tx.execute(
            text(
                "INSERT INTO run_step (run_id, number, state, started_at, seen) "
                "VALUES ('r1', 1, 'done', '2026-11-22 12:00:00+00:00', '{}')"
            )
        )
    to(store, "head")
    with store.read() as tx:
        run = rows.get(tx, "r1")
    assert run is not None
    plan = Plan.from_json(run.plan or {})
    assert plan.conditions == {Condition.OK: 1, Condition.UNKNOWN: 1}
    assert [(row.condition, row.route) for row in plan.rows] == [
        (Condition.UNKNOWN, RouteState.UNKNOWN),
        (Condition.UNROUTED, RouteState.MISSING),
    ]
    assert [(part.part, part.why) for part in plan.unknown] == [
        (Part.ACCESS, "The token is narrow.")
    ]
    to(store, "0001")
    with store.read() as tx:
        kept = tx.execute(text("SELECT plan FROM run")).scalar()
    back = json.loads(kept) if isinstance(kept, str) else kept
    assert back["conditions"] == OLD["conditions"]
    assert [row["routed"] for row in back["rows"]] == [None, False]
    to(store, "head")


def test_what_the_version_before_gave_up_is_known_as_given_up(store: Store) -> None:
    to(store, "0005")
    with store.write() as tx:
        for key, attempts in (("event/lost", 8), ("event/failing", 7)):
            tx.execute(
                text(
                    "INSERT INTO inbox (key, payload, received_at, attempts, error) "
                    "VALUES (:key, '{}', '2026-11-22 12:00:00+00:00', :attempts, 'ValueError')"
                ),
                {"key": key, "attempts": attempts},
            )
    to(store, "head")
    with store.read() as tx:
        assert [each.key for each in given_up.given_up(tx)] == ["event/lost"]


def test_an_attempt_that_the_version_before_left_is_waited_for(store: Store) -> None:
    stored(store)
    with store.write() as tx:
        resource_rows.add(tx, "abc123abc123", ResourceKind.CHANNEL, spec={}, now=NOW)
        resource_rows.change(tx, "abc123abc123/channel", state="attempting")
    to(store, "0005")
    to(store, "head")
    with store.read() as tx:
        row = resource_rows.get(tx, "abc123abc123/channel")
        now = store.now(tx)
    assert row is not None
    assert row.attempted_at is not None
    assert timedelta(seconds=-1) < now - row.attempted_at < timedelta(minutes=1)
    assert row.anchor == NOW


def test_the_version_before_moves_an_entry_whose_end_it_does_not_know(store: Store) -> None:
    stored(store)
    end = NOW + timedelta(minutes=15)
    time = TypedTime(at=NOW, until=end, is_about=True, typed="~10:05-10:20", zone="PST")
    with store.write() as tx:
        timeline_rows.add_entry(
            tx,
            incident_id="abc123abc123",
            at=NOW,
            now=NOW,
            kind=EntryKind.NOTE,
            author="U1",
            data={"text": "x", "precision": "minute"},
            source="c/1",
            time=time,
        )
        [entry] = timeline_rows.entries(tx, "abc123abc123")
        assert entry.time == time
        # As the version before does: it leaves the new columns out.
        tx.execute(
            text(
                "INSERT INTO entry (incident_id, at, recorded_at, kind, author, data, source, message_key) "
                "SELECT incident_id, at, recorded_at, kind, author, data, 'c/2', '' FROM entry"
            )
        )
        timeline_rows.change_entry(tx, entry.id, at=end + timedelta(minutes=1))
        moved, other = (one.time for one in timeline_rows.entries(tx, "abc123abc123"))
    assert (moved.until, other.until, other.is_about, other.typed) == (None, None, False, "")
    to(store, "0008")
    to(store, "head")


def test_what_the_version_before_does_not_know_goes_and_the_rest_stays(store: Store) -> None:
    stored(store)

    def ran(run_id: str, **values: object) -> Run:
        made = Run(
            id=run_id,
            incident_id="abc123abc123",
            runbook="x",
            hub="datahub",
            options={},
            state=RunState.RUNNING,
            plan=None,
            error="",
            asked_by="U1",
            asked_at=NOW,
            round=1,
        )
        return replace(made, **values)  # type: ignore[arg-type]

    outside = ran("r3", incident_id=None, channel_id="C1", dm_id="D1")
    with store.write() as tx:
        for made in (ran("r1"), ran("r2", planned_at=NOW), outside):
            assert rows.add(tx, made)
            rows.begin_step(tx, made.id, 1, stage=1, now=NOW, attempted_at=NOW)
            rows.approve(tx, made, by="U2", at=NOW)
            tx.execute(
                text("INSERT INTO run_lock (name, run_id) VALUES (:name, :run)"),
                {"name": f"node/c/{made.id}", "run": made.id},
            )
            resource_rows.add(tx, made.owner, ResourceKind.RUN, made.id, spec={}, now=NOW)
            obligation_rows.add(
                tx,
                Obligation(
                    id=f"{made.id}/1",
                    run_id=made.id,
                    number=1,
                    hub="datahub",
                    kind=ObligationKind.NAG,
                    step={},
                    by="U1",
                    due_at=NOW,
                ),
            )
    to(store, "0007")
    with store.read() as tx:
        known = tx.execute(text("SELECT id FROM run ORDER BY id")).scalars().all()
        begun = tx.execute(text("SELECT run_id FROM run_step ORDER BY run_id")).scalars().all()
        running = tx.execute(text("SELECT count(*) FROM run WHERE state = 'running'")).scalar()
    assert (known, begun) == (["r1", "r2"], ["r1", "r2"])
    assert running == 1, "the version before has one running run on a hub"
    to(store, "head")
    with store.read() as tx:
        assert [each.id for each in rows.of_incident(tx, "abc123abc123")] == ["r1", "r2"]
        assert [each.number for each in rows.steps(tx, "r1")] == [1]


def test_a_reminder_of_the_version_before_stays_as_it_is(store: Store) -> None:
    """Both versions read and write it during a rolling update."""
    stored(store)
    pending = Reminder(incident_id="abc123abc123", number=3, due_at=NOW + timedelta(minutes=5))
    to(store, "0013")
    with store.write() as tx:
        incident_rows.set_reminder(tx, pending)
    to(store, "head")
    with store.write() as tx:
        reminder_rows.arm(tx, "abc123abc123", NOW)
        assert incident_rows.reminder_of(tx, "abc123abc123") == pending
        assert len(reminder_rows.of_incident(tx, "abc123abc123")) == 3
    to(store, "0013")
    with store.read() as tx:
        assert incident_rows.reminder_of(tx, "abc123abc123") == pending
    to(store, "head")
