"""Finds what in mayday's database needs a person. It changes nothing and asks no outside system.

Each check reads rows and returns a :class:`Finding`. Where the tables are another version's, the checks end
there. ``mayday doctor`` prints the findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import MaydayError
from bot.ports import Clock, WorkflowSummary
from bot.services import publish, sync
from bot.services.sweep import AGAIN, MOST_TRIES
from bot.store import given_up, overview
from bot.store.engine import Store, Tx
from bot.store.leases import Replica
from bot.store.overview import Overdue, Schema

LATE = timedelta(minutes=5)
"""How late reminders and deliveries may be. While mayday works they are seconds late."""

VERY_LATE = timedelta(minutes=15)
"""How late retries, readings and workflows may be, which wait for others of their kind."""

SKEW = timedelta(minutes=1)

TAKEOVER = timedelta(minutes=1)
"""How long after the end of a replica's lease another one has taken its work over, with room."""

KEEPS_FAILING = 3
"""Failed attempts after which a person should look, although mayday goes on trying."""

START = "Start mayday. If it runs, look in its log for what keeps it from working."

NO_TABLES = "The database has no tables of mayday yet."
OLDER = "The tables have version {found}; this mayday needs {needed}."
UPDATE = "Start this version of mayday, which migrates them."
NEWER = "The tables have version {found}, which this mayday doesn't know; it needs {needed}."
USE_NEWER = "Use the doctor of the version that runs."
SCHEMA_OK = "version {found}, as this mayday needs"

CLOCKS = "This machine and the database differ by {seconds:.1f} s."
SET_CLOCK = (
    "Correct the clock that is wrong. Times that people see are by the clock of mayday's machine."
)
SAME_MACHINE = "SQLite uses the clock of this machine."

NONE_WORKS = "No mayday works on this database."
NEVER_STARTED = "No mayday has started on this database."
SQLITE_RUNS = (
    "Started on {host} at {since} and not stopped. SQLite doesn't show whether it still runs."
)
SOME_WORK = "{replicas}."
NOT_TAKEN = "{replicas} without its work being taken over."
LOOK_AT_LOGS = "Look in the logs of the replicas that work."
REPLICA = "{id} on {host}, version {version}, started {since}: {state}"
WORKS = "works"
ENDED = "ended {when}"

SOCKETS_OK = "Slack counts no others than those of replicas."
SOCKETS = "Slack counts connections of this app that are not mayday's: {number}."
STOP_OTHERS = (
    "Another program uses this app's tokens and gets some of what people ask. Stop it, or give it an app of "
    "its own."
)

NONE_GIVEN_UP = "None was given up."
GAVE_UP = "Given up: {number}. What they said is missing from the record."
RETRY = "Fix the cause, then run `mayday doctor --retry KEY` or `mayday doctor --retry all`."
DELIVERY = "{key}, received {received}, given up {given_up} after {attempts} attempts: {error}"

RESOURCES_OK = "Everything in Slack and GitHub is up to date or will be tried again soon."
RESOURCES = "Need a person: {human}. Keep failing: {failing}."
RESOURCE_ADVICE = (
    "Fix what the error says, then press the button to retry in the incident's channel."
)
NEEDS_HUMAN = "{kind} of {place} needs a person: {error}"
FAILING = "{kind} of {place} failed {attempts} times, next attempt {when}: {error}"

WORKFLOWS_OK = "None failed within the last day."
WORKFLOWS = (
    "Failed within the last day: {failed}, for good: {lost}. Waiting for too long: {waiting}."
)
WORKFLOWS_AGAIN = "Failed within the last day: {failed}. mayday starts them again."
WORKFLOW_ADVICE = "Look for the key in mayday's log. Work that waits needs a mayday that runs."
WORKFLOW = "{key}, started {when}: {error}"
CANCELLED = "it was cancelled"
WAITING = "{key}, waits since {when}"

LAST = "work"
"""The last check, which is made only where the tables are this version's."""

