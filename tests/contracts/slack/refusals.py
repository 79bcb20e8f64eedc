"""Errors of refused calls: Slack's code and mayday's code."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk.errors import SlackApiError

from bot.errors import UserError


def refused(call: Callable[[], object]) -> str:
    """Slack's error for a call of the official client."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def told(call: Callable[[], object]) -> str:
    """The error code that mayday's adapter derives."""
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.code
