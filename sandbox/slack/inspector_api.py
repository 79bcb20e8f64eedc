"""The endpoints of the page's tester panels: traffic and faults."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.errors import SandboxError
from sandbox.fault_board import FaultBoard
from sandbox.slack.page_api import body_of, refused
from sandbox.traffic import Traffic


class InspectorApi:
    """Reads and actions of the panels. Each error is one sentence."""

    def __init__(self, traffic: Traffic, board: FaultBoard) -> None:
        self._traffic = traffic
        self._board = board

    def routes(self) -> list[BaseRoute]:
        """All endpoints, to be mounted at the root."""
        return [
            Route("/_sandbox/traffic", self._since),
            Route("/_sandbox/traffic/{id:int}", self._details),
            Route("/_sandbox/faults", self._faults),
            Route("/_sandbox/faults/{verb}", self._do, methods=["POST"]),
        ]

    async def _since(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        return JSONResponse(self._traffic.since(int(after) if after.isdecimal() else 0))

    async def _details(self, request: Request) -> Response:
        found = self._traffic.details(int(request.path_params["id"]))
        return JSONResponse(found or {"ok": False, "error": "This is forgotten by now."})

    async def _faults(self, request: Request) -> Response:
        return JSONResponse(self._board.view())

    async def _do(self, request: Request) -> Response:
        body = await body_of(request)
        board = self._board
        verbs: dict[str, Callable[[], str]] = {
            "press": lambda: board.press(str(body.get("id")), _texts(body.get("params"))),
            "take_away": lambda: board.take_away(str(body.get("id"))),
            "heal": board.heal,
        }
        verb = verbs.get(str(request.path_params["verb"]))
        if verb is None:
            return refused("There is nothing of the kind to do.")
        try:
            # Some actions wait for the loop that runs this.
            said = await run_in_threadpool(verb)
        except SandboxError as error:
            return refused(str(error))
        return JSONResponse({"ok": True, "said": said})


def _texts(params: object) -> dict[str, str]:
    if not isinstance(params, dict):
        return {}
    return {str(key): str(value) for key, value in params.items()}