NOTHING_LATE = "Nothing is late."
LATE_WORK = "Work that is due is not done."
LATE_KIND = "{what}: {number}, the longest since {since}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found. ``items`` are its details, each as a line for people and as plain JSON.

    ``ok`` is None if the database doesn't show it.
    """

    name: str
    ok: bool | None
    summary: str
    advice: str = ""
    items: Sequence[tuple[str, Mapping[str, Any]]] = ()


def examine(
    store: Store, *, now: Clock, workflows: Callable[[], Sequence[WorkflowSummary]]
) -> Iterator[Finding]:
    """Yield the findings. ``now`` is the domain's clock."""
    try:
        store.check()
    except MaydayError as exc:
        yield Finding(name="database", ok=False, summary=str(exc))
        return
    shown = store.engine.url.render_as_string(hide_password=True)
    yield Finding(name="database", ok=True, summary=shown)
    with store.read() as tx:
        schema = check_schema(overview.schema(tx))
        yield schema
        if not schema.ok:
            return
        yield _clock(store, tx)
        yield _replicas(store, tx)
        yield _connections(store, tx)
        yield _deliveries(tx)
        yield _resources(tx)
    yield _workflows(workflows)
    with store.read() as tx:
        yield _late(store, tx, now())


def check_schema(schema: Schema) -> Finding:
    """Return whether this mayday can read the tables."""

    def found(summary: str, advice: str = "") -> Finding:
        text = summary.format(found=schema.found, needed=schema.needed)
        return Finding(name="schema", ok=not advice, summary=text, advice=advice)

    if schema.fits:
        return found(SCHEMA_OK)
    if not schema.found:
        return found(NO_TABLES, START)
    return found(OLDER, UPDATE) if schema.is_older else found(NEWER, USE_NEWER)


def _clock(store: Store, tx: Tx) -> Finding:
    if store.is_sqlite:
        return Finding(name="clock", ok=True, summary=SAME_MACHINE)
    before = datetime.now(UTC)
    theirs = store.now(tx)
    apart = abs(before + (datetime.now(UTC) - before) / 2 - theirs)
    summary = CLOCKS.format(seconds=apart.total_seconds())
    well = apart < SKEW
    return Finding(name="clock", ok=well, summary=summary, advice="" if well else SET_CLOCK)


def _replicas(store: Store, tx: Tx) -> Finding:
    name, now, rows = "replicas", store.now(tx), overview.replicas(tx)
    working = [row for row in rows if row.lease_until > now and row.taken_by is None]
    left = [row for row in rows if row.taken_by is None and row.lease_until < now - TAKEOVER]
    if not working:
        summary = NONE_WORKS if rows else NEVER_STARTED
        items = [_replica(row, now) for row in rows[:1]]
        return Finding(name=name, ok=False, summary=summary, advice=START, items=items)
    if store.is_sqlite:
        # A lease there never ends: the lock of the file admits one process.
        one = working[0]
        summary = SQLITE_RUNS.format(host=one.host, since=_when(one.started_at))
        return Finding(name=name, ok=None, summary=summary, items=[_replica(one, now)])
    items = [_replica(row, now) for row in (*working, *left)]
    summary = SOME_WORK.format(replicas=_count(len(working), "replica works", "replicas work"))
    if not left:
        return Finding(name=name, ok=True, summary=summary, items=items)
    lost = NOT_TAKEN.format(replicas=_count(len(left), "replica ended", "replicas ended"))
    return Finding(
        name=name, ok=False, summary=f"{summary} {lost}", advice=LOOK_AT_LOGS, items=items
    )


def _connections(store: Store, tx: Tx) -> Finding:
    now = store.now(tx)
    number = max(
        (row.foreign_sockets for row in overview.replicas(tx) if row.lease_until > now), default=0
    )
    if not number:
        return Finding(name="connections", ok=True, summary=SOCKETS_OK)
    summary = SOCKETS.format(number=number)
    return Finding(name="connections", ok=False, summary=summary, advice=STOP_OTHERS)


def _replica(row: Replica, now: datetime) -> tuple[str, dict[str, Any]]:
    works = row.lease_until > now and row.taken_by is None
    line = REPLICA.format(
        id=row.id,
        host=row.host,
        version=row.version,
        since=_when(row.started_at),
        state=WORKS if works else ENDED.format(when=_when(row.lease_until)),
    )
    return line, {**_plain(row), "works": works}


