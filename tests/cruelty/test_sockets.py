"""The socket ends in every way that it can: mayday is back, and what was said meanwhile is on record."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.slack import SlackSandbox

WAYS: dict[str, Callable[[SlackSandbox], None]] = {
    reason: (lambda slack, reason=reason: slack.disconnect(reason))
    for reason in ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
}
