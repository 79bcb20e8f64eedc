"""The tables of runbooks' runs and of diagnoses."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, Table, text

from bot.store.columns import String, Text, UtcDateTime
from bot.store.tables import metadata

run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("incident_id", String(40), ForeignKey("incident.id"), index=True),
    Column("runbook", String(60), nullable=False),
    Column("hub", String(100), nullable=False),
    Column("options", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("plan", JSON),
    Column("error", Text, nullable=False),
    Column("asked_by", String(40), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("decided_by", String(40), nullable=False),
    Column("decided_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("channel_id", String(40), nullable=False, server_default=""),
    Column("dm_id", String(40), nullable=False, server_default=""),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("planned_at", UtcDateTime),
    Column("difference", JSON),
    Column("stop_asked_by", String(40), nullable=False, server_default=""),
    Index(
        "uq_run_running_hub",
        "hub",
        unique=True,
        sqlite_where=text("state = 'running' AND round = 0"),
        postgresql_where=text("state = 'running' AND round = 0"),
    ),
)

run_step = Table(
    "run_step",
    metadata,
    Column("run_id", String(40), ForeignKey("run.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("seen", JSON, nullable=False),
    Column("attempted_at", UtcDateTime),
    Column("stage", Integer),
)

run_lock = Table(
    "run_lock",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("run_id", String(40), ForeignKey("run.id"), nullable=False),
)
"""What running runs hold, so that no two act on one hub, node or cluster; a row goes with its run's end."""

approval = Table(
    "approval",
    metadata,
    Column("run_id", String(40), ForeignKey("run.id"), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("by", String(40), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""Who approved a run's plan. A plan that changed asks again, in the next ``round``."""

obligation = Table(
    "obligation",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("run_id", String(40), ForeignKey("run.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("hub", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("step", JSON, nullable=False),
    Column("by", String(40), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("owner", String(40)),
    Column("claimed_until", UtcDateTime),
    Column("attempted_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Column("done_at", UtcDateTime),
    Column("outcome", String(20), nullable=False, server_default=""),
    Column("told_at", UtcDateTime),
    Index("ix_obligation_due_at", "due_at"),
)
"""What a run left to be taken back: mayday takes it back when it is due, or reminds people to."""

diagnosis = Table(
    "diagnosis",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hub", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(40), nullable=False),
    Column("found", JSON, nullable=False),
)
"""What a diagnosis found, for the buttons below it."""
