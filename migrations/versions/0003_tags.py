"""Rename the table of tags (reactions and shortcuts that file a message) from mark to tag"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = ("message_key", "user", "name", "heading", "seen_at")


def upgrade() -> None:
    _move("mark", "tag")


def downgrade() -> None:
    _move("tag", "mark")


def _move(old: str, new: str) -> None:
    """Copy the rows into a new table, because SQLite can't rename a primary key constraint."""
    op.create_table(
        new,
        sa.Column("message_key", sa.String(length=130), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("heading", sa.String(length=20), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_key", "user", "name", name=op.f(f"pk_{new}")),
    )
    rows = sa.select(*_table(old).c)
    op.execute(_table(new).insert().from_select(COLUMNS, rows))
    op.drop_table(old)


def _table(name: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in COLUMNS))
