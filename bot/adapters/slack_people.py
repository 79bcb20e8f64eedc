"""Reads Slack's user objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.ports import Profile


def profile_from(raw: Mapping[str, Any]) -> Profile:
    """Return the profile of a user object."""
    shown = raw.get("profile") or {}
    return Profile(
        id=raw["id"],
        team_id=raw.get("team_id") or "",
        name=shown.get("display_name")
        or shown.get("real_name")
        or raw.get("real_name")
        or raw.get("name")
        or raw["id"],
        zone=raw.get("tz") or "UTC",
        is_guest=bool(raw.get("is_restricted") or raw.get("is_ultra_restricted")),
        is_bot=bool(raw.get("is_bot")),
        is_deleted=bool(raw.get("deleted")),
        org_teams=frozenset((raw.get("enterprise_user") or {}).get("teams") or ()),
    )
