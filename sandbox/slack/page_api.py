"""The endpoints under /_sandbox that the page in the browser uses."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.clock import ClockError, SandboxClock
from sandbox.outages import Outage, OutageError
from sandbox.slack.actions import perform
from sandbox.slack.deliveries import Outbox
from sandbox.slack.parts import Parts
from sandbox.slack.person import Person
from sandbox.slack.picture import picture
from sandbox.slack.values import Json, PersonError
from sandbox.slack.workspace import Workspace

HubsReader = Callable[[], Sequence[Mapping[str, Any]]]
ReportsReader = Callable[[], Sequence[Mapping[str, str]]]


@dataclass(kw_only=True)
class Extras:
    """Optional parts of the page; None or empty if not attached."""

    hubs: HubsReader | None = None
    reports: ReportsReader | None = None
    outages: list[Outage] = field(default_factory=list)
    clock: SandboxClock | None = None


class PageApi:
    """The page's reads and actions. Blocking verbs run in a thread pool, not on the loop."""

    def __init__(self, parts: Parts, outbox: Outbox, extras: Extras) -> None:
        self._parts = parts
        self._outbox = outbox
        self._extras = extras
        self._watchers: set[asyncio.Event] = set()

    @property
    def _workspace(self) -> Workspace:
        return self._parts.workspace

    def routes(self) -> list[BaseRoute]:
        """All endpoints, to be mounted at the root."""
        return [
            Route("/_sandbox/state", self._state),
            Route("/_sandbox/act", self._act, methods=["POST"]),
            Route("/_sandbox/files/{id}/{name}", self._file),
            Route("/_sandbox/hubs", self._hubs),
            Route("/_sandbox/outages", self._outages),
            Route("/_sandbox/outages/{id}", self._outage, methods=["POST"]),
            Route("/_sandbox/reports", self._reports),
            Route("/_sandbox/clock", self._move_clock, methods=["POST"]),
            WebSocketRoute("/_sandbox/live", self._live),
        ]

    def changed(self) -> None:
        """Notify every open page of a change. Call on the loop only."""
        for watcher in self._watchers:
            watcher.set()

    def _person(self, user_id: object) -> Person:
        user = self._workspace.find_user(str(user_id or ""))
        if user is None or user.is_bot:
            people = [user for user in self._workspace.users.values() if not user.is_bot]
            if user_id:
                raise PersonError("Nobody in this workspace has that id.")
            user = people[0]
        return Person(self._parts, user.id)

    async def _state(self, request: Request) -> Response:
        with self._workspace.lock:
            try:
                person = self._person(request.query_params.get("as"))
            except PersonError as error:
                return refused(str(error))
            clock = self._extras.clock
            ahead = None if clock is None else clock.ahead.total_seconds()
            return JSONResponse({**picture(person, self._outbox), "clock_ahead": ahead})

    async def _act(self, request: Request) -> Response:
        body = await body_of(request)
        try:
            person = self._person(body.get("as"))
            result = await run_in_threadpool(perform, person, str(body.get("verb")), body)
        except PersonError as error:
            return refused(str(error))
        return JSONResponse({"ok": True, **result})

    async def _live(self, websocket: WebSocket) -> None:
        await websocket.accept()
        watcher = asyncio.Event()
        watcher.set()
        self._watchers.add(watcher)
        reader = asyncio.create_task(_until_gone(websocket))
        reader.add_done_callback(lambda _: watcher.set())
        try:
            while True:
                await watcher.wait()
                watcher.clear()
                if reader.done():
                    return
                await websocket.send_text(json.dumps({"version": self._workspace.version}))
        except (WebSocketDisconnect, RuntimeError):
            pass  # The page was closed.
        finally:
            reader.cancel()
            self._watchers.discard(watcher)

    async def _file(self, request: Request) -> Response:
        file = self._workspace.files.get(str(request.path_params["id"]))
        if file is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        # A practice file must not run as a page of this origin.
        headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
        return Response(file.content, media_type=file.mimetype, headers=headers)

    async def _hubs(self, request: Request) -> Response:
        reader = self._extras.hubs
        if reader is None:
            return JSONResponse({"ok": False, "error": "No hub is attached."}, HTTPStatus.NOT_FOUND)
        return await _read(lambda: {"hubs": list(reader())})

    async def _reports(self, request: Request) -> Response:
        reader = self._extras.reports
        if reader is None:
            return JSONResponse({"reports": []})
        return await _read(lambda: {"reports": list(reader())})

    async def _outages(self, request: Request) -> Response:
        return JSONResponse({"outages": [outage.view() for outage in self._extras.outages]})

    async def _outage(self, request: Request) -> Response:
        wanted = str(request.path_params["id"])
        outage = next((item for item in self._extras.outages if item.id == wanted), None)
        if outage is None:
            return refused("There is no such outage.")
        chosen = {name: str(value) for name, value in (await body_of(request)).items()}
        return await _read(lambda: {"ok": True, "said": outage.run(chosen)})

    async def _move_clock(self, request: Request) -> Response:
        clock = self._extras.clock
        if clock is None:
            return refused("This sandbox has no clock to move.")
        body = await body_of(request)
        try:
            clock.move_on(timedelta(seconds=float(body.get("seconds", 0))))
        except ClockError as error:
            return refused(str(error))
        except (TypeError, ValueError, OverflowError):
            return refused("Say by how many seconds.")
        self._workspace.touch()
        return JSONResponse({"ok": True})


async def _until_gone(websocket: WebSocket) -> None:
    async for _ in websocket.iter_text():
        pass  # The page sends nothing on this socket; reading detects its close.


async def body_of(request: Request) -> Json:
    """Returns the JSON object sent, or an empty one."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def _read(attached: Callable[[], Json]) -> Response:
    try:
        return JSONResponse(await run_in_threadpool(attached))
    except OutageError as error:
        return refused(str(error))
    except Exception as error:  # noqa: BLE001 - attached code may raise anything; the page shows it
        return refused(f"{type(error).__name__}: {error}")


def refused(sentence: str) -> JSONResponse:
    """Returns an error response with a one-sentence reason."""
    return JSONResponse({"ok": False, "error": sentence})
