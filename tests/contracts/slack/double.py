"""Our double, tested against the same contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.slack import SlackSandbox
from sandbox.slack.modals import TRIGGER_SECONDS
from tests.contracts.slack.ear import trigger_of
from tests.contracts.slack.systems import DOUBLE, FEW_SCOPES
from tests.support.app_manifest import APP_MANIFEST
from tests.support.waiting import UNHURRIED


class Double:
    """See :class:`tests.contracts.slack.systems.Slack`."""

    name = DOUBLE
    against = "sandbox.slack, by slack_sdk and slack_bolt"

    def __init__(self) -> None:
        self.sandbox = SlackSandbox(manifest=APP_MANIFEST).start()
        self.api_url = self.sandbox.api_url
        self.bot_token = self.sandbox.bot_token
        self.app_token = self.sandbox.app_token
        self.ana = self.sandbox.person("ana").id
        self.ben = self.sandbox.person("ben").id
        self.general = self.sandbox.channel("general").id
        self._every_scope = set(self.sandbox.scopes)
        self.healed()

    def say(self, user: str, channel: str, text: str, thread_ts: str = "") -> str:
        return self.sandbox.person(user).say(channel, text, thread_ts or None)

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        self.sandbox.person(user).edit(channel, ts, text)

    def delete(self, user: str, channel: str, ts: str) -> None:
        self.sandbox.person(user).delete(channel, ts)

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        self.sandbox.person(user).react(channel, ts, name)

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        self.sandbox.person(user).unreact(channel, ts, name)

    def command(self, user: str, channel: str, line: str) -> None:
        self.sandbox.person(user).command(channel, line)

    def press(self, user: str, channel: str, ts: str, action: Mapping[str, Any]) -> None:
        self.sandbox.person(user).press(channel, ts, action["action_id"], action["block_id"])

    def form(self, user: str) -> dict[str, Any] | None:
        views = self.sandbox.person(user).views()
        return views[-1] if views else None

    def close(self, user: str, view_id: str) -> None:
        self.sandbox.person(user).close_view(view_id)

    def seen(self, user: str, channel: str) -> list[str]:
        return [message["text"] for message in self.sandbox.person(user).messages(channel)]

    def submit(self, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        self.sandbox.person(user).submit(view_id, values)

    def trigger(self, user: str, view_id: str = "") -> str:
        return trigger_of(
            self.api_url, self.app_token, lambda: self.command(user, "general", "/incident")
        )

    def with_few_scopes(self) -> str:
        self.sandbox.scopes = set(FEW_SCOPES)
        return self.bot_token

    def healed(self) -> None:
        """Reset a test's changes and relax Slack's 3 s limit for slow machines."""
        self.sandbox.scopes = self._every_scope
        self.sandbox.faults = []
        self.sandbox.ack_seconds = self.sandbox.trigger_seconds = UNHURRIED

    def in_time(self) -> None:
        """Use Slack's trigger lifetime for the length of a test."""
        self.sandbox.trigger_seconds = TRIGGER_SECONDS

    def stop(self) -> None:
        self.sandbox.stop()
