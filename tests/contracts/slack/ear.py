"""One raw Socket Mode connection: returns envelopes and acknowledges on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from slack_sdk import WebClient
from websockets.sync.client import ClientConnection, connect

WAIT = 10.0
"""Seconds."""


class Ear:
    """An open connection; ``hello`` is the first envelope."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.hello = self._read()

    def next(self, kind: str) -> dict[str, Any]:
        """The next envelope of this kind; acknowledges all others."""
        while (envelope := self._read())["type"] != kind:
            self.acknowledge(envelope)
        return envelope

    def acknowledge(self, envelope: dict[str, Any], payload: dict[str, Any] | None = None) -> None:
        """Acknowledge an envelope, with a payload if allowed."""
        if "envelope_id" in envelope:
            answer = {"envelope_id": envelope["envelope_id"]}
            told: dict[str, Any] = answer if payload is None else {**answer, "payload": payload}
            self._socket.send(json.dumps(told))

    def during(
        self, deed: Callable[[], object], kind: str, payload: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The acknowledged envelope of a blocking user action."""
        doing = threading.Thread(target=deed)
        doing.start()
        try:
            envelope = self.next(kind)
            self.acknowledge(envelope, payload)
        finally:
            doing.join(WAIT)
        return envelope

    def hang_up(self) -> None:
        """Close without acknowledging."""
        self._socket.close()

    def _read(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self._socket.recv(timeout=WAIT))
        return read


@contextmanager
def listening(api_url: str, app_token: str) -> Iterator[Ear]:
    """Connect; close at the end."""
    client = WebClient(base_url=api_url, retry_handlers=[])
    with connect(client.apps_connections_open(app_token=app_token)["url"]) as socket:
        yield Ear(socket)


def trigger_of(api_url: str, app_token: str, run_command: Callable[[], None]) -> str:
    """The trigger_id that the app gets with a slash command."""
    with listening(api_url, app_token) as ear:
        envelope = ear.during(run_command, "slash_commands")
    return str(envelope["payload"]["trigger_id"])
