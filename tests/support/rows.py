"""Rows for database tests without a Slack."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.incident import Incident, Policy
from bot.domain.state_change import StateChange
from bot.domain.timeline import Message, ts_moment
from bot.services.settings import HubPlace, Settings
from bot.store import incidents
from bot.store.engine import Store
from bot.store.tables import inbox

TEAM = "T0PRACTICE"
CHANNEL = "C0INCIDENT"
NAME = "inc-2017-02-24-proxy-was-evicted"
NOW = datetime(2017, 2, 24, 0, 25, tzinfo=UTC)
POLICY = Policy(
    severities=("sev1", "sev2", "sev3"),
    statuses=("investigating", "fixing", "monitoring", "resolved", "closed"),
    roles=("commander", "communications", "scribe"),
)


def settings(**values: Any) -> Settings:
    """Settings with no hub and no permission to run anything."""
    return Settings(
        **{
            "policy": POLICY,
            "intervals": {"sev2": timedelta(minutes=30)},
            "reactions": {},
            "groups": ("Technical improvements",),
            "channel_template": "inc-{date}-{slug}",
            "announce_channel": "#incidents",
            "zone": ZoneInfo("UTC"),
            "report_form": "2017",
            "hubs": {},
            **values,
        }
    )


def hub_places(hubs: Iterable[str] | Mapping[str, str]) -> dict[str, HubPlace]:
    """Hubs of one cluster, or with the names of their clusters."""
    clusters = hubs if isinstance(hubs, Mapping) else dict.fromkeys(hubs, "practice")
    return {
        name: HubPlace(name=name, url="", cluster=cluster, namespace="prod")
        for name, cluster in clusters.items()
    }


def incident(**values: Any) -> Incident:
    """An incident that has its channel."""
    return Incident(
        **{
            "id": "abc123abc123",
            "team_id": TEAM,
            "title": "Proxy was evicted",
            "severity": "sev2",
            "status": "investigating",
            "summary": "",
            "private": False,
            "hubs": (),
            "declared_by": "U0ANA",
            "declared_at": NOW,
            "channel_name": NAME,
            "channel_id": CHANNEL,
            **values,
        }
    )


def stored(store: Store, **values: Any) -> Incident:
    """A stored incident."""
    made = incident(**values)
    with store.write() as tx:
        assert incidents.add(tx, made)
    return made


_acts = itertools.count(1)


def act(**values: Any) -> StateChange:
    """An act of Ben's on the incident, which nobody did before."""
    made = {"incident_id": "abc123abc123", "by": "U0BEN", "idempotency_key": f"act/{next(_acts)}"}
    return StateChange(**{**made, "origin": "button entry.menu in C0INCIDENT", **values})


def message(ts: str = "1487895900.000100", **values: Any) -> Message:
    """A message in the incident's channel."""
    return Message(
        **{
            "team_id": TEAM,
            "channel_id": CHANNEL,
            "ts": ts,
            "author": "U0ANA",
            "text": "students see 500s",
            "posted_at": ts_moment(ts),
            **values,
        }
    )


def end_claims(store: Store) -> None:
    """Let the time of every claim on a delivery pass."""
    with store.write() as tx:
        tx.execute(inbox.update().values(claimed_until=NOW))


class Hands:
    """A clock that tests set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class NoWork:
    """Durable work that only records the requests, in commit order."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.lost: set[str] = set()

    def enqueue(self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Any) -> None:
        """Record it."""
        self.keys.append(key)

    def step(self, name: str, fn: Any, *args: Any) -> Any:
        """Do it."""
        return fn(*args)

    def has_failed(self, key: str) -> bool:
        """Whether it is lost."""
        return key in self.lost

    def failed_lately(self) -> list[str]:
        """All keys that are lost."""
        return sorted(self.lost)

    def resume(self, executors: Any) -> list[str]:
        """Nothing was under way."""
        return []


class Checkpoints(NoWork):
    """Records results as a replayed workflow does: a finished step does not run again."""

    def __init__(self) -> None:
        super().__init__()
        self._ended: dict[tuple[Any, ...], Any] = {}

    def step(self, name: str, fn: Any, *args: Any) -> Any:
        """Do it once."""
        if (name, *args) not in self._ended:
            self._ended[name, *args] = fn(*args)
        return self._ended[name, *args]
