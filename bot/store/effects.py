"""Effects: what mayday wants done outside, and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update

from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import effect


class EffectState(StrEnum):
    """How far an effect has come.

    ``attempting`` is committed before the call goes out, so a row found in it may have happened.
    ``unclear`` waits for a human: it must not be repeated and cannot be seen to be done.
    """

    WANTED = "wanted"
    ATTEMPTING = "attempting"
    DONE = "done"
    FAILED = "failed"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One outside effect. ``want`` is what it should bring about, ``done_want`` what it last did,
    ``ref`` how to find it outside (an id, a ts), ``error`` one sentence for a person."""

    key: str
    incident_id: str
    state: EffectState
    want: Mapping[str, Any]
    done_want: Mapping[str, Any] | None
    ref: Mapping[str, Any]
    error: str
    attempts: int
    created_at: datetime
    retry_at: datetime | None


def want(tx: Tx, key: str, *, incident_id: str, want: Mapping[str, Any], now: datetime) -> bool:
    """Ask for a new effect; False when its key is there already, which changes nothing."""
    return insert_new(
        tx,
        "effect",
        {
            "key": key,
            "incident_id": incident_id,
            "state": EffectState.WANTED.value,
            "want": dict(want),
            "done_want": None,
            "ref": {},
            "error": "",
            "attempts": 0,
            "created_at": now,
            "retry_at": None,
        },
    )


def get(tx: Tx, key: str, *, lock: bool = False) -> Effect | None:
    """One effect by its key."""
    statement = select(effect).where(effect.c.key == key)
    row = tx.execute(statement.with_for_update() if lock else statement).mappings().first()
    return _effect(row) if row else None


def of_incident(tx: Tx, incident_id: str) -> dict[str, Effect]:
    """All effects of an incident by key, oldest first."""
    rows = tx.execute(
        select(effect)
        .where(effect.c.incident_id == incident_id)
        .order_by(effect.c.created_at, effect.c.key)
    ).mappings()
    return {row["key"]: _effect(row) for row in rows}


def change(tx: Tx, key: str, **values: Any) -> None:
    """Change columns of an effect."""
    tx.execute(update(effect).where(effect.c.key == key).values(**values))


def end(tx: Tx, key: str) -> None:
    """Nothing of an effect is wanted any more, and nothing of it is there; it may be wanted again."""
    change(tx, key, state=EffectState.DONE.value, done_want=None, error="", retry_at=None)


def take_up_unclear(tx: Tx, incident_id: str) -> None:
    """A human asks for what waited for one; what was attempted is looked for before it is repeated."""
    tx.execute(
        update(effect)
        .where(effect.c.incident_id == incident_id, effect.c.state == EffectState.UNCLEAR.value)
        .values(state=EffectState.ATTEMPTING.value)
    )


def due(tx: Tx, now: datetime) -> list[Effect]:
    """Effects whose next try has come; their rows are locked against other replicas."""
    rows = tx.execute(
        select(effect).where(effect.c.retry_at <= now).with_for_update(skip_locked=True)
    ).mappings()
    return [_effect(row) for row in rows]


def _effect(row: Any) -> Effect:
    return Effect(**{**row, "state": EffectState(row["state"])})
