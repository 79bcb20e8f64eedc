"""Has Slack follow a run while it is carried out: at most one update in two seconds, however many steps end.

An update changes up to two messages, the run's own and the reply about the stage.
"""

from __future__ import annotations

import secrets
import threading
import time

from bot.ports import Durable
from bot.services import sync
from bot.store.engine import Store, Tx
from bot.store.runs import Run

APART = 2.0
"""Seconds between two updates."""


class Progress:
    """What Slack still has to be shown of runs, in memory: after a kill the next change shows it."""

    def __init__(self, store: Store, durable: Durable) -> None:
        self._store = store
        self._durable = durable
        self._guard = threading.Lock()
        self._shown: dict[str, float] = {}
        self._owed: set[str] = set()

    def changed(self, tx: Tx, run: Run) -> None:
        """Have Slack follow what this transaction changes, now or at a later :meth:`tick`."""
        now = time.monotonic()
        with self._guard:
            last = self._shown.get(run.id)
            if last is not None and now - last < APART:
                self._owed.add(run.id)
                return
            self._shown[run.id] = now
            self._owed.discard(run.id)
        self._enqueue(tx, run)

    def tick(self, run: Run) -> None:
        """Have Slack follow what changed since the last update, once that is long enough ago."""
        with self._guard:
            is_due = run.id in self._owed and time.monotonic() - self._shown[run.id] >= APART
        if is_due:
            with self._store.write() as tx:
                self.changed(tx, run)

    def ended(self, tx: Tx, run: Run) -> None:
        """Have Slack show the end of a run, whatever was shown before."""
        with self._guard:
            self._shown.pop(run.id, None)
            self._owed.discard(run.id)
        self._enqueue(tx, run)

    def _enqueue(self, tx: Tx, run: Run) -> None:
        sync.enqueue(self._durable, tx, run.owner, f"run/{run.id}/progress/{secrets.token_hex(8)}")
