"""The health endpoint, for liveness probes.

A running process may have a dead socket, so the endpoint checks the connection to Slack, the clock and the
database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], str]
"""Returns the problem as one sentence, or an empty string."""


def routes(checks: Mapping[str, Check]) -> list[Route]:
    """Return the route ``/healthz``: 200 if every check passes, or else 503 with the problems."""

    def healthz(_request: Request) -> Response:
        wrong = {name: problem for name, check in checks.items() if (problem := check())}
        return JSONResponse({"ok": not wrong, "wrong": wrong}, status_code=503 if wrong else 200)

    return [Route("/healthz", healthz)]
