"""Waiting for what comes about in another thread or process, and how long it may take."""

from __future__ import annotations

import time
from collections.abc import Callable

UNHURRIED = 12.0
"""Seconds that the practice Slack grants instead of its three: they are real ones, and a machine that is
busy with the rest of the suite may stand still for as long. A call that hangs still takes too long."""


def wait_until(met: Callable[[], object], what: str, *, timeout: float = 30) -> None:
    """Ask again and again, until a deadline."""
    deadline = time.monotonic() + timeout
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:g} s")
        time.sleep(0.02)