def _deliveries(tx: Tx) -> Finding:
    rows = given_up.given_up(tx)
    if not rows:
        return Finding(name="deliveries", ok=True, summary=NONE_GIVEN_UP)
    items = [
        (
            DELIVERY.format(
                key=row.key,
                received=_when(row.received_at),
                given_up=_when(row.given_up_at),
                attempts=row.attempts,
                error=_first_line(row.error),
            ),
            _plain(row),
        )
        for row in rows
    ]
    summary = GAVE_UP.format(number=len(rows))
    return Finding(name="deliveries", ok=False, summary=summary, advice=RETRY, items=items)


def _resources(tx: Tx) -> Finding:
    rows = [
        row
        for row in overview.troubles(tx)
        if row.needs_human or row.attempts >= KEEPS_FAILING or row.retry_at is None
    ]
    if not rows:
        return Finding(name="resources", ok=True, summary=RESOURCES_OK)
    items = [
        (
            (NEEDS_HUMAN if row.needs_human else FAILING).format(
                place=row.place,
                kind=row.kind.replace("_", " "),
                error=_first_line(row.error),
                attempts=row.attempts,
                when=_when(row.retry_at) if row.retry_at else "never",
            ),
            _plain(row),
        )
        for row in rows
    ]
    human = sum(row.needs_human for row in rows)
    summary = RESOURCES.format(human=human, failing=len(rows) - human)
    return Finding(name="resources", ok=False, summary=summary, advice=RESOURCE_ADVICE, items=items)


def _workflows(read: Callable[[], Sequence[WorkflowSummary]]) -> Finding:
    name = "workflows"
    try:
        rows = read()
    except MaydayError as exc:
        return Finding(name=name, ok=False, summary=str(exc))
    long_ago = datetime.now(UTC) - VERY_LATE
    failed = [row for row in rows if row.failed]
    lost = [row for row in failed if _is_lost(row)]
    waiting = [row for row in rows if not row.failed and row.created_at < long_ago]
    items = [
        (
            (WORKFLOW if row.failed else WAITING).format(
                key=row.key,
                when=_when(row.created_at),
                error=_first_line(row.error) or CANCELLED,
            ),
            {**_plain(row), "lost": row in lost},
        )
        for row in (*lost, *waiting, *(row for row in failed if row not in lost))
    ]
    if lost or waiting:
        summary = WORKFLOWS.format(failed=len(failed), lost=len(lost), waiting=len(waiting))
        return Finding(name=name, ok=False, summary=summary, advice=WORKFLOW_ADVICE, items=items)
    summary = WORKFLOWS_AGAIN.format(failed=len(failed)) if failed else WORKFLOWS_OK
    return Finding(name=name, ok=True, summary=summary, items=items)


def _is_lost(row: WorkflowSummary) -> bool:
    """Whether :mod:`bot.services.sweep` starts it no more. How a run ended, its channel says."""
    kind, _incident, key = (*row.key.split("/", 2), "", "")[:3]
    return kind in (sync.WORKFLOW, publish.WORKFLOW) and key.startswith(f"{AGAIN}{MOST_TRIES}/")


def _late(store: Store, tx: Tx, domain: datetime) -> Finding:
    theirs = store.now(tx)
    late: dict[str, Overdue | None] = {
        "reminders": overview.overdue_reminders(tx, domain - LATE),
        "deliveries": overview.overdue_deliveries(tx, theirs - LATE),
        "retries": overview.overdue_retries(tx, domain - VERY_LATE),
        "readings of channels": overview.overdue_readings(tx, theirs - VERY_LATE, theirs),
        "unfinished attempts": overview.overdue_attempts(tx, theirs - VERY_LATE),
    }
    items = [
        (
            LATE_KIND.format(what=what, number=found.number, since=_when(found.since)),
            {"what": what, **_plain(found)},
        )
        for what, found in late.items()
        if found
    ]
    if not items:
        return Finding(name=LAST, ok=True, summary=NOTHING_LATE)
    return Finding(name=LAST, ok=False, summary=LATE_WORK, advice=START, items=items)


def _plain(row: object) -> dict[str, Any]:
    """The fields of a row as plain JSON."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in vars(row).items()
    }


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _first_line(error: str) -> str:
    return next(iter(error.strip().splitlines()), "")


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
