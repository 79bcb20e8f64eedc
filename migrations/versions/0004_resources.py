"""The table of effects becomes the table of resources, whose specs hold values and not words"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KINDS = {
    "announced": "announced_update",
    "remind": "reminder",
    "publish/folder": "report_file",
    "publish/incident": "report_issue",
    "publish/item": "item_issue",
    "publish/child": "sub_issue",
}
"""Kinds by the way in which a key names them, where that differs."""

SINGLE = {"channel", "card", "pin", "topic", "announcement", "notice"}
SEVERAL = {"bookmark", "invite", "entry", "announced", "remind", "run"}

VALUES = {"channel", "invite", "pin", "bookmark", "reminder", "sub_issue"}
"""Kinds of which the old table kept values already; of the others it kept the words they showed."""

IN_SLACK = {
    "card", "topic", "announcement", "announced_update", "entry", "run", "run_step", "notice",
}  # fmt: skip
"""Kinds of words whose values mayday records at its next start, without a call (``rendering`` 0).

That is right where Slack shows what the incident's rows say, so not while a change waits for its
workflow. An issue and the file are updated by the next publishing, which sends only differences.
"""

STATES = {"wanted": "pending", "unclear": "needs_human"}
MOST_ROWS = 500


def upgrade() -> None:
    op.create_table(
        "resource",
        *_common_columns(),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("rendering", sa.Integer(), nullable=True),
        sa.Column("applied_spec", sa.JSON(), nullable=True),
        *_constraints("resource"),
        sa.UniqueConstraint(
            "incident_id", "kind", "subject", name=op.f("uq_resource_incident_id_kind_subject")
        ),
    )
    changing = _incidents_changing()
    _move(OLD, NEW, lambda row: _forward(row, is_changing=row["incident_id"] in changing))


def downgrade() -> None:
    op.create_table(
        "effect",
        *_common_columns(),
        sa.Column("want", sa.JSON(), nullable=False),
        sa.Column("done_want", sa.JSON(), nullable=True),
        *_constraints("effect"),
    )
    _move(NEW, OLD, _back)


def _common_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("incident_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _constraints(table: str) -> list[Any]:
    return [
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f(f"fk_{table}_incident_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{table}")),
    ]


def _table(name: str, *others: str) -> sa.TableClause:
    json = {"ref", "want", "done_want", "spec", "applied_spec"}
    columns = [(column.name, column.type) for column in _common_columns()]
    columns += [
        (other, sa.JSON(none_as_null=True) if other in json else sa.String()) for other in others
    ]
    return sa.table(name, *(sa.column(name, type_) for name, type_ in columns))


OLD = _table("effect", "want", "done_want")
NEW = _table("resource", "kind", "subject", "spec", "applied_spec")
NEW.append_column(sa.column("rendering", sa.Integer()))


def _move(old: sa.TableClause, new: sa.TableClause, convert: Any) -> None:
    """Fill the new table from the old one, and drop that."""
    connection = op.get_bind()
    rows = [convert(row) for row in connection.execute(sa.select(old)).mappings()]
    moved = [row for row in rows if row is not None]
    for start in range(0, len(moved), MOST_ROWS):
        connection.execute(sa.insert(new), moved[start : start + MOST_ROWS])
    with op.batch_alter_table(old.name, schema=None) as batch_op:
        batch_op.drop_index(f"ix_{old.name}_retry_at")
        batch_op.drop_index(batch_op.f(f"ix_{old.name}_incident_id"))
    op.drop_table(old.name)
    with op.batch_alter_table(new.name, schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f(f"ix_{new.name}_incident_id"), ["incident_id"], unique=False
        )
        batch_op.create_index(f"ix_{new.name}_retry_at", ["retry_at"], unique=False)


def _incidents_changing() -> set[str]:
    """The incidents with a workflow that has not brought Slack in step yet, by DBOS's own table."""
    connection = op.get_bind()
    schema = None if connection.dialect.name == "sqlite" else "dbos"
    if not sa.inspect(connection).has_table("workflow_status", schema=schema):
        return set()
    status = sa.table(
        "workflow_status", sa.column("workflow_uuid"), sa.column("status"), schema=schema
    )
    keys = connection.execute(
        sa.select(status.c.workflow_uuid).where(
            status.c.status != "SUCCESS", status.c.workflow_uuid.like("sync/%")
        )
    ).scalars()
    return {key.split("/")[1] for key in keys}


def _forward(row: Mapping[str, Any], *, is_changing: bool) -> dict[str, Any] | None:
    """A row of the new table; None for a key that no version wrote, which nothing would read."""
    found = _kind_and_subject(row["key"].removeprefix(f"{row['incident_id']}/"))
    if found is None:
        return None
    kind, subject = found
    want, done = row["want"], row["done_want"]
    values: dict[str, Any] = {"spec": {}, "applied_spec": None, "rendering": None}
    if kind in VALUES:
        values = {"spec": want, "applied_spec": done, "rendering": None if done is None else 1}
    elif kind in IN_SLACK and row["state"] == "done" and row["ref"] and done == want:
        values["rendering"] = None if is_changing else 0
    return {
        **{name: row[name] for name in ("key", "incident_id", "ref", "error", "attempts")},
        **{name: row[name] for name in ("created_at", "retry_at")},
        "state": STATES.get(row["state"], row["state"]),
        "kind": kind,
        "subject": subject,
        **values,
    }


def _kind_and_subject(name: str) -> tuple[str, str] | None:
    if name in SINGLE or name in KINDS:
        return KINDS.get(name, name), ""
    for prefix in ("publish/item", "publish/child"):
        if name.startswith(f"{prefix}/"):
            return KINDS[prefix], name.removeprefix(f"{prefix}/")
    prefix, _, subject = name.partition("/")
    if prefix not in SEVERAL or not subject:
        return None
    kind = "run_step" if prefix == "run" and "/step/" in subject else KINDS.get(prefix, prefix)
    return kind, subject


def _back(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the old table. What was kept as words is sent once again, into the same messages."""
    keeps_values = row["kind"] in VALUES
    states = {new: old for old, new in STATES.items()}
    return {
        **{name: row[name] for name in ("key", "incident_id", "ref", "error", "attempts")},
        **{name: row[name] for name in ("created_at", "retry_at")},
        "state": states.get(row["state"], row["state"]),
        "want": row["spec"] if keeps_values else {},
        "done_want": row["applied_spec"] if keeps_values else None,
    }
