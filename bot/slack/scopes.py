"""The scopes that mayday's calls and events need.

The app manifest beside this file must list the same scopes; a test compares the two.
Source: docs.slack.dev, the page of each method and event.
"""

from __future__ import annotations

from bot.services.canvas import SCOPES

METHOD_SCOPES: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "bookmarks.add": ("bookmarks:write",),
    "bookmarks.edit": ("bookmarks:write",),
    "bookmarks.list": ("bookmarks:read",),
    "bookmarks.remove": ("bookmarks:write",),
    "bots.info": ("users:read",),
    "canvases.edit": ("canvases:write",),
    "canvases.sections.lookup": ("canvases:read",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.canvases.create": ("canvases:write",),
    "conversations.create": ("channels:manage", "groups:write"),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.invite": ("channels:manage", "groups:write"),
    "conversations.join": ("channels:join",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.members": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "conversations.setTopic": ("channels:manage", "groups:write"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "pins.add": ("pins:write",),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.list": ("usergroups:read",),
    "users.conversations": ("channels:read", "groups:read"),
    "users.info": ("users:read",),
    "users.lookupByEmail": ("users:read.email",),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
"""The bot scopes that each Web API method needs, for public and private channels."""

EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "app_home_opened": (),
    **{
        f"channel_{what}": ("channels:read",)
        for what in ("archive", "deleted", "left", "rename", "unarchive")
    },
    **{
        f"group_{what}": ("groups:read",)
        for what in ("archive", "deleted", "left", "rename", "unarchive")
    },
    "member_joined_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
}
"""The subscribed events, and the bot scopes that each needs."""

FEATURE_SCOPES = ("commands",)
"""For slash commands and shortcuts."""

# Announcing in a public channel that the bot has not been invited to.
EXTRA_SCOPES = ("chat:write.public",)


FEATURES = {
    "Attach evidence and collect-diagnostics": frozenset({"files:write"}),
    "the channel canvas": SCOPES,
    "✅ on filed messages": frozenset({"reactions:write"}),
    "finding people on call by their e-mail addresses": frozenset({"users:read.email"}),
}
"""Features that are off without their scopes, while everything else works."""

OPTIONAL_SCOPES = frozenset[str]().union(*FEATURES.values())


def required_scopes() -> frozenset[str]:
    """Every bot scope that mayday uses."""
    tables = (*METHOD_SCOPES.values(), *EVENT_SCOPES.values(), FEATURE_SCOPES, EXTRA_SCOPES)
    return frozenset(scope for scopes in tables for scope in scopes)


def features_off(granted: frozenset[str]) -> dict[str, list[str]]:
    """The features that are off, with the scopes that each lacks; none where Slack lists no scopes."""
    lacking = {name: sorted(scopes - granted) for name, scopes in FEATURES.items()}
    return {name: scopes for name, scopes in lacking.items() if scopes} if granted else {}


def missing_scopes(granted: frozenset[str]) -> list[str]:
    """The scopes that mayday can't do without and the token lacks; none where Slack lists no scopes."""
    return sorted(required_scopes() - OPTIONAL_SCOPES - granted) if granted else []
