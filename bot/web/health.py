"""The health endpoints: ``/livez`` says whether to restart mayday, ``/readyz`` whether it can serve.

A running process may have a dead socket, so the checks look at the connection to Slack, the clock and the
database. Answers have the names of checks and mayday's own sentences, and no address or error of a system.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.domain.access import Sender, answers

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
    limited = {name: _Limited(_without_error(name, check)) for name, check in ready.items()}

    async def livez(_request: Request) -> Response:
        return _answer({name: check() for name, check in in_memory.items()})

    async def readyz(_request: Request) -> Response:
        problems = await asyncio.gather(*(check.problem() for check in limited.values()))
        return _answer(dict(zip(limited, problems, strict=True)))

    handlers = {"/livez": livez, "/readyz": readyz, "/healthz": readyz}
    # Nobody has to prove who they are, so the decision is the same for every request.
    return [Route(path, get) for path, get in handlers.items() if answers(path, Sender.ANYBODY)]


def _answer(problems: Mapping[str, str]) -> Response:
    wrong = {name: problem for name, problem in problems.items() if problem}
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
    """A check with a time limit. Probes that come while it runs wait for the same call.

    A call has its own thread, so that no other request can take its place.
    """

    def __init__(self, check: Check) -> None:
        self._check = check
        self._call: Future[str] | None = None

    async def problem(self) -> str:
        """Return the problem, also where the check takes too long."""
        if self._call is None or self._call.done():
            self._call = Future()
            threading.Thread(
                target=self._run, args=(self._call,), name="health", daemon=True
            ).start()
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._call)), LIMIT)
        except TimeoutError:
            return NO_ANSWER

    def _run(self, call: Future[str]) -> None:
        call.set_result(self._check())


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
