"""What the contracts ask of a Slack: where it is, who is in it, and hands that do what people do there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

DOUBLE, EMULATE, LOCAL_SLACK = "double", "emulate", "local-slack"
EVERY = (DOUBLE, EMULATE, LOCAL_SLACK)
WEB_API = (DOUBLE, EMULATE)
"""The systems that keep Slack's rules for what is refused; local-slack refuses next to nothing."""

SOCKETS = (DOUBLE, LOCAL_SLACK)
"""The systems that speak Socket Mode."""

FEW_SCOPES = ("channels:read", "channels:history")
"""What the second bot token of ``emulate`` may do, and the double's while a test says so."""


class Slack(Protocol):
    """A running Slack with one app, the people ``ana`` and ``ben``, and the public channel ``general``.

    ``ana``, ``ben`` and ``general`` are ids; ``against`` names the program and its version. A hand that a
    system lacks raises NotImplementedError.
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
        """Change one's own message."""

    def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete one's own message."""

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Add a reaction."""

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """Take one's reaction back."""

    def command(self, user: str, channel: str, line: str) -> None:
        """Run a slash command; returns when the app has acknowledged."""

    def press(self, user: str, channel: str, ts: str, action: Mapping[str, Any]) -> None:
        """Press a button, given as its element with the ``block_id`` it stands in."""

    def form(self, user: str) -> dict[str, Any] | None:
        """The modal that a person has before them."""

    def close(self, user: str, view_id: str) -> None:
        """Close the open modal without submitting it."""

    def seen(self, user: str, channel: str) -> list[str]:
        """The texts that a person sees in a channel, also those for nobody else, oldest first."""

    def submit(self, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Submit the open modal, with what was put in, in the shape of ``view.state.values``."""

    def trigger(self, user: str, view_id: str = "") -> str:
        """A fresh trigger_id of something that a person did, in an open modal where one is given."""

    def with_few_scopes(self) -> str:
        """A bot token that has FEW_SCOPES only, until the test ends."""

    def stop(self) -> None:
        """End it."""
