"""Slack's published rate limits, for tests that enforce them."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

_WINDOW = 60.0


class RateLimits:
    """Counts calls in real time: methods by tier, posts once a second per channel."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, float] = {}

    def wait(self, method: str, tier: int, values: Mapping[str, Any]) -> int:
        """Returns the whole seconds to wait; 0 allows the call and counts it."""
        now = time.monotonic()
        if method == "chat.postMessage":
            channel = str(values.get("channel"))
            last = self._posts.get(channel)
            if last is not None and now - last < 1.0:
                return 1
            self._posts[channel] = now
            return 0
        if not tier:
            return 0
        calls = self._calls[method]
        while calls and now - calls[0] >= _WINDOW:
            calls.popleft()
        if len(calls) >= tier:
            return max(1, math.ceil(_WINDOW - (now - calls[0])))
        calls.append(now)
        return 0
