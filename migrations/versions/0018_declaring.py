"""Incidents have numbers, may be drills, may be adopted channels, and may end without a report"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INDEX = "uq_incident_team_id_number"
ADDED = ("number", "drill", "adopted", "ending", "duplicate_of", "origin_message")


def upgrade() -> None:
    # Columns are added one by one: SQLite would copy the table, which other tables refer to.
    op.add_column("incident", sa.Column("number", sa.Integer(), nullable=True))
    for flag in ("drill", "adopted"):
        column: sa.Column[bool] = sa.Column(
            flag, sa.Boolean(), nullable=False, server_default=sa.false()
        )
        op.add_column("incident", column)
    ending = sa.Column("ending", sa.String(20), nullable=False, server_default="")
    op.add_column("incident", ending)
    op.add_column("incident", sa.Column("duplicate_of", sa.String(40), nullable=True))
    op.add_column("incident", sa.Column("origin_message", sa.JSON(), nullable=True))
    op.create_index(INDEX, "incident", ["team_id", "number"], unique=True)
    op.create_table(
        "incident_number",
        sa.Column("team_id", sa.String(40), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_incident_number")),
    )
    op.execute(
        "UPDATE incident SET number = (SELECT count(*) FROM incident AS other"
        " WHERE other.team_id = incident.team_id AND (other.declared_at < incident.declared_at"
        " OR (other.declared_at = incident.declared_at AND other.id <= incident.id)))"
    )
    op.execute(
        "INSERT INTO incident_number (team_id, last)"
        " SELECT team_id, max(number) FROM incident GROUP BY team_id"
    )


def downgrade() -> None:
    op.execute("DELETE FROM resource WHERE kind = 'origin_reply'")
    op.execute(
        "DELETE FROM entry_revision WHERE entry_id IN (SELECT id FROM entry WHERE kind = 'merged')"
    )
    op.execute("DELETE FROM entry WHERE kind = 'merged'")
    op.drop_table("incident_number")
    op.drop_index(INDEX, table_name="incident")
    for column in reversed(ADDED):
        op.drop_column("incident", column)
