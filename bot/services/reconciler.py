"""Brings one resource outside in step with its spec, and never creates it twice.

One transaction before a call announces the attempt, one after it records the result. An attempt that has no
result may still take effect until its time limit is over: until then everybody leaves the resource alone,
and afterwards it is looked for before it is created again. What exists is updated in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog

from bot import deadline
from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.errors import NeedsHuman, RetryLater, UserError
from bot.ports import JSON, Clock
from bot.render.renderings import RENDERINGS
from bot.services.lease import Lease
from bot.store import resources as rows
from bot.store.engine import DatabaseError, Store, Tx
from bot.store.resources import ResourceRow

REPAIR_AFTER = timedelta(minutes=10)
LONGEST_REPAIR = timedelta(hours=12)
LONGEST_WAIT = timedelta(minutes=5)
GONE = "gone"
"""The code of a :class:`UserError` that says: what is to be updated does not exist any more."""
UNCHANGEABLE = "unchangeable"
"""The code of one that says: what is to be updated exists, but the outside refuses to change it any more."""

UNFORESEEN = (
    "mayday failed unexpectedly at a part of this incident ({part}). Its log has the details."
)

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One thing outside and the values that it must show, with how to create, find and update it.

    ``incident_id`` is its owner, which for a run outside of incidents is :attr:`bot.store.runs.Run.owner`.
    ``spec`` is plain JSON. ``create`` returns how to find the resource again. ``find`` finds what an
    unanswered ``create`` may have made since that moment of Slack's time; without it ``create`` must be
    harmless to repeat. ``update`` takes the reference, makes the resource show the spec and returns what
    changed of the reference; without it the resource stays as it was created. ``record`` stores what
    follows from its existence, in the transaction that stores the reference; it may run twice.
    """

    incident_id: str
    kind: ResourceKind
    subject: str = ""
    spec: JSON
    create: Callable[[], JSON]
    find: Callable[[datetime | None], JSON | None] | None = None
    update: Callable[[JSON], JSON] | None = None
    record: Callable[[Tx, JSON], None] | None = None

    @property
    def key(self) -> str:
        """The key of its row, which its message carries."""
        return resource_key(self.incident_id, self.kind, self.subject)

    @property
    def rendering(self) -> int:
        """The version of the rendering that it must show."""
        return RENDERINGS[self.kind]

    def is_shown(self, row: ResourceRow) -> bool:
        """Whether the outside shows these values in this rendering."""
        return (
            row.state is ResourceState.DONE
            and row.applied_spec == self.spec
            and row.rendering == self.rendering
        )

    def is_due(self, row: ResourceRow | None, now: datetime | None) -> bool:
        """Whether to ensure it now: it isn't shown, needs no person and doesn't wait for its next attempt.

        Without ``now`` it does not wait.
        """
        if row is None:
            return True
        if row.state is ResourceState.NEEDS_HUMAN or self.is_shown(row):
            return False
        waits = now is not None and row.retry_at is not None and row.retry_at > now
        return not waits or row.spec != self.spec


@dataclass(frozen=True, kw_only=True)
class EnsureResult:
    """How an attempt ended. ``error`` is one sentence for a person where it is not done.

    ``is_busy``: an earlier attempt may still take effect, so nothing was done.
    """

    state: ResourceState
    ref: JSON = field(default_factory=lambda: MappingProxyType({}))
    error: str = ""
    is_busy: bool = False

    @property
    def done(self) -> bool:
        """Whether the outside shows the spec."""
        return self.state is ResourceState.DONE


