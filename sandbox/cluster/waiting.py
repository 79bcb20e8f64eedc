"""Waits for a condition with a deadline; the sandbox waits only this way."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
    """Return when `condition` holds. Raises TimeoutError, which names `what`, after `seconds`.

    Polls ten times a second: all conditions here take longer than that.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.1)
