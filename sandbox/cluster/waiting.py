"""Waiting for a condition with a deadline, the one way in which the sandbox waits."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
    """Return as soon as `condition` holds. Raises TimeoutError, which names `what`, after a time.

    It looks ten times a second: everything that is waited for here takes longer than that.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.1)
