"""Slack over a socket: the builtin client, watched, and read behind after every reconnection."""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient

from bot.errors import ConfigError, Retry

log = structlog.get_logger()


class Socket:
    """The connection. ``connected`` is called whenever Slack says hello, the first time too."""

    def __init__(self, app: App, app_token: str, *, connected: Callable[[], None]) -> None:
        self._handler = SocketModeHandler(app, app_token)
        client = self._handler.client
        assert isinstance(client, SocketModeClient)  # noqa: S101  the builtin client, by its class
        self._client = client
        self._connected = connected
        client.on_message_listeners.append(self._heard)

    def start(self) -> None:
        """Connect.

        Raises:
            ConfigError: Slack refuses the app token.
            Retry: Slack cannot be reached.
        """
        try:
            self._handler.connect()  # type: ignore[no-untyped-call]
        except SlackApiError as exc:
            raise ConfigError(
                f"Slack refuses the app token ({exc.response['error']}): put one with the scope "
                "connections:write into slack.app_token."
            ) from None
        except OSError as exc:
            raise Retry("Slack cannot be reached for a socket.") from exc

    def stop(self) -> None:
        """Take nothing more in."""
        self._handler.close()  # type: ignore[no-untyped-call]

    def problem(self) -> str:
        """What is wrong with the connection, or nothing."""
        return "" if self._client.is_connected() else "The socket to Slack is not connected."

    def _heard(self, raw: str) -> None:
        if '"hello"' in raw and json.loads(raw).get("type") == "hello":
            log.info("socket.hello")
            self._connected()
