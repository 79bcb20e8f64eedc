"""What a call is refused with, in Slack's own words and in mayday's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk.errors import SlackApiError

from bot.errors import UserError


def refused(call: Callable[[], object]) -> str:
    """The error that Slack answers to a call of the official client."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def told(call: Callable[[], object]) -> str:
    """The code of the refusal that mayday's adapter makes of it."""
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.code
