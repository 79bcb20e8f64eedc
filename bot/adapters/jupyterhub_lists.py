"""Reads JupyterHub's paginated lists of users and routes without missing entries.

The hub pages by offset in a fixed order (users by id, routes by path), and the list changes while it is
read: if a server on an earlier page stops, later entries move up and the next offset skips one. Each page
is therefore requested with an overlap. Two pages that share an entry have no gap; if they share none, the
list is read again. ``_pagination.total`` can't prove this: a stop and a start cancel out, and before
JupyterHub 5 it counts a user with two servers twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.jupyterhub_http import HubApi
from bot.errors import RetryLater, UserError

PAGE = 200
"""JupyterHub's maximum page size (``api_page_max_limit``)."""

OVERLAP = 20
"""Entries of the previous page that are requested again: this many may disappear in between."""

CHANGING = "Hub {hub}'s list of {what} changed faster than mayday could read it: try again."
ENDLESS = (
    "Hub {hub} sends endless pages of {what}: check JupyterHub.api_page_max_limit and any cache in "
    "front of the hub's API."
)

_ROUNDS = 3
_MOST_PAGES = 1000

Entries = Callable[[Any], Mapping[str, Any] | None]
"""Returns the entries of a page's ``items`` by name, or None if they are not in the hub's format."""


def read_list(
    api: HubApi, path: str, params: dict[str, str], *, what: str, entries: Entries
) -> dict[str, Any]:
    """Return every entry of a list by name, in the hub's order.

    Raises:
        UserError: the hub refused, or the pages are not JupyterHub's.
        RetryLater: the hub failed, or the list changed too fast.
    """
    for _ in range(_ROUNDS):
        found = _read_once(api, path, params, what, entries)
        if found is not None:
            return found
    raise RetryLater(CHANGING.format(hub=api.hub, what=what), after=10.0, maybe_done=False)


def _read_once(
    api: HubApi, path: str, params: dict[str, str], what: str, entries: Entries
) -> dict[str, Any] | None:
    """Return the whole list, or None if it changed so much that entries may be missing.

    Pages are requested at the configured URL and not at the hub's ``next.url``, whose host may differ: the
    token must not be sent elsewhere.
    """
    found: dict[str, Any] = {}
    before: Mapping[str, Any] = {}
    offset = 0
    for _ in range(_MOST_PAGES):
        page = api.get(path, {**params, "limit": str(PAGE), "offset": str(offset)})
        items = entries(page.get("items"))
        if items is None:
            api.malformed()
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
    raise UserError(ENDLESS.format(hub=api.hub, what=what), code="pages")


def _following(api: HubApi, page: dict[str, Any], offset: int) -> int | None:
    """Return the offset of the next page, or None on the last page."""
    pagination = page.get("_pagination")
    if (
        not isinstance(pagination, dict)
        or pagination.get("offset") != offset
        or "next" not in pagination
    ):
        api.malformed()
    following = pagination["next"]
    if following is None:
        return None
    begins = following.get("offset") if isinstance(following, dict) else None
    if not isinstance(begins, int):
        api.malformed()
    return begins
