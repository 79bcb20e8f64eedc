"""Bolt with empty listeners over a socket: the ceiling of what a bot in Python can receive."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient


def main(bot_token: str, app_token: str, api_url: str) -> None:
    """Connect, and run until SIGTERM."""
    client = WebClient(token=bot_token, base_url=api_url)
    app = App(
        client=client,
        signing_secret="unused",
        token_verification_enabled=False,
        request_verification_enabled=False,
    )

    @app.event("message")
    def on_message(body: dict[str, Any]) -> None:
        pass

    @app.command("/incident")
    def on_command(ack: Ack) -> None:
        ack()

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    handler = SocketModeHandler(app, app_token, web_client=client)
    handler.connect()
    ended.wait()
    handler.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])
