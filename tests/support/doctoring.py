"""Rows that a doctor looks at, and what it finds in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.resources import ResourceState
from bot.ports import WorkflowSummary
from bot.services.examine import Finding, examine
from bot.store.engine import Store
from bot.store.tables import inbox, replica, resource

INCIDENT = "abc123abc123"
HOUR = timedelta(hours=1)


def register(store: Store, name: str, *, ended: timedelta | None = None, **more: Any) -> None:
    """Add a replica, which works or whose lease ended some time ago."""
    with store.write() as tx:
        now = store.now(tx)
        tx.execute(
            replica.insert().values(
                id=name,
                host="mayday-0",
                version="0.1.0",
                started_at=now - HOUR,
                lease_until=now + HOUR if ended is None else now - ended,
                **more,
            )
        )


def deliver(store: Store, key: str, *, error: str = "", given_up: bool = False) -> None:
    """Store a delivery that waits for ten minutes, or that was given up."""
    with store.write() as tx:
        tx.execute(
            inbox.insert().values(
                key=key,
                payload={"text": "hello"},
                received_at=datetime.now(UTC) - timedelta(minutes=10),
                attempts=8 if given_up else 0,
                error=error,
                given_up_at=store.now(tx) if given_up else None,
            )
        )


def fail(store: Store, kind: str, state: ResourceState, **values: Any) -> None:
    """Add a resource in this state."""
    with store.write() as tx:
        tx.execute(
            resource.insert().values(
                key=f"{INCIDENT}/{kind}",
                incident_id=INCIDENT,
                kind=kind,
                subject="",
                state=state.value,
                spec={},
                ref={},
                created_at=datetime.now(UTC),
                **{"error": "", "attempts": 0, **values},
            )
        )


def found(store: Store, *workflows: WorkflowSummary) -> dict[str, Finding]:
    """The findings by name."""
    told = examine(store, now=lambda: datetime.now(UTC), workflows=lambda: workflows)
    return {each.name: each for each in told}


def wrong(store: Store, *workflows: WorkflowSummary) -> dict[str, Finding]:
    """The findings that need a person."""
    return {name: each for name, each in found(store, *workflows).items() if each.ok is False}


def lines(finding: Finding) -> list[str]:
    return [line for line, _data in finding.items]
