"""Brings one resource outside in step with its spec, and never creates it twice.

The row says ``attempting`` before the call that creates a resource, so after a kill or a lost answer
the next attempt looks for the resource before it creates it again. What exists is updated in place,
which is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

import structlog

from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.errors import NeedsHuman, RetryLater, UserError
from bot.ports import JSON, Clock
from bot.render.renderings import RENDERINGS
from bot.store import resources as rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow

ATTEMPT_LASTS = timedelta(minutes=1)
"""When an attempt is due again whose end nobody recorded."""
REPAIR_AFTER = timedelta(minutes=10)
LONGEST_REPAIR = timedelta(hours=12)
LONGEST_WAIT = timedelta(minutes=5)
GONE = "gone"
"""The code of a :class:`UserError` that says: what is to be updated does not exist any more."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One thing outside and the values that it must show, with how to create, find and update it.

    ``spec`` is plain JSON. ``create`` returns how to find the resource again. ``find`` finds what an
    unanswered ``create`` may have made; without it ``create`` must be harmless to repeat. ``update``
    takes the reference, makes the resource show the spec and returns what changed of the reference;
    without it the resource stays as it was created.
    """

    incident_id: str
    kind: ResourceKind
    subject: str = ""
    spec: JSON
    create: Callable[[], JSON]
    find: Callable[[], JSON | None] | None = None
    update: Callable[[JSON], JSON] | None = None

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


@dataclass(frozen=True, kw_only=True)
class EnsureResult:
    """How an attempt ended. ``error`` is one sentence for a person where it is not done."""

    state: ResourceState
    ref: JSON = field(default_factory=lambda: MappingProxyType({}))
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether the outside shows the spec."""
        return self.state is ResourceState.DONE


class Reconciler:
    """Ensures resources, one at a time."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now

    def ensure(self, resource: Resource) -> EnsureResult:
        """Create or update the resource unless it shows its spec already or needs a person."""
        row = self._stored(resource)
        if resource.is_shown(row):
            return EnsureResult(state=ResourceState.DONE, ref=row.ref)
        if row.state is ResourceState.NEEDS_HUMAN:
            return EnsureResult(state=row.state, ref=row.ref, error=row.error)
        try:
            ref, applied = self._apply(row, resource)
        except RetryLater as exc:
            return self._wait(row, exc)
        except (UserError, NeedsHuman) as exc:
            return self._fail(row, exc)
        with self._store.write() as tx:
            rows.change(
                tx,
                row.key,
                state=ResourceState.DONE.value,
                ref=dict(ref),
                applied_spec=None if applied is None else dict(applied),
                rendering=resource.rendering,
                error="",
                retry_at=None,
            )
        if applied != resource.spec:
            return self.ensure(resource)
        return EnsureResult(state=ResourceState.DONE, ref=ref)

    def _apply(self, row: ResourceRow, resource: Resource) -> tuple[JSON, JSON | None]:
        """Make the outside show the spec; return the reference and the spec that it shows now."""
        if row.ref:
            if resource.update is None:
                return row.ref, resource.spec
            try:
                return {**row.ref, **resource.update(row.ref)}, resource.spec
            except UserError as exc:
                if exc.code != GONE:
                    raise
        elif row.state is ResourceState.ATTEMPTING and resource.find is not None:
            found = _find(resource.find)
            if found is not None:
                log.info("resource.found", key=row.key)
                # Found by its key; it may show an older spec.
                return found, None if resource.update else resource.spec
        with self._store.write() as tx:
            rows.change(
                tx,
                row.key,
                state=ResourceState.ATTEMPTING.value,
                attempts=row.attempts + 1,
                ref={},
                retry_at=self._now() + ATTEMPT_LASTS,
            )
        return resource.create(), resource.spec

    def _stored(self, resource: Resource) -> ResourceRow:
        spec = resource.spec
        with self._store.write() as tx:
            rows.add(
                tx,
                resource.incident_id,
                resource.kind,
                resource.subject,
                spec=spec,
                now=self._now(),
            )
            row = rows.get(tx, resource.key, lock=True)
            if row is None:
                raise LookupError(resource.key)
            if row.spec != spec:
                rows.change(tx, row.key, spec=dict(spec))
        return row

    def _wait(self, row: ResourceRow, exc: RetryLater) -> EnsureResult:
        state = ResourceState.ATTEMPTING if exc.maybe_done else ResourceState.PENDING
        with self._store.write() as tx:
            now = rows.get(tx, row.key)
            attempts = now.attempts if now else row.attempts
            pause = min(timedelta(seconds=exc.after) * 2 ** min(attempts, 8), LONGEST_WAIT)
            pause = max(pause, timedelta(seconds=exc.after))
            if now and now.ref:
                state = ResourceState.PENDING  # an update of what exists is safe to repeat
            rows.change(
                tx,
                row.key,
                state=state.value,
                error=str(exc),
                retry_at=self._now() + pause,
                attempts=max(attempts, row.attempts + 1),
            )
        log.warning("resource.retry", key=row.key, error=str(exc))
        return EnsureResult(state=state, ref=row.ref, error=str(exc))

    def _fail(self, row: ResourceRow, exc: UserError | NeedsHuman) -> EnsureResult:
        needs_human = isinstance(exc, NeedsHuman)
        state = ResourceState.NEEDS_HUMAN if needs_human else ResourceState.FAILED
        with self._store.write() as tx:
            now = rows.get(tx, row.key)
            attempts = max(now.attempts if now else 0, row.attempts + 1)
            pause = min(REPAIR_AFTER * 2 ** min(attempts - 1, 8), LONGEST_REPAIR)
            rows.change(
                tx,
                row.key,
                state=state.value,
                error=str(exc),
                attempts=attempts,
                retry_at=None if needs_human else self._now() + pause,
            )
        log.warning("resource.failed", key=row.key, error=str(exc))
        return EnsureResult(state=state, ref=row.ref, error=str(exc))


def _find(find: Callable[[], JSON | None]) -> JSON | None:
    """Return what an earlier attempt created, or None. An attempt that cannot look must not repeat.

    Raises:
        RetryLater: nothing could be read, so the earlier attempt may still have succeeded.
    """
    try:
        return find()
    except UserError as exc:
        raise RetryLater(str(exc), after=REPAIR_AFTER.total_seconds()) from exc
    except RetryLater as exc:
        raise RetryLater(str(exc), after=exc.after) from exc
