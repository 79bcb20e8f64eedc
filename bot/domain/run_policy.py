"""Who may run a runbook, how many must approve it, and what it may not run beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

LONGEST_LIFE = timedelta(hours=12)


class Lock(StrEnum):
    """What only one run at a time may hold."""

    HUB = "hub"
    NODE = "node"
    CLUSTER = "cluster"


class Where(StrEnum):
    """Where a run can be asked for."""

    INCIDENT = "incident"  # in the channel of an open incident
    ANYWHERE = "anywhere"


@dataclass(frozen=True, kw_only=True)
class RunPolicy:
    """The policy of one runbook. A runbook declares its own, which the configuration may change.

    ``approvals`` is how many people besides the one who asked must approve; ``lifetime`` is how long a plan,
    and afterwards its approval, can be used; ``cooldown`` is the time after the end of a run on the same
    lock until the next one may start. ``is_dry_run``: plans are shown, and nobody can run them.
    """

    approvals: int = 0
    lifetime: timedelta = timedelta(minutes=15)
    cooldown: timedelta = timedelta(0)
    lock: Lock = Lock.HUB
    where: Where = Where.ANYWHERE
    is_dry_run: bool = False
