"""What people read often: the list of incidents, a timeline, and the snapshot behind every change."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import select, text

from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.domain.timeline import EntryKind
from bot.services import incident_snapshot
from bot.services.record import Record
from bot.slack.commands import incidents as list_command
from bot.slack.commands import timeline as timeline_command
from bot.slack.request import Kind, SlackRequest
from bot.store.engine import Store
from bot.store.tables import entry, incident, message, resource, tag
from tests.bench.result import Result
from tests.bench.world import KINDS, TEXT, World, migrated
from tests.support import looks

INCIDENTS = 10_000
ENTRIES = 800
OWN_EVERY = 20
"""Of so many entries, one is a change that mayday posts; the others are messages with a 📌."""
SHOWN = 45
TIMES = 30
LIST_MS, TIMELINE_MS, SNAPSHOT_MS = 2.0, 10.0, 3.0
TEAM = "T0BENCH"
BEGAN = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LAST = f"incident-{INCIDENTS - 1}"


def measure(world: World) -> Iterator[Result]:
    """Measure each on both kinds of database: the median of some calls, from the service to the blocks."""
    for kind in KINDS:
        place = world.place("lists")
        with world.database(kind, place) as url, migrated(url) as store:
            _fill(store)
            yield from _measure(store, kind)


def _measure(store: Store, kind: str) -> Iterator[Result]:
    services = SimpleNamespace(
        incidents=looks.incidents(store),
        record=Record(store, lambda: BEGAN, cast("Any", None), team_url=lambda: ""),
    )
    context = cast("Any", services)
    request = SlackRequest(
        kind=Kind.COMMAND,
        name="list",
        team_id=TEAM,
        user="U1",
        channel="C1",
        idempotency_key="",
    )
    opened = services.incidents.get(LAST)

    def snapshot() -> object:
        with store.read() as tx:
            return incident_snapshot.read(tx, LAST)

    asked: list[tuple[str, Callable[[], object], Sequence[Any], float]] = [
        (
            f"list of {INCIDENTS:,} incidents",
            lambda: list_command.handle(context, request).work(),
            [
                select(incident)
                .where(incident.c.team_id == TEAM)
                .order_by(incident.c.declared_at.desc())
                .limit(20)
            ],
            LIST_MS,
        ),
        (
            f"timeline of {ENTRIES} entries",
            lambda: timeline_command.handle(context, request, opened),
            [select(entry).where(entry.c.incident_id == LAST).limit(SHOWN)],
            TIMELINE_MS,
        ),
        (
            f"snapshot of {ENTRIES} entries",
            snapshot,
            [
                select(incident).where(incident.c.id == LAST),
                select(resource).where(resource.c.incident_id == LAST),
            ],
            SNAPSHOT_MS,
        ),
    ]
    for name, call, statements, goal in asked:
        yield Result(
            name=f"{name}, {kind}",
            value=_median(call),
            unit="ms",
            ceiling=_plain(store, statements),
            goal=goal,
            note="ceiling: the driver alone reads the rows shown",
        )


def _median(call: Callable[[], object]) -> float:
    """The median of some calls in milliseconds, after some that fill the caches."""
    found = []
    for number in range(TIMES + 3):
        began = time.perf_counter()
        call()
        if number >= 3:
            found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)


def _plain(store: Store, statements: Sequence[Any]) -> float:
    """The same for the driver alone."""
    compiled = [
        str(one.compile(store.engine, compile_kwargs={"literal_binds": True})) for one in statements
    ]
    with store.read() as tx:
        raw = tx.connection.dbapi_connection
        assert raw is not None
        cursor = raw.cursor()

        def read() -> None:
            for statement in compiled:
                cursor.execute(statement)
                cursor.fetchall()

        return _median(read)


def _fill(store: Store) -> None:
    """Store the incidents; the last one has the entries, their messages and their resources."""
    numbers = range(INCIDENTS)
    with store.write() as tx:
        tx.execute(incident.insert(), [_incident_row(number) for number in numbers])
        tx.execute(message.insert(), [_message_row(number) for number in range(ENTRIES)])
        tx.execute(tag.insert(), [_tag_row(number) for number in range(ENTRIES)])
        tx.execute(entry.insert(), [_entry_row(number) for number in range(ENTRIES)])
        tx.execute(resource.insert(), list(_resource_rows()))
    # As a server's own maintenance does: without statistics PostgreSQL may sort all incidents.
    with store.write() as tx:
        tx.execute(text("ANALYZE"))


def _incident_row(number: int) -> Mapping[str, Any]:
    is_open = number >= INCIDENTS - 3
    at = BEGAN + timedelta(hours=number)
    value = Incident(
        id=f"incident-{number}",
        team_id=TEAM,
        title="Proxy was evicted",
        severity="sev2",
        status="investigating" if is_open else "closed",
        summary=TEXT,
        private=number % 7 == 0,
        hubs=("datahub",),
        declared_by="U1",
        declared_at=at,
        channel_name=f"inc-{number}",
    )
    answers = {"impact": "", "conclusion": "", "report_date": None}
    return {
        **{name: getattr(value, name) for name in incident.c.keys() if hasattr(value, name)},  # noqa: SIM118
        "names_taken": 0,
        "hubs": list(value.hubs),
        "channel_id": f"C{number}",
        "roles": {"commander": "U1"},
        "answers": answers,
        "closed_at": None if is_open else at,
    }


def _at(number: int) -> datetime:
    return BEGAN + timedelta(hours=INCIDENTS, seconds=number * 20)


def _key(number: int) -> str:
    return f"{TEAM}:C{INCIDENTS - 1}:{_at(number).timestamp():.6f}"


def _message_row(number: int) -> Mapping[str, Any]:
    ts = _key(number).rpartition(":")[2]
    return {
        "key": _key(number),
        "team_id": TEAM,
        "channel_id": f"C{INCIDENTS - 1}",
        "ts": ts,
        "thread_ts": "",
        "author": "U1",
        "subtype": "",
        "text": f"{TEXT}: {number}",
        "files": [],
        "permalink": f"https://example.slack.com/archives/C1/p{number}",
        "posted_at": _at(number),
        "edited_ts": "",
        "raw": {"type": "message", "text": TEXT, "ts": ts, "user": "U1", "team": TEAM},
    }


def _tag_row(number: int) -> Mapping[str, Any]:
    return {
        "message_key": _key(number),
        "user": "U2",
        "name": "pushpin",
        "heading": "timeline",
        "seen_at": _at(number),
    }


def _is_own(number: int) -> bool:
    return number % OWN_EVERY == 0


def _entry_row(number: int) -> Mapping[str, Any]:
    own = _is_own(number)
    kind = EntryKind.UPDATE if own else EntryKind.MESSAGE
    return {
        "id": number + 1,
        "incident_id": LAST,
        "at": _at(number),
        "recorded_at": _at(number),
        "kind": kind.value,
        "author": "U1",
        "data": {"text": TEXT, "status": "investigating"} if own else {},
        "source": f"update/{number}" if own else f"message/{_key(number)}",
        "message_key": "" if own else _key(number),
    }


def _resource_rows() -> Iterator[Mapping[str, Any]]:
    single = (
        (ResourceKind.CHANNEL, ""),
        (ResourceKind.INVITE, "U1"),
        (ResourceKind.CARD, ""),
        (ResourceKind.PIN, ""),
        (ResourceKind.TOPIC, ""),
        (ResourceKind.BOOKMARK, "datahub"),
        (ResourceKind.ANNOUNCEMENT, ""),
    )
    own = [str(number + 1) for number in range(ENTRIES) if _is_own(number)]
    posted = [
        (kind, subject)
        for subject in own
        for kind in (ResourceKind.ENTRY, ResourceKind.ANNOUNCED_UPDATE)
    ]
    for kind, subject in (*single, *posted):
        spec = {"text": TEXT, "author": "U1", "status": "investigating"}
        yield {
            "key": resource_key(LAST, kind, subject),
            "incident_id": LAST,
            "kind": kind.value,
            "subject": subject,
            "state": ResourceState.DONE.value,
            "spec": spec,
            "rendering": 1,
            "applied_spec": spec,
            "ref": {"channel": "C1", "ts": "1.0"},
            "error": "",
            "attempts": 1,
            "created_at": BEGAN,
        }
