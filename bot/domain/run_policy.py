"""Who may run a runbook, how many must approve it, and what it may not run beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

LONGEST_LIFE = timedelta(hours=12)
LONGEST_NAME = 200
"""The longest name of a lock, in characters."""

TOO_LONG = "lifetime: a plan can be used for at most 12 hours"
NEGATIVE = "{name} can't be negative"


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
class Allowed:
    """Who may plan and run one runbook: Slack ids of people and user groups, and roles of the incident.

    ``key`` is the place in the configuration that says so.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class RunPolicy:
    """The policy of one runbook. A runbook declares its own, which the configuration may change.

    ``allowed`` replaces the people who may run any runbook; None: it doesn't.
    ``approvals`` is how many people besides the one who asked must approve; ``lifetime`` is how long a plan,
    and afterwards its approval, can be used; ``cooldown`` is the time after the end of a run on the same
    lock until the next one may start. ``is_dry_run``: plans are shown, and nobody can run them.
    ``is_rehearsed``: plans are rehearsed on a model of the hub before they are shown.
    """

    allowed: Allowed | None = None
    approvals: int = 0
    lifetime: timedelta = timedelta(minutes=15)
    cooldown: timedelta = timedelta(0)
    lock: Lock = Lock.HUB
    where: Where = Where.ANYWHERE
    is_dry_run: bool = False
    is_rehearsed: bool = False

    def __post_init__(self) -> None:
        if not timedelta(0) < self.lifetime <= LONGEST_LIFE:
            raise ValueError(TOO_LONG)
        if self.approvals < 0 or self.cooldown < timedelta(0):
            raise ValueError(NEGATIVE.format(name="approvals or cooldown"))

    def needed(self, *, over_limit: bool) -> int:
        """Return how many people besides the one who asked must approve a plan.

        A plan over the limit of servers needs at least one.
        """
        return max(self.approvals, int(over_limit))

    def locks(self, *, hub: str, cluster: str, steps: Iterable[str]) -> frozenset[str]:
        """Return the names of what a run holds while it acts.

        ``steps`` are the locks of its steps, such as ``node/core-1``; a node belongs to its cluster. A run
        always holds at least one lock.
        """
        held = {_of_cluster(each, cluster) for each in steps if each}
        if self.lock is Lock.CLUSTER:
            held.add(f"cluster/{cluster}" if cluster else f"hub/{hub}")
        elif self.lock is Lock.HUB or not held:
            held.add(f"hub/{hub}")
        return frozenset(map(_short, held))


def _of_cluster(lock: str, cluster: str) -> str:
    kind, _, name = lock.partition("/")
    return lock if name.startswith(f"{cluster}/") else f"{kind}/{cluster}/{name}"


def _short(name: str) -> str:
    """The name, in at most :data:`LONGEST_NAME` characters: the end of a longer one is its hash."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:120]}/{sha256(name.encode()).hexdigest()}"
