"""What people decided about lines of published texts that both sides changed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document", sa.Column("decided", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.execute(
        "DELETE FROM resource WHERE kind = 'conflict' OR (kind = 'review' AND subject LIKE 'edit/%')"
    )
    with op.batch_alter_table("document") as batch:
        batch.drop_column("decided")
