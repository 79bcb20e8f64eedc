"""JupyterHub's lists of users and routes, read so that nothing that is there throughout is missed.

The hub sends a list in pages by offset, in a fixed order (users by id, routes by path), and the list
changes while it is read: when a server on an earlier page stops, everything behind it moves up, and
the next page by offset begins one too late. So each page is asked for a little before the end of the
last. Two pages that share an entry leave nothing out between them; when they share none, the list is
read again. ``_pagination.total`` cannot prove this: a stop and a start cancel each other in it, and
before JupyterHub 5 it counts a user with two servers twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.jupyterhub_http import HubApi
from bot.errors import RetryLater, UserError

PAGE = 200
"""JupyterHub cuts any longer page to this (``api_page_max_limit``)."""

OVERLAP = 20
"""Entries of the last page that are asked for again: so many may vanish between two requests."""

_ROUNDS = 3
_MOST_PAGES = 1000

Entries = Callable[[Any], Mapping[str, Any] | None]
"""The entries of a page's ``items`` by name; None for what is not of the form that the hub sends."""


def read_list(
    api: HubApi, path: str, params: dict[str, str], *, what: str, entries: Entries
) -> dict[str, Any]:
    """Every entry of a list by its name, in the hub's order.

    Raises:
        UserError: the hub refused, or what answers does not send JupyterHub's pages.
        RetryLater: the hub failed, or the list changed too fast.
    """
    for _ in range(_ROUNDS):
        found = _read_once(api, path, params, what, entries)
        if found is not None:
            return found
    raise RetryLater(
        f"Hub {api.hub}'s list of {what} changed faster than mayday could read it: "
        "mayday tries again.",
        after=10.0,
        maybe_done=False,
    )


def _read_once(
    api: HubApi, path: str, params: dict[str, str], what: str, entries: Entries
) -> dict[str, Any] | None:
    """The whole list; None when it changed so much that entries may have been missed.

    Pages are asked for at our own address: the hub's ``next.url`` repeats the host that it believes
    to have, and the token must go nowhere else.
    """
    found: dict[str, Any] = {}
    before: Mapping[str, Any] = {}
    offset = 0
    for _ in range(_MOST_PAGES):
        page = api.get(path, {**params, "limit": str(PAGE), "offset": str(offset)})
        items = entries(page.get("items"))
        if items is None:
            api.garbage()
        if offset and not before.keys() & items.keys():
            return None
        found.update(items)
        following = _following(api, page, offset)
        if following is None:
            return found
        overlap = max(1, min(OVERLAP, (following - offset) // 2))
        if following - overlap <= offset:
            break
        before, offset = items, following - overlap
    raise UserError(
        f"Hub {api.hub} sends pages of {what} that do not come to an end: check "
        "JupyterHub.api_page_max_limit and any cache in front of the hub's API.",
        code="pages",
    )


def _following(api: HubApi, page: dict[str, Any], offset: int) -> int | None:
    """Where the next page begins; None on the last."""
    pagination = page.get("_pagination")
    if (
        not isinstance(pagination, dict)
        or pagination.get("offset") != offset
        or "next" not in pagination
    ):
        api.garbage()
    following = pagination["next"]
    if following is None:
        return None
    begins = following.get("offset") if isinstance(following, dict) else None
    if not isinstance(begins, int):
        api.garbage()
    return begins
