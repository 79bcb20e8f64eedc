"""A running sandbox, a plain client, and a real Bolt app connected over Socket Mode."""

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.app_manifest import APP_MANIFEST
from tests.support.waiting import UNHURRIED

Connect = Callable[[App], SocketModeHandler]


@pytest.fixture
def moved(tmp_path: Path) -> SandboxClock:
    """The sandbox's clock, which a test can move."""
    return SandboxClock(tmp_path / "clock.json")


@pytest.fixture(scope="session")
def stopping() -> Iterator[Callable[[SlackSandbox], None]]:
    """Stops a sandbox while the next test runs: a server takes 0.2 s to close its connections."""
    stops: list[Future[None]] = []
    with ThreadPoolExecutor(4) as pool:
        yield lambda sandbox: stops.append(pool.submit(sandbox.stop))
        for stop in stops:
            stop.result()


@pytest.fixture
def slack(moved: SandboxClock, stopping: Callable[[SlackSandbox], None]) -> Iterator[SlackSandbox]:
    sandbox = SlackSandbox(manifest=APP_MANIFEST, clock=moved).start()
    sandbox.ack_seconds = sandbox.trigger_seconds = UNHURRIED
    yield sandbox
    stopping(sandbox)


@pytest.fixture
def client(slack: SlackSandbox) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def app(slack: SlackSandbox, client: WebClient) -> App:
    """A Bolt app without listeners."""
    return App(client=client, signing_secret=slack.signing_secret)


@pytest.fixture
def connect(slack: SlackSandbox) -> Iterator[Connect]:
    """Connects an app and waits for the connection. Add listeners first.

    A catch-all listener acknowledges all other events.
    """
    handlers: list[SocketModeHandler] = []
    quiet = logging.getLogger("slack_sdk.quiet")
    quiet.setLevel(logging.CRITICAL)

    def start(app: App) -> SocketModeHandler:
        app.event(re.compile(".*"))(lambda: None)
        handler = SocketModeHandler(
            app,
            app_token=slack.app_token,
            web_client=WebClient(base_url=slack.api_url),
            logger=quiet,
        )
        handlers.append(handler)
        before = slack.socket_count
        handler.connect()  # type: ignore[no-untyped-call]
        slack.wait_for(lambda: slack.socket_count > before)
        return handler

    yield start
    # Closing a client during a read waits for its receive timeout (3 s) and its queue (1 s).
    # Close the sockets from this side first, then wake both.
    for handler in handlers:
        handler.client.auto_reconnect_enabled = False
    slack.disconnect(None)
    for handler in handlers:
        handler.client.closed = True
        handler.client.message_queue.put(None)
        handler.client.current_session_runner.shutdown()  # type: ignore[no-untyped-call]
        handler.close()  # type: ignore[no-untyped-call]


def modal(callback_id: str, *blocks: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A small modal."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": "A form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
        **rest,
    }


def text_input(name: str, *, optional: bool = False, **rest: Any) -> dict[str, Any]:
    """A text input whose block_id and action_id are both `name`."""
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": {"type": "plain_text", "text": name},
        "element": {"type": "plain_text_input", "action_id": name, **rest},
    }


@pytest.fixture
def forms() -> tuple[Callable[..., dict[str, Any]], Callable[..., dict[str, Any]]]:
    """The builders of a modal and of a text input."""
    return modal, text_input
