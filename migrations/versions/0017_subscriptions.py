"""People who subscribed to an incident"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("incident_id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("after_entry", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_subscription_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("incident_id", "user_id", name=op.f("pk_subscription")),
    )


def downgrade() -> None:
    op.drop_table("subscription")
