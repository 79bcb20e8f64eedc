"""How the practice Slack behaves towards the app: what it grants, how strict it is, when sockets end."""

import asyncio

from sandbox.rules import Breakable
from sandbox.slack.deliveries import Outbox
from sandbox.slack.manifest import Manifest
from sandbox.slack.person import Parts
from sandbox.slack.server import Server
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.web_api.context import Context
from sandbox.slack.web_api.endpoint import WebApi


class Behaviour(Breakable):
    """The part of the sandbox that makes it kind or cruel; `faults` are for single calls."""

    _context: Context
    _manifest: Manifest
    _outbox: Outbox
    _parts: Parts
    _server: Server
    _socket: SocketMode
    _web_api: WebApi

    @property
    def scopes(self) -> set[str]:
        """The bot token's scopes; change the set to grant or take away."""
        return self._context.scopes

    @scopes.setter
    def scopes(self, scopes: set[str]) -> None:
        self._context.scopes = set(scopes)

    @property
    def granted(self) -> frozenset[str]:
        """The scopes that the app's manifest asks for, and was given."""
        return frozenset(self._manifest.scopes)

    def revoke_bot_token(self) -> None:
        """Answer `token_revoked` to the bot token from now on."""
        self._web_api.revoked.add(self._context.workspace.app.bot_token)

    @property
    def bot_token_revoked(self) -> bool:
        """Whether it is."""
        return self._context.workspace.app.bot_token in self._web_api.revoked

    def restore_bot_token(self) -> None:
        """Take the bot token again."""
        self._web_api.revoked.discard(self._context.workspace.app.bot_token)

    @property
    def trigger_seconds(self) -> float:
        """How long a trigger is good, in real seconds; 0 lets every one be too old at once."""
        return self._parts.modals.trigger_seconds

    @trigger_seconds.setter
    def trigger_seconds(self, seconds: float) -> None:
        self._parts.modals.trigger_seconds = seconds

    @property
    def ack_seconds(self) -> float:
        """How long the app has to acknowledge a delivery, in real seconds (3 in Slack)."""
        return self._outbox.ack_seconds

    @ack_seconds.setter
    def ack_seconds(self, seconds: float) -> None:
        self._outbox.ack_seconds = seconds

    def enforce_rate_limits(self, enforce: bool = True) -> None:
        """Hold calls to Slack's published limits; off unless asked for."""
        self._web_api.enforce_limits = enforce

    def redeliver_after(self, *delays: float) -> None:
        """Real seconds before each redelivery of an unacknowledged event (0, 60, 300 as in Slack)."""
        self._outbox.redelivery_delays = delays

    def disconnect(self, reason: str | None = "refresh_requested") -> None:
        """Close the app's sockets as Slack does now and then; a client then reconnects.

        None closes them without a word of Slack's, with WebSocket's own goodbye.
        """
        if self._server.loop is not None:
            farewell = self._socket.disconnect_all(reason)
            asyncio.run_coroutine_threadsafe(farewell, self._server.loop).result()

    def cut(self) -> None:
        """End the TCP connections of the app's open sockets, without any goodbye."""
        self._server.on_loop(lambda: self._server.connections.cut(*self._socket.peers()))

    def silence(self) -> None:
        """Let the app's open sockets die without a word: nothing comes, and no ping is answered."""
        self._server.on_loop(lambda: self._server.connections.silence(*self._socket.silence_all()))
