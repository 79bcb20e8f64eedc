"""GitHub's webhook: it says that an issue has changed, and mayday then reads the issue.

Nothing parses a delivery before its signature is verified, and nothing of its text is stored or believed. So
one that is delivered twice, late, out of order or never costs at most a request to GitHub.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.access import Sender, answers
from bot.services.item_follow import Hint

GITHUB_WEBHOOK = "/github/webhook"
EVENTS = {"issues": "issue", "pull_request": "pull_request"}
"""The events that say something of an action item, and the part of the delivery that has the number."""

REQUESTS = 4
"""The most deliveries that are processed at once; others wait for one of them to end."""

log = structlog.get_logger()


def github_route(told: Callable[[Hint], bool], secret: str) -> Route:
    """Return the route for deliveries that are signed with this secret. ``told`` commits what one says."""
    pool = ThreadPoolExecutor(REQUESTS, thread_name_prefix="github-http")
    key = secret.encode()

    async def webhook(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return Response(status_code=415)
        body = await request.body()
        sender = Sender.GITHUB if _is_signed(key, request, body) else Sender.ANYBODY
        if not answers(GITHUB_WEBHOOK, sender):
            return Response(status_code=401)
        event = request.headers.get("x-github-event", "")
        if event not in EVENTS:
            return Response(status_code=204)
        hint = _hint(event, body)
        if hint is None:
            log.warning("webhook.unreadable", github_event=event, size=len(body))
            return Response(status_code=400)
        try:
            known = await asyncio.get_running_loop().run_in_executor(pool, told, hint)
        except Exception:
            log.exception("webhook.failed", repository=hint.repository, number=hint.number)
            return Response(status_code=503)
        return Response(status_code=202 if known else 204)

    return Route(GITHUB_WEBHOOK, webhook, methods=["POST"])


def _is_signed(key: bytes, request: Request, body: bytes) -> bool:
    """Whether GitHub signed the body."""
    made = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    given = request.headers.get("x-hub-signature-256", "")
    return hmac.compare_digest(made.encode(), given.encode())


def _hint(event: str, body: bytes) -> Hint | None:
    """Return which issue or pull request a delivery is about; None if it doesn't say."""
    try:
        delivery: Any = json.loads(body)
        number, repository = delivery[EVENTS[event]]["number"], delivery["repository"]["full_name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_read = isinstance(number, int) and isinstance(repository, str) and len(repository) <= 140
    return Hint(repository=repository, number=number) if is_read else None
