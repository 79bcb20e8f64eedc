"""A manifest with every scope of the practice Slack, for tests without the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_EVENTS = """
app_home_opened member_joined_channel member_left_channel message.channels message.groups message.im
reaction_added reaction_removed
"""
_SCOPES = """
bookmarks:read bookmarks:write canvases:read canvases:write channels:history channels:join
channels:manage channels:read
chat:write chat:write.public commands files:read files:write groups:history groups:read groups:write
im:history im:read im:write pins:read pins:write reactions:read reactions:write usergroups:read
users:read
"""
EVERY_EVENT = frozenset(_EVENTS.split())
EVERY_SCOPE = tuple(_SCOPES.split())

APP_MANIFEST: Mapping[str, Any] = {
    "display_information": {"name": "mayday"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "slash_commands": [
            {
                "command": "/incident",
                "description": "Declare and run an incident",
                "usage_hint": "declare [title]",
                "should_escape": True,
            }
        ],
        "shortcuts": [
            {"name": "Add to timeline", "type": "message", "callback_id": "add_to_timeline"},
            {"name": "File action item", "type": "message", "callback_id": "file_action_item"},
            {"name": "Declare an incident", "type": "global", "callback_id": "declare"},
        ],
    },
    "oauth_config": {"scopes": {"bot": EVERY_SCOPE}},
    "settings": {"event_subscriptions": {"bot_events": EVERY_EVENT}},
}
