"""Whether mayday works, for whoever restarts it when it does not.

A socket can be dead while the process looks well, so liveness asks for the connection to Slack, for the
clock and for the database, and fails when one of them does not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], str]
"""Returns what is wrong in one sentence, or nothing."""


def routes(checks: Mapping[str, Check]) -> list[Route]:
    """``/healthz``: 200 when every check is well, else 503 with what is wrong."""

    def healthz(_request: Request) -> Response:
        wrong = {name: problem for name, check in checks.items() if (problem := check())}
        return JSONResponse({"ok": not wrong, "wrong": wrong}, status_code=503 if wrong else 200)

    return [Route("/healthz", healthz)]
