"""These tests are of what comes about, and not of how soon: a busy machine may take its time."""

from __future__ import annotations

import pytest

from bot.sandbox.slack import SlackSandbox


@pytest.fixture
def slack(slack: SlackSandbox) -> SlackSandbox:
    """The practice Slack, with more patience than Slack's three seconds."""
    slack.ack_seconds = slack.trigger_seconds = 15.0
    return slack
