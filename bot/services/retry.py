"""Effects whose next try has come: their workflow is started again."""

from __future__ import annotations

from datetime import timedelta

from bot.ports import Clock, Durable
from bot.services import publish, sync
from bot.store import effects as rows
from bot.store.engine import Store

AGAIN = timedelta(minutes=5)
"""If the workflow started here is itself lost, the effect is due again after this."""


def retry_due(store: Store, durable: Durable, now: Clock) -> int:
    """Start what is due; return how many workflows that made."""
    moment = now()
    with store.write() as tx:
        due = rows.due(tx, moment)
        started = set()
        for effect in due:
            rows.change(tx, effect.key, retry_at=moment + AGAIN)
            enqueue = publish.enqueue if publish.is_part(effect.key) else sync.enqueue
            started.add((enqueue, effect.incident_id))
        for enqueue, incident_id in started:
            enqueue(durable, tx, incident_id, f"due/{moment.isoformat()}")
    return len(started)
