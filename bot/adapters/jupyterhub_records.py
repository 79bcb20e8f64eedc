"""JupyterHub's JSON as mayday's values: users with their servers, and the proxy's routes.

Readers raise ``ValueError`` for what no hub sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.hubs import Route, Server

Record = Mapping[str, Any]


def users_by_name(items: Any) -> dict[str, Record] | None:
    """The user records of a page; None when these are none."""
    if not isinstance(items, list):
        return None
    if not all(isinstance(user, dict) and _is_name(user.get("name")) for user in items):
        return None
    return {user["name"]: user for user in items}


def routes_by_path(items: Any) -> dict[str, Record] | None:
    """The routes of a page; None when these are none."""
    if not isinstance(items, dict):
        return None
    return items if all(isinstance(route, dict) for route in items.values()) else None


def servers_of(user: Record) -> tuple[Server, ...] | None:
    """A user's servers; None when the hub does not show them.

    The hub leaves the key out where the token may not read it, and sends ``{}`` where none is active.
    It never sends ``null``, so that proves nothing either.
    """
    models = user.get("servers")
    if models is None:
        return None
    if not isinstance(models, dict):
        raise ValueError("servers is no object")
    return tuple(_server(user["name"], name, model) for name, model in models.items())


def route_of(path: str, record: Record) -> Route | None:
    """A user's route; None for the hub's own and those of services."""
    data, target = record.get("data"), record.get("target")
    if not isinstance(data, dict) or not isinstance(target, str):
        raise ValueError("a route without data or target")
    if not data.get("user"):
        return None
    return Route(
        user=str(data["user"]),
        server=str(data.get("server_name") or ""),
        path=path.rstrip("/") + "/",
        target=target,
    )


def _server(user: str, name: str, model: Any) -> Server:
    if not isinstance(model, dict) or not isinstance(model.get("ready"), bool):
        raise ValueError("a server without its state")
    pending = model["pending"] if "pending" in model else _missing("pending")
    if not (pending is None or isinstance(pending, str)):
        raise ValueError("pending is no text")
    return Server(
        user=user,
        name=name,
        ready=model["ready"],
        pending=pending or "",
        started=_moment(model.get("started")),
        last_activity=_moment(model.get("last_activity")),
    )


def _missing(key: str) -> Any:
    raise ValueError(f"no {key}")


def _moment(text: Any) -> datetime | None:
    """A time as the hub writes it, which is UTC also where it does not say so."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("a time that is no text")
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name)
