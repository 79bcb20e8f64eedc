"""Policies of runbooks, runs outside of incidents, obligations and diagnoses"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


RUNNING = "state = 'running'"
ADDED = ("stop_asked_by", "difference", "planned_at", "round", "dm_id")


def upgrade() -> None:
    op.drop_index("uq_run_running_hub", "run")
    with _without_steps(), op.batch_alter_table("run") as run:
        run.alter_column("incident_id", existing_type=sa.String(40), nullable=True)
        run.add_column(sa.Column("channel_id", sa.String(40), nullable=False, server_default=""))
        run.add_column(sa.Column("dm_id", sa.String(40), nullable=False, server_default=""))
        run.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
        run.add_column(sa.Column("planned_at", MOMENT, nullable=True))
        run.add_column(sa.Column("difference", sa.JSON(), nullable=True))
        run.add_column(sa.Column("stop_asked_by", sa.String(40), nullable=False, server_default=""))
    with op.batch_alter_table("resource") as resource:
        resource.alter_column("incident_id", existing_type=sa.String(40), nullable=True)
        resource.add_column(sa.Column("run_id", sa.String(40), nullable=True))
        resource.create_foreign_key(op.f("fk_resource_run_id_run"), "run", ["run_id"], ["id"])
    op.create_index(op.f("ix_resource_run_id"), "resource", ["run_id"])
    op.add_column("run_step", sa.Column("stage", sa.Integer(), nullable=True))
    # Runs of the version before, which knows no locks; runs of this version have a round and hold locks.
    _one_running_a_hub(f"{RUNNING} AND round = 0")
    op.create_table(
        "run_lock",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_lock_run_id_run")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_run_lock")),
    )
    op.create_table(
        "approval",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_approval_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "round", "by", name=op.f("pk_approval")),
    )
    op.create_table(
        "obligation",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hub", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("step", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("owner", sa.String(40), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("attempted_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False, server_default=""),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_obligation_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation")),
    )
    op.create_index("ix_obligation_due_at", "obligation", ["due_at"])
    op.create_table(
        "diagnosis",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("hub", sa.String(100), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnosis")),
    )


def downgrade() -> None:
    op.drop_table("diagnosis")
    op.drop_index("ix_obligation_due_at", "obligation")
    op.drop_table("obligation")
    op.drop_table("approval")
    op.drop_table("run_lock")
    op.execute(
        "DELETE FROM run_step WHERE run_id IN (SELECT id FROM run WHERE incident_id IS NULL)"
    )
    op.execute("DELETE FROM resource WHERE incident_id IS NULL")
    op.drop_index(op.f("ix_resource_run_id"), "resource")
    with op.batch_alter_table("resource") as resource:
        resource.drop_constraint(op.f("fk_resource_run_id_run"), type_="foreignkey")
        resource.drop_column("run_id")
        resource.alter_column("incident_id", existing_type=sa.String(40), nullable=False)
    op.execute("DELETE FROM run WHERE incident_id IS NULL")
    op.drop_index("uq_run_running_hub", "run")
    with op.batch_alter_table("run_step") as step:
        step.drop_column("stage")
    with _without_steps(), op.batch_alter_table("run") as run:
        for column in (*ADDED, "channel_id"):
            run.drop_column(column)
        run.alter_column("incident_id", existing_type=sa.String(40), nullable=False)
    # The version before has one running run on a hub. A person looks at the others.
    op.execute(
        "UPDATE run SET state = 'needs_human', error = 'mayday was set back to an earlier version during "
        "this run. Check the hub, then ask for a new plan.' WHERE state = 'running' AND EXISTS (SELECT 1 "
        "FROM run AS other WHERE other.hub = run.hub AND other.state = 'running' AND other.id < run.id)"
    )
    _one_running_a_hub(RUNNING)


@contextmanager
def _without_steps() -> Iterator[None]:
    """Keep the steps aside on SQLite, which changes a column by a new table and can't drop one in use."""
    if op.get_bind().dialect.name != "sqlite":
        yield
        return
    op.execute("CREATE TABLE run_step_aside AS SELECT * FROM run_step")
    op.drop_table("run_step")
    yield
    op.create_table(
        "run_step",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("attempted_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_step_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_run_step")),
    )
    columns = "run_id, number, state, started_at, finished_at, seen, attempted_at"
    op.execute(f"INSERT INTO run_step ({columns}) SELECT {columns} FROM run_step_aside")  # noqa: S608
    op.drop_table("run_step_aside")


def _one_running_a_hub(condition: str) -> None:
    where = sa.text(condition)
    op.create_index(
        "uq_run_running_hub",
        "run",
        ["hub"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
