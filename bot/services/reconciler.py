"""Doing one thing outside, exactly once as far as the outside world lets us.

An effect has a key and what is wanted of it. The row says ``attempting`` before the call goes out, so
after a kill or a lost answer the next try looks for what the last one may have done, before it repeats
it. What was made before and is wanted differently now is changed in place, which may be repeated freely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import structlog

from bot.errors import NeedsHuman, RetryLater, UserError
from bot.ports import JSON, Clock
from bot.store import effects as rows
from bot.store.effects import Effect, EffectState
from bot.store.engine import Store

REPAIR_AFTER = timedelta(minutes=10)
LONGEST_REPAIR = timedelta(hours=12)
LONGEST_WAIT = timedelta(minutes=5)
GONE = "gone"
"""The code of a :class:`UserError` that says: what is to be changed is not there any more."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class EnsureResult:
    """How an attempt went. ``error`` is one sentence for a person where it is not done."""

    state: EffectState
    ref: JSON = field(default_factory=lambda: MappingProxyType({}))
    error: str = ""

    @property
    def done(self) -> bool:
        """What is wanted is so."""
        return self.state is EffectState.DONE


class Reconciler:
    """The one way to act on the outside world."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now

    def ensure(
        self,
        key: str,
        *,
        incident_id: str,
        want: JSON,
        make: Callable[[], JSON],
        look: Callable[[], JSON | None] | None = None,
        change: Callable[[JSON], JSON] | None = None,
    ) -> EnsureResult:
        """Bring about what is wanted, unless it is so already or waits for a human.

        ``make`` does it for the first time and returns how to find it again. ``look`` finds what an
        unanswered ``make`` may have done; without it ``make`` must be harmless to repeat. ``change``
        turns what the reference points to into what is wanted now; without it, it stays as made.
        """
        want = dict(want)
        effect = self._want(key, incident_id, want)
        if effect.state is EffectState.DONE and effect.done_want == want:
            return EnsureResult(state=EffectState.DONE, ref=effect.ref)
        if effect.state is EffectState.UNCLEAR:
            return EnsureResult(state=effect.state, ref=effect.ref, error=effect.error)
        try:
            ref, did = self._bring_about(effect, want, make, look, change)
        except RetryLater as exc:
            return self._wait(effect, exc)
        except (UserError, NeedsHuman) as exc:
            return self._fail(effect, exc)
        with self._store.write() as tx:
            rows.change(
                tx,
                key,
                state=EffectState.DONE.value,
                ref=dict(ref),
                done_want=did,
                error="",
                retry_at=None,
            )
        if did != want:
            return self.ensure(
                key, incident_id=incident_id, want=want, make=make, look=look, change=change
            )
        return EnsureResult(state=EffectState.DONE, ref=ref)

    def _bring_about(
        self,
        effect: Effect,
        want: Mapping[str, Any],
        make: Callable[[], JSON],
        look: Callable[[], JSON | None] | None,
        change: Callable[[JSON], JSON] | None,
    ) -> tuple[JSON, Mapping[str, Any]]:
        """Do it; return the reference and what of ``want`` is so now."""
        if effect.ref:
            if change is None:
                return effect.ref, want
            try:
                return {**effect.ref, **change(effect.ref)}, want
            except UserError as exc:
                if exc.code != GONE:
                    raise
        elif effect.state is EffectState.ATTEMPTING and look is not None:
            try:
                found = look()
            except UserError as exc:
                # Not being allowed to look does not make it safe to repeat.
                raise RetryLater(str(exc), after=REPAIR_AFTER.total_seconds()) from exc
            except RetryLater as exc:
                # Nothing came of looking, but the attempt before may have taken effect all the same.
                raise RetryLater(str(exc), after=exc.after) from exc
            if found is not None:
                log.info("effect.found", key=effect.key)
                # Found by its key; what it says may be older than what is wanted by now.
                return found, {} if change else want
        with self._store.write() as tx:
            rows.change(
                tx,
                effect.key,
                state=EffectState.ATTEMPTING.value,
                attempts=effect.attempts + 1,
                ref={},
                retry_at=self._now() + timedelta(minutes=1),
            )
        return make(), want

    def _want(self, key: str, incident_id: str, want: Mapping[str, Any]) -> Effect:
        with self._store.write() as tx:
            rows.want(tx, key, incident_id=incident_id, want=want, now=self._now())
            effect = rows.get(tx, key, lock=True)
            if effect is None:
                raise LookupError(key)
            if effect.want != want:
                rows.change(tx, key, want=want)
        return effect

    def _wait(self, effect: Effect, exc: RetryLater) -> EnsureResult:
        state = EffectState.ATTEMPTING if exc.maybe_done else EffectState.WANTED
        with self._store.write() as tx:
            now = rows.get(tx, effect.key)
            tries = now.attempts if now else effect.attempts
            pause = min(timedelta(seconds=exc.after) * 2 ** min(tries, 8), LONGEST_WAIT)
            pause = max(pause, timedelta(seconds=exc.after))
            if now and now.ref:
                state = EffectState.WANTED  # a change of what is there may be repeated freely
            rows.change(
                tx,
                effect.key,
                state=state.value,
                error=str(exc),
                retry_at=self._now() + pause,
                attempts=max(tries, effect.attempts + 1),
            )
        log.warning("effect.retry", key=effect.key, error=str(exc))
        return EnsureResult(state=state, ref=effect.ref, error=str(exc))

    def _fail(self, effect: Effect, exc: UserError | NeedsHuman) -> EnsureResult:
        state = EffectState.UNCLEAR if isinstance(exc, NeedsHuman) else EffectState.FAILED
        with self._store.write() as tx:
            now = rows.get(tx, effect.key)
            tries = max(now.attempts if now else 0, effect.attempts + 1)
            pause = min(REPAIR_AFTER * 2 ** min(tries - 1, 8), LONGEST_REPAIR)
            rows.change(
                tx,
                effect.key,
                state=state.value,
                error=str(exc),
                attempts=tries,
                retry_at=None if isinstance(exc, NeedsHuman) else self._now() + pause,
            )
        log.warning("effect.failed", key=effect.key, error=str(exc))
        return EnsureResult(state=state, ref=effect.ref, error=str(exc))
