"""Reads parts that all objects of Kubernetes share from their JSON. Malformed parts raise ValueError."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]
"""An object of the API as plain JSON. Fields at their zero value may be absent or null."""

YEARS = (1970, 9000)


def part(item: Json, *path: str) -> Json:
    """Return the object at a path; empty if it is absent."""
    for key in path:
        item = item.get(key) or {}
    return item


def texts(item: Json, *path: str) -> dict[str, str]:
    """Return the map of strings at a path, such as the labels; empty if it is absent."""
    return {str(key): str(value) for key, value in part(item, *path).items()}


def time(text: str | None) -> datetime | None:
    """Return a time, or None without one that can be: Go writes one that is not set as of the year 1."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return (
        (found if found.tzinfo else found.replace(tzinfo=UTC))
        if YEARS[0] <= found.year <= YEARS[1]
        else None
    )


def true_conditions(item: Json) -> Iterator[str]:
    """Yield the types of the conditions that are true."""
    for condition in part(item, "status").get("conditions") or ():
        if condition["status"] == "True":
            yield str(condition["type"])


def owner(item: Json, kind: str) -> str:
    """Return the name of the owner of this kind; empty without one."""
    owners = item["metadata"].get("ownerReferences") or ()
    return next((str(each["name"]) for each in owners if each["kind"] == kind), "")
