"""Runs the migrations on the connection that the store passes.

On SQLite, DBOS keeps its tables in the same database, so tables that are not in our metadata are ignored.
"""

from __future__ import annotations

from typing import Any

from alembic import context

from bot.store import report_tables, run_tables  # noqa: F401 - they add tables to the metadata
from bot.store.tables import metadata


def _ours(_thing: Any, name: str | None, kind: str, _reflected: bool, compare_to: Any) -> bool:
    return kind != "table" or name in metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    include_object=_ours,
)
with context.begin_transaction():
    context.run_migrations()
