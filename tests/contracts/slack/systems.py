"""The interface of a Slack under contract: its address, its users, and user actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

DOUBLE, EMULATE, LOCAL_SLACK = "double", "emulate", "local-slack"
EVERY = (DOUBLE, EMULATE, LOCAL_SLACK)
WEB_API = (DOUBLE, EMULATE)
"""The systems that enforce Slack's rules; local-slack returns almost no errors."""

SOCKETS = (DOUBLE, LOCAL_SLACK)
"""The systems with Socket Mode."""

FEW_SCOPES = ("channels:read", "channels:history")
"""Scopes of ``emulate``'s second bot token, and the double's on request."""


class Slack(Protocol):
    """A running Slack: one app, people ``ana`` and ``ben``, public channel ``general``.

    ``ana``, ``ben`` and ``general`` are ids; ``against`` names the program and its version. An
    unsupported action raises NotImplementedError.
    """

    name: str
    against: str
    api_url: str
    bot_token: str
    app_token: str
    ana: str
    ben: str
    general: str

    def say(self, user: str, channel: str, text: str, thread_ts: str = "") -> str:
        """Post as a person; returns the ts."""

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Edit a user's message."""

    def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete a user's message."""

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Add a reaction."""

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """Remove a reaction."""

    def command(self, user: str, channel: str, line: str) -> None:
        """Run a slash command; returns once the app acknowledges."""

    def press(self, user: str, channel: str, ts: str, action: Mapping[str, Any]) -> None:
        """Press a button, given as its element with its ``block_id``."""

    def form(self, user: str) -> dict[str, Any] | None:
        """The modal that a person sees."""

    def close(self, user: str, view_id: str) -> None:
        """Close the open modal without submitting it."""

    def seen(self, user: str, channel: str) -> list[str]:
        """The texts that a person sees in a channel, including ephemeral, oldest first."""

    def submit(self, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Submit the open modal with inputs in the shape of ``view.state.values``."""

    def trigger(self, user: str, view_id: str = "") -> str:
        """A new trigger_id of a person's action, in an open modal if one is given."""

    def with_few_scopes(self) -> str:
        """A bot token with only FEW_SCOPES, until the test ends."""

    def stop(self) -> None:
        """Stop."""
