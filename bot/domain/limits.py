"""The time limits that keep two replicas from doing the same work twice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Time limits in seconds.

    ``call`` is the longest time from the commit that announces an outside call until the call can have no
    further effect. ``lease`` is how long a replica may work without renewing its lease. Work of a replica is
    taken over once its lease has ended and a call that it began before could have no further effect.
    """

    call: float = 10.0
    lease: float = 12.0

    @property
    def heartbeat(self) -> float:
        """How often a replica renews its lease."""
        return self.lease / 4

    @property
    def over(self) -> float:
        """How long after its last renewal a replica's work may be taken over."""
        return self.lease + self.call
