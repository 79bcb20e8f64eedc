"""The socket ends in every way that it can: mayday is back, and what was said meanwhile is on record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.sandbox.slack import SlackSandbox
from tests.support.bot import Child, Scene, wait_until
from tests.support.talk import Talk

WAYS: dict[str, Callable[[SlackSandbox], None]] = {
    reason: (lambda slack, reason=reason: slack.disconnect(reason))
    for reason in ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
}
