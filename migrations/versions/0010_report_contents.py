"""The times of an incident, what people changed of its report, and the order of entries"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what the version before may leave out: it writes the same tables during an update."""
    with op.batch_alter_table("incident") as incident:
        incident.add_column(sa.Column("milestones", sa.JSON(), nullable=False, server_default="{}"))
        incident.add_column(
            sa.Column("report_options", sa.JSON(), nullable=False, server_default="{}")
        )
    op.add_column("entry", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "report_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(40), nullable=False),
        sa.Column("part", sa.String(100), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_report_revision_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_revision")),
        sa.UniqueConstraint(
            "incident_id", "source", name=op.f("uq_report_revision_incident_id_source")
        ),
    )


def downgrade() -> None:
    op.drop_table("report_revision")
    op.drop_column("entry", "rank")
    for column in ("report_options", "milestones"):
        op.drop_column("incident", column)
