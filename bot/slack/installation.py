"""Whether a delivery is for this app in this workspace. One for another is refused, although it is signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.ports import Identity

_TEAMS = ("team_id", "context_team_id", "app_installed_team_id", "team")


def is_foreign(body: Mapping[str, Any], me: Identity) -> bool:
    """Whether a delivery names another app, or no workspace that is mayday's.

    In a channel that is shared with another organisation, some of the fields name the other workspace, and
    which ones differs by the kind of delivery. So one that names mayday's is enough here; who may do what
    is decided by the person's profile.
    """
    app = body.get("api_app_id")
    if app and me.app_id and app != me.app_id:
        return True
    return me.team_id not in _teams(body)


def _teams(body: Mapping[str, Any]) -> Iterator[object]:
    sources = (body, body.get("user"), body.get("view"), body.get("message"))
    for source in (*sources, *(body.get("authorizations") or ())):
        if isinstance(source, Mapping):
            for name in _TEAMS:
                team = source.get(name)
                yield team.get("id") if isinstance(team, Mapping) else team
