"""Action items with a due date, a state, and what GitHub says of their issues"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED = (
    "due_on",
    "category",
    "repository",
    "state",
    "state_at",
    "state_by",
    "issue_state",
    "issue_read_at",
    "nags",
    "nag_at",
)


def upgrade() -> None:
    with op.batch_alter_table("item") as item:
        item.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        item.add_column(sa.Column("category", sa.String(100), nullable=False, server_default=""))
        item.add_column(sa.Column("repository", sa.String(140), nullable=False, server_default=""))
        item.add_column(sa.Column("state", sa.String(20), nullable=False, server_default="open"))
        item.add_column(sa.Column("state_at", MOMENT, nullable=True))
        item.add_column(sa.Column("state_by", sa.String(80), nullable=False, server_default=""))
        item.add_column(sa.Column("issue_state", sa.String(20), nullable=False, server_default=""))
        item.add_column(sa.Column("issue_read_at", MOMENT, nullable=True))
        item.add_column(sa.Column("nags", sa.Integer(), nullable=False, server_default="0"))
        item.add_column(sa.Column("nag_at", MOMENT, nullable=True))
    op.create_table(
        "followed_repository",
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("etag", sa.String(200), nullable=False, server_default=""),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("owner", sa.String(40), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_followed_repository")),
    )
    op.create_table(
        "item_digest",
        sa.Column("week", sa.String(10), nullable=False),
        sa.Column("owner", sa.String(40), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("posted_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_item_digest")),
    )


def downgrade() -> None:
    op.drop_table("item_digest")
    op.drop_table("followed_repository")
    with op.batch_alter_table("item") as item:
        for column in reversed(ADDED):
            item.drop_column(column)
