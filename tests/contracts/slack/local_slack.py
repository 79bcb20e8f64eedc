"""npm's local-slack: independent Socket Mode, commands, modals and buttons.

It listens on every interface, so it runs in a separate network.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from websockets.sync.client import connect

from sandbox.nodejs import node
from tests.contracts.slack.ear import trigger_of
from tests.contracts.slack.systems import LOCAL_SLACK
from tests.support.netns import Shut

_PACKAGE = Path(__file__).parent.parent / "node"
_FILES = ("package.json", "package-lock.json", ".npmrc")
_VERSION = json.loads((_PACKAGE / "package.json").read_text())["dependencies"][
    "local-slack-linux-x64"
]
_CONFIG = {
    "workspace": {"name": "Practice", "domain": "practice", "teamId": "T0PRACTICE"},
    "apps": [
        {
            "appId": "A0MAYDAY",
            "botUserId": "U0MAYDAY",
            "botName": "mayday",
            "botToken": "xoxb-mayday",
            "appToken": "xapp-mayday",
            "mode": "socket",
        }
    ],
    "users": [
        {"id": "U0ANA", "name": "ana", "real_name": "Ana Ribeiro", "tz": "America/Los_Angeles"},
        {"id": "U0BEN", "name": "ben", "real_name": "Ben Okafor", "tz": "America/Los_Angeles"},
    ],
    "channels": [
        {"id": f"C0{name.upper()}", "name": name, "members": ["U0ANA", "U0BEN", "U0MAYDAY"]}
        for name in ("general", "incidents")
    ],
}
_INSTALLS_WITHIN = 120.0
"""Seconds; the file is 95 MB."""


class OutOfReachError(Exception):
    """local-slack cannot be installed here."""


def install(directory: Path) -> Path:
    """Install it with npm ci; returns the program."""
    for name in _FILES:
        shutil.copy(_PACKAGE / name, directory)
    bin_directory = Path(node()).parent
    npm = shutil.which("npm", path=str(bin_directory)) or shutil.which("npm")
    if npm is None:
        raise OutOfReachError("local-slack is not installed: there is no npm here")
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0")
    command = [npm, "ci", *options, "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=_INSTALLS_WITHIN
        )
    except subprocess.TimeoutExpired:
        raise OutOfReachError("local-slack is not installed: npm did not answer") from None
    program = directory / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack"
    if done.returncode or not program.exists():
        said = (done.stderr.strip().splitlines() or ["npm failed"])[0]
        raise OutOfReachError(f"local-slack is not installed: {said}")
    return program


class LocalSlack:
    """See :class:`tests.contracts.slack.systems.Slack`."""

    name = LOCAL_SLACK
    against = f"npm local-slack-linux-x64 {_VERSION}, in a network of its own"
    bot_token = "xoxb-mayday"
    app_token = "xapp-mayday"
    ana, ben, general = "U0ANA", "U0BEN", "C0GENERAL"

    def __init__(self, directory: Path) -> None:
        program = install(directory)
        config = directory / "config.json"
        config.write_text(json.dumps(_CONFIG), encoding="utf-8")
        files = directory / "files"
        self._shut = Shut(
            [
                str(program),
                *("--config", str(config), "--port", "{port}"),
                *("--base-host", "127.0.0.1", "--files-dir", str(files)),
            ],
            directory,
        )
        self.api_url = f"{self._shut.url}/api/"
        self._page = f"{self._shut.url.replace('http', 'ws', 1)}/ui"

    def say(self, user: str, channel: str, text: str, thread_ts: str = "") -> str:
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        told = self._ask("message", channel=channel, user=user, text=text, **thread)
        return str(told["message"]["ts"])

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        self._ask("edit-message", channel=channel, user=user, ts=ts, text=text)

    def delete(self, user: str, channel: str, ts: str) -> None:
        self._ask("delete-message", channel=channel, user=user, ts=ts)

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        self._ask("reaction", channel=channel, user=user, ts=ts, name=name)

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        self._ask("reaction", channel=channel, user=user, ts=ts, name=name, present=False)

    def command(self, user: str, channel: str, line: str) -> None:
        command, _, text = line.partition(" ")
        place = self.general if channel == "general" else channel
        self._ask("command", channel=place, user=user, command=command, text=text)

    def press(self, user: str, channel: str, ts: str, action: Mapping[str, Any]) -> None:
        self._ask("interact", channel=channel, user=user, messageTs=ts, action=dict(action))

    def form(self, user: str) -> dict[str, Any] | None:
        with connect(self._page) as page:
            stack = json.loads(page.recv(timeout=5))["state"]["modalStack"]
        return dict(stack[-1]) if stack else None

    def close(self, user: str, view_id: str) -> None:
        self._on_page({"t": "view_close", "user": user})

    def seen(self, user: str, channel: str) -> list[str]:
        """Its history shows ephemeral messages to all users."""
        client = WebClient(self.bot_token, base_url=self.api_url)
        listed = client.conversations_history(channel=channel)["messages"]
        return [raw["text"] for raw in reversed(listed) if raw.get("ephemeral_to", user) == user]

    def submit(self, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Submit via its page's endpoint, which submits the top modal."""
        self._on_page({"t": "view_submit", "user": user, "values": values})

    def _on_page(self, deed: dict[str, Any]) -> None:
        with connect(self._page) as page:
            page.send(json.dumps(deed))
            # The page gets every change: a view or errors mean completion.
            with contextlib.suppress(TimeoutError):
                while json.loads(page.recv(timeout=5))["t"] not in ("view", "view_errors"):
                    pass

    def trigger(self, user: str, view_id: str = "") -> str:
        return trigger_of(
            self.api_url, self.app_token, lambda: self.command(user, self.general, "/incident")
        )

    def with_few_scopes(self) -> str:
        raise NotImplementedError

    def stop(self) -> None:
        self._shut.stop()

    def _ask(self, what: str, **body: object) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self._shut.url}/_control/{what}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
        return told