class Reconciler:
    """Ensures resources. ``now`` is the domain's clock, ``slack_time`` Slack's."""

    def __init__(
        self, store: Store, now: Clock, *, lease: Lease, limits: Limits, slack_time: Clock
    ) -> None:
        self._store = store
        self._now = now
        self._lease = lease
        self._limits = limits
        self._slack_time = slack_time

    def ensure(self, resource: Resource) -> EnsureResult:
        """Create or update the resource unless it shows its spec already or needs a person."""
        while True:
            with deadline.within(self._limits.call):
                row = self._begin(resource)
                if isinstance(row, EnsureResult):
                    return row
                try:
                    applied: JSON | None = resource.spec
                    ref = self._update(row, resource) if row.ref else None
                    if ref is None:
                        row = self._forget(row) if row.ref else row
                        ref, applied = self._create(row, resource)
                except RetryLater as exc:
                    return self._wait(row, exc)
                except (UserError, NeedsHuman) as exc:
                    return self._fail(row, exc)
                except DatabaseError:
                    raise
                except Exception:
                    said = UNFORESEEN.format(part=resource.kind.value)
                    self._wait(row, RetryLater(said, after=REPAIR_AFTER.total_seconds()))
                    raise
                later = self._done(row, resource, ref, applied)
            if later is not None:
                return later
            if applied == resource.spec:
                return EnsureResult(state=ResourceState.DONE, ref=ref)

    def _begin(self, resource: Resource) -> ResourceRow | EnsureResult:
        """Announce an attempt and return its row, or how things stand where none is due.

        The row is that from before, with the owner and the beginning of this attempt.
        """
        slack_time = self._slack_time()
        with self._store.write() as tx:
            now = self._now()
            rows.add(
                tx,
                resource.incident_id,
                resource.kind,
                resource.subject,
                spec=resource.spec,
                now=now,
            )
            row = rows.get(tx, resource.key, lock=True)
            if row is None:
                raise LookupError(resource.key)
            if resource.is_shown(row) or row.state is ResourceState.NEEDS_HUMAN:
                if row.spec != resource.spec:
                    rows.change(tx, row.key, spec=dict(resource.spec))
                return EnsureResult(state=row.state, ref=row.ref, error=row.error)
            moment = self._store.now(tx)
            if row.attempted_at is not None and (left := self._limits.call - _age(row, moment)) > 0:
                # An attempt of this or of another replica may still take effect.
                due = now + timedelta(seconds=left)
                rows.change(tx, row.key, spec=dict(resource.spec), retry_at=due)
                return EnsureResult(state=row.state, ref=row.ref, error=row.error, is_busy=True)
            self._lease.check(tx)
            is_again = row.state is ResourceState.ATTEMPTING
            state = row.state if row.ref else ResourceState.ATTEMPTING
            if state is ResourceState.DONE:
                # Until the result, nobody knows what the outside shows.
                state = ResourceState.PENDING
            rows.change(
                tx,
                row.key,
                state=state.value,
                spec=dict(resource.spec),
                owner=self._lease.id,
                attempted_at=moment,
                anchor=row.anchor if is_again else slack_time,
                retry_at=now + timedelta(seconds=self._limits.call + 1),
            )
        return replace(row, owner=self._lease.id, attempted_at=moment)

    def _update(self, row: ResourceRow, resource: Resource) -> JSON | None:
        """Make what exists show the spec and return its reference; None if a new one has to be created."""
        if resource.update is None:
            return row.ref
        try:
            return {**row.ref, **resource.update(row.ref)}
        except UserError as exc:
            if exc.code not in (GONE, UNCHANGEABLE):
                raise
            log.info("resource.replaced", key=row.key, reason=exc.code)
            return None

    def _forget(self, row: ResourceRow) -> ResourceRow:
        """Return the row without its reference, as for the first attempt; that attempt is announced."""
        state = ResourceState.ATTEMPTING.value
        with self._store.write() as tx:
            self._lease.check(tx)
            if not rows.change_attempt(tx, row, ref={}, state=state, anchor=self._slack_time()):
                raise RetryLater(deadline.TOO_LATE, maybe_done=False)
        return replace(row, ref={}, state=ResourceState.PENDING)

    def _create(self, row: ResourceRow, resource: Resource) -> tuple[JSON, JSON | None]:
        """Create or find what does not exist; return the reference and the spec that it shows."""
        if row.state is ResourceState.ATTEMPTING and resource.find is not None:
            found = _find(resource.find, row.anchor)
            if found is not None:
                log.info("resource.found", key=row.key)
                # Found by its key; it may show an older spec.
                return found, None if resource.update else resource.spec
        return resource.create(), resource.spec

    def _done(
        self, row: ResourceRow, resource: Resource, ref: JSON, applied: JSON | None
    ) -> EnsureResult | None:
        """Record the result; return how things stand where a later attempt has begun meanwhile."""
        with self._store.write() as tx:
            now = self._now()
            current = rows.get(tx, row.key, lock=True)
            if current is None:
                raise LookupError(row.key)
            # Meanwhile others may have wanted other values, and left this attempt alone.
            is_behind = applied is not None and current.spec != applied
            if not rows.change_attempt(
                tx,
                row,
                state=ResourceState.DONE.value,
                ref=dict(ref),
                applied_spec=None if applied is None else dict(applied),
                rendering=resource.rendering,
                error="",
                attempts=0,
                retry_at=now if is_behind else None,
                owner=None,
                attempted_at=None,
            ):
                return _superseded(current)
            if resource.record is not None:
                resource.record(tx, ref)
            # What fails for the same reason elsewhere may succeed now, too.
            rows.make_due(tx, now, kind=resource.kind)
        return None

    def _wait(self, row: ResourceRow, exc: RetryLater) -> EnsureResult:
        """Record that the attempt failed this time; without an answer it may still take effect.

        What an earlier attempt without an answer created may have been searched for too early, so the next
        attempt searches for it again.
        """
        maybe_exists = exc.maybe_done or row.state is ResourceState.ATTEMPTING
        is_unknown = maybe_exists and not row.ref
        state = ResourceState.ATTEMPTING if is_unknown else ResourceState.PENDING
        attempts, is_early = self._counted(row)
        pause = min(timedelta(seconds=exc.after) * 2 ** min(attempts, 8), LONGEST_WAIT)
        pause = max(pause, timedelta(seconds=exc.after))
        values: dict[str, object] = {}
        if not exc.maybe_done:
            values = {"owner": None, "attempted_at": None}
        values["state"] = state.value
        log.warning("resource.retry", key=row.key, error=str(exc))
        if later := self._failed(row, str(exc), pause, attempts, is_early, **values):
            return later
        return EnsureResult(state=state, ref=row.ref, error=str(exc))

    def _fail(self, row: ResourceRow, exc: UserError | NeedsHuman) -> EnsureResult:
        needs_human = isinstance(exc, NeedsHuman)
        state = ResourceState.NEEDS_HUMAN if needs_human else ResourceState.FAILED
        attempts, is_early = self._counted(row)
        pause = None
        if not needs_human:
            pause = min(REPAIR_AFTER * 2 ** min(attempts - 1, 8), LONGEST_REPAIR)
        log.warning("resource.failed", key=row.key, error=str(exc))
        values = {"state": state.value, "owner": None, "attempted_at": None}
        if later := self._failed(row, str(exc), pause, attempts, is_early, **values):
            return later
        return EnsureResult(state=state, ref=row.ref, error=str(exc))

    def _counted(self, row: ResourceRow) -> tuple[int, bool]:
        """How many attempts were made when due, and whether this one came before it was due.

        People's acts make an attempt early. It counts as none, or a busy channel would soon wait for hours.
        """
        is_early = row.attempts > 0 and row.retry_at is not None and row.retry_at > self._now()
        return max(row.attempts + (not is_early), 1), is_early

    def _failed(
        self,
        row: ResourceRow,
        error: str,
        pause: timedelta | None,
        attempts: int,
        is_early: bool,
        **values: object,
    ) -> EnsureResult | None:
        """Record a failure; return how things stand where a later attempt has begun meanwhile."""
        due = None if pause is None else self._now() + pause
        if is_early and due is not None and row.retry_at is not None:
            due = min(due, row.retry_at)
        with self._store.write() as tx:
            values |= {"error": error, "attempts": attempts, "retry_at": due}
            if rows.change_attempt(tx, row, **values):
                return None
            current = rows.get(tx, row.key)
        return _superseded(current or row)


def _superseded(row: ResourceRow) -> EnsureResult:
    """How things stand for an attempt that ended after another one had begun."""
    return EnsureResult(state=row.state, ref=row.ref, error=row.error, is_busy=True)


def _age(row: ResourceRow, now: datetime) -> float:
    """Seconds since the last attempt began."""
    return (now - row.attempted_at).total_seconds() if row.attempted_at else 0.0


def _find(find: Callable[[datetime | None], JSON | None], since: datetime | None) -> JSON | None:
    """Return what an earlier attempt created, or None. An attempt that cannot look must not repeat.

    Raises:
        RetryLater: nothing could be read, so the earlier attempt may still have succeeded.
    """
    try:
        return find(since)
    except UserError as exc:
        raise RetryLater(str(exc), after=REPAIR_AFTER.total_seconds()) from exc
    except RetryLater as exc:
        raise RetryLater(str(exc), after=exc.after) from exc
