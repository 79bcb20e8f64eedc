"""Runs the migrations on the connection that the store hands over.

DBOS keeps its tables beside ours on SQLite, so everything that is not in our metadata is left alone.
"""

from __future__ import annotations

from typing import Any

from alembic import context

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
