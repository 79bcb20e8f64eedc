"""Waits for changes in another thread or process, with time limits."""

from __future__ import annotations

import time
from collections.abc import Callable

UNHURRIED = 12.0
"""Seconds that the practice Slack allows instead of three. They are real seconds, and a
busy machine may pause for that long. A call that hangs still exceeds them."""


def wait_until(met: Callable[[], object], what: str, *, timeout: float = 30) -> None:
    """Poll until a deadline."""
    deadline = time.monotonic() + timeout
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:g} s")
        time.sleep(0.02)
