"""The audit log, revisions of entries, and what Slack says of channels and names"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED: dict[str, dict[str, Any]] = {
    "incident": {"channel_state": sa.String(20), "channel_checked_at": MOMENT},
    "message": {"author_name": sa.Text()},
    "person": {"home_team": sa.String(40)},
    "replica": {"foreign_sockets": sa.Integer()},
}
"""Every one may be left out by the version before, which writes the same tables during an update."""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("act", sa.String(60), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("incident_id", sa.String(40), nullable=True),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(200), nullable=True),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
        sa.UniqueConstraint("source", name=op.f("uq_audit_source")),
    )
    op.create_index("ix_audit_incident_id", "audit", ["incident_id"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": ""}])
    op.create_table(
        "entry_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(20), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_entry_revision_entry_id_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_revision")),
        sa.UniqueConstraint("entry_id", "source", name=op.f("uq_entry_revision_entry_id_source")),
    )
    op.create_table(
        "label",
        sa.Column("team_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("team_id", "kind", "id", name=op.f("pk_label")),
    )
    for table, columns in ADDED.items():
        for name, kind in columns.items():
            op.add_column(table, _column(name, kind))


def downgrade() -> None:
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)
    for table in ("label", "entry_revision", "audit_head", "audit"):
        op.drop_table(table)


def _column(name: str, kind: Any) -> sa.Column[Any]:
    if kind is MOMENT:
        return sa.Column(name, kind, nullable=True)
    default = "0" if isinstance(kind, sa.Integer) else ""
    return sa.Column(name, kind, nullable=False, server_default=default)
