"""Reminders of further kinds, one row for each kind of an incident

The reminder of an update stays in its own table, which the version before reads and writes, too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "incident_reminder",
        sa.Column("incident_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("incident_id", "kind", name=op.f("pk_incident_reminder")),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_incident_reminder_incident_id_incident"),
        ),
    )
    op.create_index("ix_incident_reminder_due_at", "incident_reminder", ["due_at"])


def downgrade() -> None:
    op.drop_table("incident_reminder")
