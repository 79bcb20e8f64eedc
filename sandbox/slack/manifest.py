"""Reads the commands, shortcuts, scopes and events in Slack's app manifest.

The workspace has only what the manifest lists. A command or an event that the manifest
omits fails here as in a real workspace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class SlashCommand:
    """A slash command; with `should_escape`, Slack turns @name and #name into ids before sending."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A shortcut in a message's menu or the global menu."""

    callback_id: str
    name: str
    on_message: bool


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The fields used from an app manifest. `home`: whether the app has a Home tab.

    `read_only`: people cannot write to the app.
    """

    bot_name: str
    commands: tuple[SlashCommand, ...]
    shortcuts: tuple[Shortcut, ...]
    scopes: tuple[str, ...]
    events: frozenset[str]
    home: bool = False
    read_only: bool = False

    def command(self, name: str) -> SlashCommand | None:
        """The command of that name (with its slash), or None."""
        return next((command for command in self.commands if command.command == name), None)

    def shortcut(self, callback_id: str) -> Shortcut | None:
        """The shortcut of that callback id, or None."""
        return next((item for item in self.shortcuts if item.callback_id == callback_id), None)


def read_manifest(source: Mapping[str, Any]) -> Manifest:
    """Read a manifest in Slack's format (parsed JSON or YAML)."""
    features = source.get("features", {})
    bot_user = features.get("bot_user", {})
    tabs = features.get("app_home", {})
    settings = source.get("settings", {})
    return Manifest(
        bot_name=bot_user.get("display_name") or source["display_information"]["name"].lower(),
        commands=tuple(
            SlashCommand(**{key: item[key] for key in SlashCommand.__annotations__ if key in item})
            for item in features.get("slash_commands", ())
        ),
        shortcuts=tuple(
            Shortcut(
                callback_id=item["callback_id"],
                name=item["name"],
                on_message=item["type"] == "message",
            )
            for item in features.get("shortcuts", ())
        ),
        scopes=tuple(source.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
        home=bool(tabs.get("home_tab_enabled")),
        read_only=bool(tabs.get("messages_tab_read_only_enabled")),
    )
