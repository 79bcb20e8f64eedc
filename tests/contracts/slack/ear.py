"""One Socket Mode connection below Bolt: acknowledges everything and tells what came."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient
from websockets.sync.client import connect

WAIT = 10.0
"""Seconds."""


def trigger_of(api_url: str, app_token: str, run_command: Callable[[], None]) -> str:
    """The trigger_id of a slash command, as the app is told it."""
    client = WebClient(base_url=api_url, retry_handlers=[])
    address = client.apps_connections_open(app_token=app_token)["url"]
    with connect(address) as socket:
        assert _read(socket)["type"] == "hello"
        typing = threading.Thread(target=run_command)
        typing.start()
        try:
            while True:
                envelope = _read(socket)
                if "envelope_id" in envelope:
                    socket.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
                if envelope["type"] == "slash_commands":
                    return str(envelope["payload"]["trigger_id"])
        finally:
            typing.join(WAIT)


def _read(socket: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(socket.recv(timeout=WAIT))
    return read
