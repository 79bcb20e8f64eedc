"""Read from several systems side by side, within the patience of the caller.

Each party has threads of its own, so one that hangs holds up no other. Every request ends with the caller's
patience (:func:`bot.deadline.patience`), and so do the threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from contextvars import copy_context
from enum import Enum
from types import TracebackType
from typing import Generic, TypeVar

import structlog

from bot import deadline
from bot.domain.evidence import Fact, Known, Unknown, View
from bot.errors import RetryLater, UserError

T = TypeVar("T")
Read = TypeVar("Read", covariant=True)

LATE = "{party} did not answer within {seconds:.1f} s."
NOT_UNDERSTOOD = "{party} was not understood ({error}): mayday's log has the details."

log = structlog.get_logger()


class Party(Enum):
    """A system that is read, with the number of its threads: 25 requests at most are under way."""

    HUB = ("The hub", 8)
    CLUSTER = ("The cluster", 16)
    FORGE = ("GitHub", 1)

    @property
    def shown(self) -> str:
        """The name at the beginning of a sentence."""
        return self.value[0]

    @property
    def threads(self) -> int:
        """How many requests to it may be under way."""
        return self.value[1]


class Pending(Generic[Read]):
    """A value that is being read."""

    def __init__(self, answer: Future[Read], party: Party, began: float, seconds: float) -> None:
        self._answer = answer
        self._party = party
        self._began = began
        self._seconds = seconds

    def is_late(self, share: float) -> bool:
        """Wait until this share of the patience is over, and return whether there is still no answer."""
        self._wait(share)
        return not self._answer.done()

    def fact(self, share: float = 1.0) -> Fact[Read]:
        """Return the value, or why it is unknown when this share of the patience is over."""
        self._wait(share)
        if not self._answer.done():
            return Unknown(why=self._late)
        try:
            return Known(value=self._answer.result())
        except (UserError, RetryLater) as error:
            return Unknown(why=str(error))
        except Exception as error:
            # One answer that nobody thought of must not cost all others.
            log.exception("reading.failed", party=self._party.name.lower())
            said = NOT_UNDERSTOOD.format(party=self._party.shown, error=type(error).__name__)
            return Unknown(why=said)

    @property
    def _late(self) -> str:
        waited = time.monotonic() - self._began
        return LATE.format(party=self._party.shown, seconds=waited)

    def _wait(self, share: float) -> None:
        left = self._began + self._seconds * share - time.monotonic()
        try:
            # Without a limit for all, each request has its own.
            self._answer.exception(None if left == float("inf") else max(left, 0))
        except LateError:
            return


def view(pending: Pending[Sequence[T]], share: float = 1.0) -> View[T]:
    """Return a list as a view that is unread if it could not be read in time."""
    found = pending.fact(share)
    return View.unread(found.why) if isinstance(found, Unknown) else View(items=tuple(found.value))


class SideBySide:
    """Reads with a few threads for each party. The end of its ``with`` statement waits for nothing."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._seconds = deadline.left(writes=False)
        self._pools = {
            party: ThreadPoolExecutor(party.threads, thread_name_prefix="reading")
            for party in Party
        }

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def start(self, party: Party, read: Callable[[], T]) -> Pending[T]:
        """Begin to read. The limits of the caller's thread apply."""
        answer = self._pools[party].submit(copy_context().run, read)
        return Pending(answer, party, self._began, self._seconds)
