"""Converts JupyterHub's JSON to mayday's values: users with their servers, and the proxy's routes.

Functions raise ``ValueError`` for records that are not in the hub's format.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.hubs import Route, Server

Record = Mapping[str, Any]


def users_by_name(items: Any) -> dict[str, Record] | None:
    """Return the user records of a page by name, or None if they are malformed."""
    if not isinstance(items, list):
        return None
    if not all(isinstance(user, dict) and _is_name(user.get("name")) for user in items):
        return None
    return {user["name"]: user for user in items}


def routes_by_path(items: Any) -> dict[str, Record] | None:
    """Return the routes of a page by path, or None if they are malformed."""
    if not isinstance(items, dict):
        return None
    return items if all(isinstance(route, dict) for route in items.values()) else None


def servers_of(user: Record) -> tuple[Server, ...] | None:
    """Return a user's servers, or None if the hub doesn't show them.

    The hub omits the key if the token may not read it, and sends ``{}`` if no server is active. It never
    sends ``null``, so that counts as not shown.
    """
    models = user.get("servers")
    if models is None:
        return None
    if not isinstance(models, dict):
        raise ValueError("servers is not an object")
    return tuple(_server(user["name"], name, model) for name, model in models.items())


def route_of(path: str, record: Record) -> Route | None:
    """Return a user's route, or None for a route of the hub or of a service."""
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
        raise ValueError("pending is not a string")
    return Server(
        user=user,
        name=name,
        ready=model["ready"],
        pending=pending or "",
        started=_moment(model.get("started")),
        last_activity=_moment(model.get("last_activity")),
    )


def _missing(key: str) -> Any:
    raise ValueError(f"missing {key}")


def _moment(text: Any) -> datetime | None:
    """Parse a time from the hub, which is in UTC even without an offset."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("a time that is not a string")
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name)
