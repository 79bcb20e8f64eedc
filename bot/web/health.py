"""The health endpoints: ``/livez`` says whether to restart mayday, ``/readyz`` whether it can serve.

A running process may have a dead socket, so the checks look at the connection to Slack, the clock and the
database. Answers have the names of checks and mayday's own sentences, and no address or error of a system.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], str]
"""Returns the problem as one sentence, or an empty string."""

LIMIT = 3.0
"""Seconds that a check may take, less than the time limit of a probe."""

NO_ANSWER = "The check takes too long."
FAILED = "The check failed; mayday's log has the error."

log = structlog.get_logger()


def routes(*, live: Mapping[str, Check], ready: Mapping[str, Check]) -> list[Route]:
    """Return ``/livez``, ``/readyz`` and ``/healthz``: 200, or 503 with the problems.

    ``live`` are checks for what a restart cures; they answer from memory. ``ready`` may ask the database.
    ``/healthz`` is the earlier name of ``/readyz``.
    """
    in_memory = {name: _without_error(name, check) for name, check in live.items()}
    limited = {name: _Limited(_without_error(name, check)).problem for name, check in ready.items()}

    async def livez(_request: Request) -> Response:
        # Outside the pool of threads, which other requests may have filled.
        return _answer(in_memory)

    def readyz(_request: Request) -> Response:
        return _answer(limited)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/healthz", readyz)]


def _answer(checks: Mapping[str, Check]) -> Response:
    wrong = {name: problem for name, check in checks.items() if (problem := check())}
    return JSONResponse({"ok": not wrong, "wrong": wrong}, status_code=503 if wrong else 200)


def _without_error(name: str, check: Check) -> Check:
    """Return a check that logs an error instead of raising it."""

    def problem() -> str:
        try:
            return check()
        except Exception:
            log.exception("health.check_failed", check=name)
            return FAILED

    return problem


class _Limited:
    """A check with a time limit. Probes that come while it runs wait for the same call."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._call: _Call | None = None

    def problem(self) -> str:
        with self._lock:
            if self._call is None or not self._call.is_alive():
                self._call = _Call(self._check)
                self._call.start()
            call = self._call
        call.join(LIMIT)
        return NO_ANSWER if call.is_alive() else call.said


class _Call(threading.Thread):
    """One call of a check, in a thread that doesn't keep the process from ending."""

    def __init__(self, check: Check) -> None:
        super().__init__(name="health", daemon=True)
        self._check = check
        self.said = ""

    def run(self) -> None:
        self.said = self._check()


class Lasting:
    """A problem that counts once it was seen at each look for ``seconds``; :meth:`look` is called often."""

    def __init__(
        self, check: Check, *, seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._check = check
        self._seconds = seconds
        self._now = now
        self._last_well = now()

    def look(self) -> str:
        """Return the problem, if there is one now."""
        problem = self._check()
        if not problem:
            self._last_well = self._now()
        return problem

    def problem(self) -> str:
        """Return the problem, if it has lasted that long."""
        problem = self.look()
        return problem if self._now() - self._last_well >= self._seconds else ""
