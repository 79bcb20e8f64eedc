"""What people typed as the time of an entry: its end, whether it is about, the words and the zone"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that the version before may leave out: it writes the same table during an update."""
    op.add_column("entry", sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "entry", sa.Column("is_about", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("entry", sa.Column("typed", sa.Text(), nullable=False, server_default=""))
    op.add_column("entry", sa.Column("typed_zone", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for column in ("typed_zone", "typed", "is_about", "until"):
        op.drop_column("entry", column)
