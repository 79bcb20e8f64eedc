"""A replica's lease for tests of services that run in no bot."""

from __future__ import annotations

from bot.domain.limits import Limits
from bot.services.lease import Lease
from bot.store.engine import Store, Tx

AT_ONCE = Limits(call=0.0)
"""An attempt can have no effect any more as soon as it has ended. Adapters refuse to send under it."""


class AlwaysHeld(Lease):
    """A lease that is always valid and that no row represents."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, Limits(), version="test", lost=lambda: None)

    @property
    def is_valid(self) -> bool:
        return True

    def check(self, tx: Tx) -> None:
        """Return."""
