"""A stub of a hub's API, and our adapter for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bot.adapters.jupyterhub import JupyterHub
from tests.support.stub import Answer, Asked, Stub, stub

TOKEN = "0123456789abcdef"

HTML = Answer(body="<html>welcome</html>")


def refusal(status: int, message: str | None) -> Answer:
    """An error as JupyterHub answers it."""
    return Answer(status=status, body={"status": status, "message": message})


@contextmanager
def hub_at(url: str, *, token: str = TOKEN, timeout: float = 10.0) -> Iterator[JupyterHub]:
    """Our adapter for a hub with one address."""
    hub = JupyterHub(
        name="datahub", url=url, api_url=f"{url}/hub/api", token=token, timeout=timeout
    )
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def stubbed(answer: Callable[[Asked], Answer]) -> Iterator[tuple[JupyterHub, Stub]]:
    """Our adapter for a stub, and the stub."""
    with stub(answer) as running, hub_at(running.url) as hub:
        yield hub, running


@contextmanager
def refusing() -> Iterator[Mapping[str, str]]:
    """``hubs[]`` addresses of a hub that refuses every request, so that a run ends at once."""
    with stub(lambda _asked: refusal(403, "Forbidden")) as running:
        yield {"url": running.url, "api_url": f"{running.url}/hub/api"}


@contextmanager
def saying(answer: Answer) -> Iterator[JupyterHub]:
    """A hub with one fixed answer."""
    with stubbed(lambda _asked: answer) as (hub, _running):
        yield hub


def user(name: str, **server: object) -> dict[str, object]:
    """A user's record with one server, ready by default."""
    model = {"name": "", "ready": True, "pending": None, "started": None, "last_activity": None}
    return {"name": name, "servers": {"": {**model, **server}}}


def route(data: dict[str, str]) -> dict[str, object]:
    """A route's record; ``data`` holds its owner."""
    return {"target": "http://10.0.0.1:8888", "data": data}


def page(items: object, *, offset: int = 0, following: int | None = None) -> Answer:
    """One page, by default the last."""
    after = None if following is None else {"offset": following, "limit": 200, "url": "http://x/"}
    pagination = {"offset": offset, "limit": 200, "total": 0, "next": after}
    return Answer(body={"items": items, "_pagination": pagination})


def paged(
    items: Sequence[Any], change: Callable[[int], None] = lambda _asked: None
) -> Callable[[Asked], Answer]:
    """Answer as the hub does: pages if requested, otherwise a truncated list.

    ``change`` is called after each request with the request count.
    """
    count = 0

    def answer(asked: Asked) -> Answer:
        nonlocal count
        offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 50))
        limit = min(limit, 200)
        part: object = list(items[offset : offset + limit])
        if asked.path.endswith("/proxy"):
            part = dict(items[offset : offset + limit])
        if "jupyterhub-pagination" not in asked.headers.get("accept", ""):
            return Answer(body=part)
        more = offset + limit < len(items)
        following = {"offset": offset + limit, "limit": limit, "url": "http://elsewhere.invalid/"}
        pages = {"offset": offset, "limit": limit, "total": len(items)}
        count += 1
        change(count)
        return Answer(
            body={"items": part, "_pagination": {**pages, "next": following if more else None}}
        )

    return answer
