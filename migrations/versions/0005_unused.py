"""Columns that nothing used"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batches: SQLite would drop the whole table first, to which others refer.
    op.drop_column("incident", "version")
    op.drop_column("item", "dropped_at")


def downgrade() -> None:
    op.add_column("item", sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "incident", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )
