"""A practice Slack with mayday installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.cli import manifest
from sandbox.slack import SlackSandbox
from sandbox.slack.deliveries import ACK_SECONDS
from tests.smoke.someone import COMMAND

MANIFEST = manifest()
MANIFEST["features"]["slash_commands"][0]["command"] = COMMAND


@pytest.fixture
def slack() -> Iterator[SlackSandbox]:
    """A practice Slack with mayday installed; nothing runs there."""
    with SlackSandbox(manifest=MANIFEST) as made:
        made.ack_seconds = 10 * ACK_SECONDS
        made.trigger_seconds = 60
        yield made
