"""A replica's lease for tests of services that run in no bot."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from bot.domain.limits import Limits
from bot.services.lease import Lease
from bot.store.engine import Store, Tx
from bot.store.tables import resource

AT_ONCE = Limits(call=0.0)
"""An attempt can have no effect any more as soon as it has ended. Adapters refuse to send under it."""


def let_calls_end(store: Store) -> None:
    """Let so much time pass that no call that was begun can have an effect any more."""
    with store.write() as tx:
        moment = store.now(tx) - timedelta(hours=1)
        tx.execute(
            update(resource).where(resource.c.attempted_at > moment).values(attempted_at=moment)
        )


class AlwaysHeld(Lease):
    """A lease that is always valid and that no row represents."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, Limits(), version="test", lost=lambda: None)

    @property
    def is_valid(self) -> bool:
        return True

    def check(self, tx: Tx) -> None:
        """Return."""
