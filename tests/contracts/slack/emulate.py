"""npm's emulate, service slack: an independent Web API with its errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from sandbox.emulate import VERSION, Emulate
from tests.contracts.slack.systems import EMULATE, FEW_SCOPES
from tests.support.app_manifest import EVERY_SCOPE

_APP = {
    "client_id": "1.1",
    "client_secret": "secret-of-the-tests",
    "app_id": "A0CONTRACT",
    "name": "mayday",
    "redirect_uris": [],
    "bot_id": "B0MAYDAY",
    "bot_user_id": "U0MAYDAY",
    "bot_name": "mayday",
}
_BOT = {key: _APP[key] for key in ("app_id", "client_id", "bot_id", "bot_user_id")}
_PEOPLE = ("ana", "ben")


def _token(token: str, user: str, scopes: tuple[str, ...], **rest: object) -> dict[str, object]:
    return {"token": token, "user": user, "scopes": list(scopes), **rest}


_SEED = {
    "slack": {
        "users": [{"name": name, "real_name": name.title()} for name in _PEOPLE],
        "oauth_apps": [_APP | {"scopes": list(EVERY_SCOPE)}],
        "tokens": [
            _token("xoxb-mayday", "U0MAYDAY", EVERY_SCOPE, type="bot", **_BOT),
            _token("xoxb-few", "U0MAYDAY", FEW_SCOPES, type="bot", **_BOT),
            *(_token(f"xoxp-{name}", name, EVERY_SCOPE) for name in _PEOPLE),
        ],
        "strict_scopes": True,
    }
}


class EmulateSlack:
    """See :class:`tests.contracts.slack.systems.Slack`."""

    name = EMULATE
    against = f"npm emulate {VERSION}, service slack, strict scopes"
    bot_token = "xoxb-mayday"
    app_token = ""

    def __init__(self, directory: Path) -> None:
        self._emulate = Emulate("slack", _SEED, directory)
        self.api_url = f"http://127.0.0.1:{self._emulate.port}/api/"
        self._people: dict[str, WebClient] = {}
        ids = []
        for name in _PEOPLE:
            client = WebClient(f"xoxp-{name}", base_url=self.api_url, retry_handlers=[])
            ids.append(str(client.auth_test()["user_id"]))
            self._people[ids[-1]] = client
        self.ana, self.ben = ids
        listed = self._people[self.ana].conversations_list()["channels"]
        self.general = next(raw["id"] for raw in listed if raw["name"] == "general")
        for token in (self.bot_token, *(f"xoxp-{name}" for name in _PEOPLE)):
            WebClient(token, base_url=self.api_url).conversations_join(channel=self.general)

    def say(self, user: str, channel: str, text: str, thread_ts: str = "") -> str:
        posted = self._people[user].chat_postMessage(
            channel=channel, text=text, thread_ts=thread_ts or None
        )
        return str(posted["ts"])

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        self._people[user].chat_update(channel=channel, ts=ts, text=text)

    def delete(self, user: str, channel: str, ts: str) -> None:
        self._people[user].chat_delete(channel=channel, ts=ts)

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        self._people[user].reactions_add(channel=channel, timestamp=ts, name=name)

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        self._people[user].reactions_remove(channel=channel, timestamp=ts, name=name)

    def command(self, user: str, channel: str, line: str) -> None:
        raise NotImplementedError

    def press(self, user: str, channel: str, ts: str, action: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def form(self, user: str) -> dict[str, Any] | None:
        raise NotImplementedError

    def close(self, user: str, view_id: str) -> None:
        raise NotImplementedError

    def seen(self, user: str, channel: str) -> list[str]:
        raise NotImplementedError

    def submit(self, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        raise NotImplementedError

    def trigger(self, user: str, view_id: str = "") -> str:
        client = WebClient(self.bot_token, base_url=self.api_url, retry_handlers=[])
        asked = {"user_id": user} | ({"view_id": view_id} if view_id else {})
        made = client.api_call("views.generateTriggerId", json=asked)
        return str(made["trigger_id"])

    def with_few_scopes(self) -> str:
        return "xoxb-few"

    def stop(self) -> None:
        self._emulate.stop()
