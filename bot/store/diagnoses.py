"""What diagnoses found, kept for the buttons below them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.run_tables import diagnosis


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """A diagnosis that was made: of which hub, when, for whom, and what it found as plain JSON."""

    id: str
    hub: str
    at: datetime
    by: str
    found: Mapping[str, Any]


def add(tx: Tx, made: Diagnosed) -> bool:
    """Store a diagnosis; False, and no change, when there is one with this id."""
    return insert_new(tx, "diagnosis", {**made.__dict__, "found": dict(made.found)})


def get(tx: Tx, diagnosis_id: str) -> Diagnosed | None:
    """Return one diagnosis."""
    statement = select(diagnosis).where(diagnosis.c.id == diagnosis_id)
    row = tx.execute(statement).mappings().first()
    return Diagnosed(**row) if row else None


def purge(tx: Tx, before: datetime) -> None:
    """Delete the diagnoses that were made before this moment."""
    tx.execute(delete(diagnosis).where(diagnosis.c.at < before))
