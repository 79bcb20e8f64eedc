"""What was approved for publication and what was published, and which words are replaced in it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _incident(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    column: sa.Column[str] = sa.Column("incident_id", sa.String(40), nullable=False)
    return column, sa.ForeignKeyConstraint(
        ["incident_id"], ["incident.id"], name=op.f(f"fk_{table}_incident_id_incident")
    )


def upgrade() -> None:
    op.create_table(
        "publication_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        *_incident("publication_approval"),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_approval")),
        sa.UniqueConstraint(
            "incident_id", "source", name=op.f("uq_publication_approval_incident_id_source")
        ),
    )
    op.create_table(
        "replacement",
        *_incident("replacement"),
        sa.Column("original", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("shown", sa.String(100), nullable=False),
        sa.Column("kept_by", sa.String(40), nullable=False, server_default=""),
        sa.Column("kept_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("incident_id", "original", name=op.f("pk_replacement")),
    )
    op.create_table(
        "document",
        sa.Column("key", sa.String(200), nullable=False),
        *_incident("document"),
        sa.Column("base", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("pending", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("seen", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("conflict", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_document")),
    )


def downgrade() -> None:
    for table in ("document", "replacement", "publication_approval"):
        op.drop_table(table)
