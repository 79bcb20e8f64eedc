"""One limit for a whole request, whatever library sends it.

HTTP libraries limit each wait of a request separately. A server that sends a byte every few seconds, a name
with many addresses or a slow resolver never exceeds such a limit. And a process that was suspended may send
a request long after it decided to. So a request runs in a thread of its own, nobody waits for that thread
after the limit, and the connection checks the limit just before it sends.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from bot import deadline

LONGEST_IDLE = 30.0
"""Seconds after which a kept connection is not used again: firewalls forget idle connections silently."""

THREAD_NAME = "request"

MOST_HANGING = 50
"""So many requests to one party may hang beyond their limit, for example in its name's resolution. Until they
end, no further one begins, so that their threads don't pile up."""

MOST_BYTES = 32 * 1024 * 1024
"""An answer is at most so large: a page of 500 pods has 5 MB or so. Without a limit one party that sends
without end fills the memory within seconds."""

_hanging: Counter[str] = Counter()
_hanging_guard = threading.Lock()

T = TypeVar("T")


class OutOfTime(Exception):
    """A request did not end within its limit. ``sent`` says whether any part of it was sent."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("The request did not end within its limit.")
        self.sent = sent


class BoundedRequest:
    """A request that takes at most ``limit`` seconds, from now on, and ends as :mod:`bot.deadline` says.

    ``party`` is who is asked; at most :data:`MOST_HANGING` requests to it hang at a time.

    Raises:
        RetryLater: it may not begin any more.
    """

    def __init__(self, limit: float, *, writes: bool, party: str = "") -> None:
        self._ends_at = deadline.ends_at(limit, writes=writes)
        self._party = party
        self._hangs = False
        self._guard = threading.Lock()
        self._socket: Any = None
        self._is_over = False
        self.sent = False
        """Whether any part of it was sent."""

    def run(self, send: Callable[[], T]) -> T:
        """Return the result of ``send``, which runs in another thread.

        Raises:
            OutOfTime: it did not end in time. It sends nothing more, and its connection is shut down.
        """
        if self._party and _hanging[self._party] >= MOST_HANGING:
            raise OutOfTime(sent=False)
        answer: Future[T] = Future()

        def work() -> None:
            _current.set(self)
            try:
                answer.set_result(send())
            except BaseException as error:  # noqa: BLE001 - raised by result() below
                answer.set_exception(error)
            with _hanging_guard:
                _hanging[self._party] -= self._hangs

        threading.Thread(
            target=copy_context().run, args=(work,), name=THREAD_NAME, daemon=True
        ).start()
        wait([answer], self._ends_at - time.monotonic())
        with _hanging_guard:
            self._hangs = not answer.done()
            _hanging[self._party] += self._hangs
        if self._hangs:
            self._abort()
            raise OutOfTime(sent=self.sent)
        return answer.result()

    def uses(self, connection: Any) -> None:
        """Note the socket, so that it is shut down at the limit."""
        with self._guard:
            self._socket = connection
            if self._is_over:
                self._shut_down()

    def sending(self) -> None:
        """Note that a part is about to be sent.

        Raises:
            OutOfTime: the limit is over.
        """
        with self._guard:
            if self._is_over or time.monotonic() >= self._ends_at:
                self._is_over = True
                raise OutOfTime(sent=self.sent)
            self.sent = True

    def _abort(self) -> None:
        with self._guard:
            self._is_over = True
            self._shut_down()

    def _shut_down(self) -> None:
        """Shut the connection down, so that the reading thread gets an error."""
        if self._socket is not None:
            # SSLSocket.shutdown removes the TLS state that the reading thread still uses. The socket of
            # TLS within TLS has no shutdown: its thread waits on, but sends nothing.
            with contextlib.suppress(OSError, TypeError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_current: ContextVar[BoundedRequest | None] = ContextVar("bounded_request", default=None)


class _Connection(HTTPConnection):
    """A connection of urllib3 that sends nothing after the limit of the current request."""

    _used_at = 0.0

    def send(self, data: Any) -> None:
        """Send a part of the request, unless its limit is over."""
        if self.sock is None:
            self.connect()
        request = _current.get()
        if request is not None:
            request.uses(self.sock)
            request.sending()
        self._used_at = time.monotonic()
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again."""
        return time.monotonic() - self._used_at < LONGEST_IDLE and super().is_connected


class _TLSConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


def bind(manager: urllib3.PoolManager) -> None:
    """Make the manager's connections obey the limit of the request that they are used for."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
