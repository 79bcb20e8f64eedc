"""The domain's clock, and the ticks that run due work.

The scheduler has no state: each tick queries the database for due work, so a restart neither loses nor
repeats anything. By default APScheduler drops jobs that are more than a second late, hence
``misfire_grace_time=None``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from bot.errors import LeaseLost
from bot.ports import Clock

THREADS = 24
"""The maximum number of threads. A call that waits for the previous one uses a thread, too."""

log = structlog.get_logger()


def real_time() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def shifted_time(file: Path) -> Clock:
    """Return a clock that adds the ``offset`` (seconds) in a JSON file to real time."""

    def now() -> datetime:
        offset = json.loads(file.read_text(encoding="utf-8"))["offset"]
        return real_time() + timedelta(seconds=offset)

    return now


class Ticks:
    """Calls services at intervals. A service that fails doesn't affect the others."""

    def __init__(self) -> None:
        # Two instances per service: one runs and one waits. APScheduler would otherwise drop a job that
        # becomes due while it runs. Repeated requests are coalesced into one job.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 2},
        )
        self._last = time.monotonic()

    def every(self, seconds: float, name: str, service: Callable[[], Any]) -> None:
        """Call a service at an interval in seconds of real time, starting now."""
        one_at_a_time = threading.Lock()

        def tick() -> None:
            with one_at_a_time:
                if not self._scheduler.running:
                    return
                self._last = time.monotonic()
                try:
                    service()
                except LeaseLost:
                    log.info("tick.refused", tick=name)
                except Exception:
                    log.exception("tick.failed", tick=name)

        self._scheduler.add_job(
            tick, "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC)
        )

    def run_soon(self, name: str) -> None:
        """Call a service now, or again after the current call if one is running."""
        with suppress(JobLookupError):  # the scheduler has stopped
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        """Start the ticks."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop the ticks, after the running calls have ended."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    @property
    def age(self) -> float:
        """Seconds since the last tick, which grow if the scheduler has stopped."""
        return time.monotonic() - self._last
