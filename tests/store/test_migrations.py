"""Stored data stays readable after an upgrade and a downgrade."""

from __future__ import annotations

import json
from datetime import timedelta

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from bot.domain.facts import Part
from bot.domain.hubs import Condition, RouteState
from bot.domain.resources import ResourceKind
from bot.runbook.plan import Plan
from bot.store import given_up
from bot.store import resources as resource_rows
from bot.store import runs as rows
from bot.store.engine import Store
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
