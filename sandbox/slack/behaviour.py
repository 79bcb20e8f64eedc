"""Settings of the practice Slack: scopes, limits, deadlines, and closed sockets."""

import asyncio

from sandbox.rules import Breakable
from sandbox.server import Server
from sandbox.slack.parts import Parts
from sandbox.slack.web_api.endpoint import WebApi


class Behaviour(Breakable):
    """Settings and faults of the whole sandbox; `faults` affect single calls."""

    _parts: Parts
    _server: Server
    _web_api: WebApi

    @property
    def scopes(self) -> set[str]:
        """The bot token's scopes; change the set to grant or revoke."""
        return self._parts.scopes

    @scopes.setter
    def scopes(self, scopes: set[str]) -> None:
        self._parts.scopes = set(scopes)

    def revoke_bot_token(self) -> None:
        """Answer `token_revoked` to the bot token from now on."""
        self._web_api.revoked.add(self._parts.workspace.app.bot_token)

    @property
    def bot_token_revoked(self) -> bool:
        """Whether the bot token is revoked."""
        return self._parts.workspace.app.bot_token in self._web_api.revoked

    def restore_bot_token(self) -> None:
        """Accept the bot token again."""
        self._web_api.revoked.discard(self._parts.workspace.app.bot_token)

    @property
    def trigger_seconds(self) -> float:
        """How long a trigger is valid, in real seconds; 0 expires each one at once."""
        return self._parts.modals.trigger_seconds

    @trigger_seconds.setter
    def trigger_seconds(self, seconds: float) -> None:
        self._parts.modals.trigger_seconds = seconds

    @property
    def ack_seconds(self) -> float:
        """How long the app has to acknowledge a delivery, in real seconds (3 in Slack)."""
        return self._parts.outbox.ack_seconds

    @ack_seconds.setter
    def ack_seconds(self, seconds: float) -> None:
        self._parts.outbox.ack_seconds = seconds

    def enforce_rate_limits(self, enforce: bool = True) -> None:
        """Enforce Slack's published rate limits; off by default."""
        self._web_api.enforce_limits = enforce

    def redeliver_after(self, *delays: float) -> None:
        """Real seconds before each redelivery of an unacknowledged event (0, 60, 300 as in Slack)."""
        self._parts.outbox.redelivery_delays = delays

    def disconnect(self, reason: str | None = "refresh_requested") -> None:
        """Close the app's sockets, as Slack does regularly (ten seconds after a `warning`).

        With None, only a WebSocket close frame is sent.
        """
        if self._server.loop is not None:
            farewell = self._parts.socket.disconnect_all(reason)
            asyncio.run_coroutine_threadsafe(farewell, self._server.loop).result()

    def cut(self) -> None:
        """Cut TCP connections of the app's open sockets without a close frame."""
        self._server.on_loop(lambda: self._server.connections.cut(*self._parts.socket.peers()))

    def silence(self) -> None:
        """Stop sending on the app's open sockets, including pongs."""
        self._server.on_loop(
            lambda: self._server.connections.silence(*self._parts.socket.silence_all())
        )
