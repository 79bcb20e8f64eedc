"""Add sightings of pending servers, store what is unknown in plans, and drop unused columns"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROUTES = {True: "leads", False: "missing", None: "unknown"}


def upgrade() -> None:
    op.create_table(
        "sighting",
        sa.Column("hub", sa.String(length=100), nullable=False),
        sa.Column("user_name", sa.String(length=255), nullable=False),
        sa.Column("server_name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=100), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hub", "user_name", "server_name", name=op.f("pk_sighting")),
    )
    # Not in a batch: SQLite would drop the whole table first, to which steps refer.
    op.drop_column("run", "facts")
    op.drop_column("run", "result")
    _rewrite(_forward)


def downgrade() -> None:
    _rewrite(_back)
    op.add_column("run", sa.Column("facts", sa.JSON(), nullable=True))
    op.add_column("run", sa.Column("result", sa.JSON(), nullable=True))
    op.drop_table("sighting")


def _rewrite(change: Any) -> None:
    """Apply a change to every stored plan."""
    run = sa.table("run", sa.column("id", sa.String), sa.column("plan", sa.JSON))
    connection = op.get_bind()
    for id_, plan in connection.execute(sa.select(run.c.id, run.c.plan)).all():
        if plan:
            changed = change(json.loads(json.dumps(plan)))
            connection.execute(sa.update(run).where(run.c.id == id_).values(plan=changed))


def _forward(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan in the new format: "unclear" becomes "unknown", and a route has a state."""
    plan["unknown"] = [
        gap | ({"part": "access"} if gap["part"] == "everyone" else {})
        for gap in plan.pop("gaps", [])
    ]
    plan["conditions"] = {
        "unknown" if condition == "unclear" else condition: number
        for condition, number in plan.get("conditions", {}).items()
    }
    for row in plan.get("rows", []):
        row["route"] = ROUTES[row.pop("routed", None)]
        if row["condition"] == "unclear":
            row["condition"] = "unknown"
    return plan


def _back(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan in the previous format, in which newer conditions become "unclear"."""
    parts = {"servers", "routes", "pods", "proxy", "health", "everyone"}
    gaps = [gap for gap in plan.pop("unknown", []) if gap["part"] in parts]
    plan["gaps"] = gaps
    if plan.pop("undecided", None) and not plan.get("nothing_to_do"):
        plan["nothing_to_do"] = "Not everything could be read."
    known = {
        "ok",
        "unrouted",
        "stale_record",
        "stuck_spawn",
        "stuck_stop",
        "lost_events",
        "orphan",
        "starting",
        "stopping",
    }
    counts: dict[str, int] = {}
    for condition, number in plan.get("conditions", {}).items():
        name = condition if condition in known else "unclear"
        counts[name] = counts.get(name, 0) + number
    plan["conditions"] = counts
    for row in plan.get("rows", []):
        row["routed"] = {"leads": True, "missing": False}.get(row.pop("route", "unknown"))
        if row["condition"] not in known:
            row["condition"] = "unclear"
    if plan.get("diagnosis") == "both_down":
        plan["diagnosis"] = "unknown"
    plan["ready"] = plan.get("ready") or 0
    plan["unrouted"] = plan.get("unrouted") or 0
    return plan
