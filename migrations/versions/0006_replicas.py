"""Leases and claims for several replicas, and the order of what events say"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED: dict[str, dict[str, Any]] = {
    "run_step": {"attempted_at": MOMENT},
    "resource": {"owner": sa.String(40), "attempted_at": MOMENT, "anchor": MOMENT},
    "message": {"event_ts": sa.String(40), "changed_at": MOMENT, "absent_at": MOMENT},
    "tag": {"event_ts": sa.String(40), "changed_at": MOMENT, "removed_at": MOMENT},
    "inbox": {
        "owner": sa.String(40),
        "claimed_until": MOMENT,
        "given_up_at": MOMENT,
        "notified_at": MOMENT,
    },
}
"""Every one may be left out by the version before, which writes the same tables during an update."""

INDEXES = {
    "ix_incident_team_id_declared_at": ("incident", ["team_id", "declared_at"]),
    "ix_incident_closed_at": ("incident", ["closed_at"]),
    "ix_entry_incident_id_at": ("entry", ["incident_id", "at"]),
}


def upgrade() -> None:
    op.create_table(
        "replica",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=False),
        sa.Column("taken_by", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replica")),
    )
    op.create_table(
        "claim",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_claim")),
    )
    op.create_table(
        "reading",
        sa.Column("incident_id", sa.String(40), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("newest", sa.String(40), nullable=False),
        sa.Column("threads", sa.JSON(), nullable=False),
        sa.Column("owner", sa.String(40), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_reading_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_due_at", "reading", ["due_at"])
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, _column(column, columns[column]))
    for name, (table, names) in INDEXES.items():
        op.create_index(name, table, names)
    _mark_given_up()
    _date_attempts()
    _end_all_but_one_run_of_a_hub()
    running = sa.text("state = 'running'")
    op.create_index(
        "uq_run_running_hub",
        "run",
        ["hub"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )


def downgrade() -> None:
    op.drop_index("uq_run_running_hub", "run")
    for name, (table, _names) in INDEXES.items():
        op.drop_index(name, table)
    op.execute("DELETE FROM tag WHERE removed_at IS NOT NULL")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column)
    for table in ("reading", "claim", "replica"):
        op.drop_table(table)


def _column(name: str, kind: Any) -> sa.Column[Any]:
    if name == "event_ts":
        return sa.Column(name, kind, nullable=False, server_default="")
    return sa.Column(name, kind, nullable=True)


def _mark_given_up() -> None:
    """The version before left a delivery alone after eight attempts and reported it to nobody."""
    op.execute("UPDATE inbox SET given_up_at = received_at WHERE done_at IS NULL AND attempts >= 8")


def _date_attempts() -> None:
    """The version before may have been ended during an attempt, whose call may still take effect.

    Without an anchor, a channel that it made would not be recognised as the incident's.
    """
    op.execute(
        "UPDATE resource SET attempted_at = CURRENT_TIMESTAMP, anchor = created_at "
        "WHERE state = 'attempting'"
    )


def _end_all_but_one_run_of_a_hub() -> None:
    """The version before checked for a running runbook without an index, so two could run."""
    op.execute(
        "UPDATE run SET state = 'needs_human', error = 'Another runbook ran on this hub at the same time.' "
        "WHERE state = 'running' AND EXISTS (SELECT 1 FROM run AS other WHERE other.hub = run.hub "
        "AND other.state = 'running' AND (other.asked_at < run.asked_at "
        "OR (other.asked_at = run.asked_at AND other.id < run.id)))"
    )
