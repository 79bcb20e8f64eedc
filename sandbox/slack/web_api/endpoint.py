"""Answers every Web API call: token, rate limits, faults, scope, answer, log.

A request to a response_url is handled as a call named `response_url`.
"""

import asyncio
import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import HARMLESS, Fault
from sandbox.own_words import System, own_words
from sandbox.rules import Direction, Faults, Passage, Strike
from sandbox.slack.values import Call, Json, SlackError
from sandbox.slack.web_api import METHODS
from sandbox.slack.web_api.context import Args, Context, Method, TokenKind
from sandbox.slack.web_api.rate_limits import RateLimits
from sandbox.traffic import Entry, Mood, Traffic, Way

RESPONSE_URL = "response_url"

_LOOK_AGAIN = 0.05
"""Seconds between checks whether a rule still holds a call."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """An HTTP answer before it is sent."""

    body: Json
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    plain: str = ""
    """The text to send instead of JSON."""


class WebApi:
    """Answers `/api/<method>` and response_urls. `cut` closes a client's connection by address."""

    def __init__(
        self,
        context: Context,
        faults: Faults,
        traffic: Traffic,
        cut: Callable[[tuple[str, int]], None],
    ) -> None:
        self._context = context
        self._faults = faults
        self._traffic = traffic
        self._cut = cut
        self.limits = RateLimits()
        self.enforce_limits = False
        self.revoked: set[str] = set()
        self.log: list[Call] = []

    async def serve(self, request: Request) -> Response:
        """The endpoint of the methods."""
        method = str(request.path_params["method"])
        values, token = await _read(request)

        def act() -> _Answer:
            return self._answer(method, values, token)

        return await self._pass(request, method, values, act, log=True)

    async def serve_url(self, request: Request) -> Response:
        """The endpoint of the response_urls."""
        key = str(request.path_params["key"])
        try:
            given = json.loads(await request.body())
        except ValueError:
            given = None
        body = given if isinstance(given, dict) else None
        return await self._pass(
            request, RESPONSE_URL, body or {}, lambda: self._at_url(key, body), log=False
        )

    def _at_url(self, key: str, body: Json | None) -> _Answer:
        try:
            self._context.urls.use(key, body)
        except SlackError as error:
            refusal = {"ok": False, "error": error.code, **error.extra}
            return _Answer(body=refusal, status=HTTPStatus.NOT_FOUND)
        return _Answer(body={"ok": True}, plain="ok")

    async def _pass(
        self, request: Request, method: str, values: Json, act: Callable[[], _Answer], *, log: bool
    ) -> Response:
        """Run a call under the fault rules."""
        entry = self._traffic.begin(System.SLACK, Way.CALL, method, asked=values)
        passage = Passage(direction=Direction.CALL, name=method, body=values)
        strike = self._faults.pass_through(passage)
        fault = strike.fault
        if fault.delay:
            await asyncio.sleep(fault.delay)
        answer = _changed(act() if fault.effect else None, fault)
        if log:
            self._note(method, values, answer, fault)
        if fault.hang:
            self._traffic.say(entry, "hangs", Mood.BAD, struck=True, ended=False)
            await _hold(request, strike)
        if (fault.hang or fault.drop) and request.client is not None:
            self._cut((request.client.host, request.client.port))
        text, kind = answer.plain or json.dumps(answer.body), "application/json"
        if fault.garbled is not None:
            text, kind = fault.garbled.body(text)
        self._trace(entry, answer, fault, text)
        date = format_datetime(self._context.workspace.now(), usegmt=True)
        return Response(text, answer.status, {**answer.headers, "Date": date}, kind)

    def _trace(self, entry: Entry, answer: _Answer, fault: Fault, text: str) -> None:
        struck = fault != HARMLESS
        if fault.hang or fault.drop:
            effect = "after" if fault.effect else "before"
            self._traffic.say(entry, f"cut {effect} the effect", Mood.BAD, struck=struck)
            return
        good = answer.status == HTTPStatus.OK and bool(answer.body.get("ok")) and not fault.garbled
        error = "" if answer.body.get("ok") else str(answer.body.get("error", ""))
        outcome = "ok" if good else " ".join(filter(None, [str(answer.status), error]))
        mood = Mood.GOOD if good else Mood.BAD
        self._traffic.say(entry, outcome, mood, answered=text, struck=struck)

    def _answer(self, method: str, values: Json, token: str) -> _Answer:
        context = self._context
        with context.workspace.lock:
            try:
                known = METHODS.get(method)
                if known is None:
                    raise SlackError("unknown_method", req_method=method)
                self._check_token(known, token)
                if self.enforce_limits:
                    wait = self.limits.wait(method, known.tier, values)
                    if wait:
                        return _Answer(
                            body={"ok": False, "error": "ratelimited"},
                            status=HTTPStatus.TOO_MANY_REQUESTS,
                            headers={"Retry-After": str(wait)},
                        )
                if known.scopes:
                    context.need(*known.scopes)
                body = {"ok": True, **known.handler(context, Args(values))}
            except SlackError as error:
                body = {"ok": False, "error": error.code, **error.extra}
            return _Answer(body=copy.deepcopy(body), headers=self._headers())

    def _headers(self) -> Mapping[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self._context.scopes))}

    def _check_token(self, method: Method, token: str) -> None:
        app = self._context.workspace.app
        if not token:
            raise SlackError("not_authed")
        if token in self.revoked:
            raise SlackError("token_revoked")
        if token not in (app.bot_token, app.app_token):
            raise SlackError("invalid_auth")
        wanted = app.bot_token if method.token is TokenKind.BOT else app.app_token
        if token != wanted:
            raise SlackError("not_allowed_token_type")

    def _note(self, method: str, values: Json, answer: _Answer, fault: Fault) -> None:
        workspace = self._context.workspace
        call = Call(
            method=method,
            args=values,
            at=workspace.now(),
            answer=answer.body,
            status=0 if fault.drop or fault.hang else answer.status,
        )
        with workspace.lock:
            self.log.append(call)
            workspace.changed.notify_all()


def _changed(real: _Answer | None, fault: Fault) -> _Answer:
    """Returns the answer after a fault. `real` is None if the call had no effect."""
    answer = real or _Answer(body={})
    if fault.answer is not None:
        answer = _Answer(body=dict(fault.answer))
    elif fault.status:
        answer = _Answer(body=own_words(System.SLACK, fault.status))
    return _Answer(
        body=answer.body,
        status=fault.status or answer.status,
        headers={**answer.headers, **fault.headers},
        plain=answer.plain,
    )


async def _hold(request: Request, strike: Strike) -> None:
    """Wait for rule removal or a disconnect."""
    while strike.stands() and not await request.is_disconnected():
        await asyncio.sleep(_LOOK_AGAIN)


async def _read(request: Request) -> tuple[Json, str]:
    """Returns the arguments and token of a call, from any supported place."""
    values: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            body = {}
        values |= body if isinstance(body, dict) else {}
    else:
        form = (await request.body()).decode(errors="replace")
        values |= dict(parse_qsl(form, keep_blank_values=True))
    in_body = str(values.pop("token", ""))
    scheme, _, in_header = request.headers.get("authorization", "").partition(" ")
    return values, in_header.strip() if scheme.lower() == "bearer" and in_header else in_body
