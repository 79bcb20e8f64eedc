"""Time: what the domain's clock says, and the ticks that look for what is due.

The scheduler is only a clock. It keeps nothing: each tick asks the database what is due, so that neither
a restart nor a second replica loses or doubles anything. APScheduler drops jobs that are more than a
second late unless told otherwise, hence ``misfire_grace_time=None``.
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

from bot.ports import Clock

THREADS = 24
"""At most; a call that waits for the one before it holds a thread, too."""

log = structlog.get_logger()


def real_time() -> datetime:
    """Now."""
    return datetime.now(UTC)


def shifted_time(file: Path) -> Clock:
    """A clock that differs from real time by the ``offset`` in seconds that a JSON file holds."""

    def now() -> datetime:
        offset = json.loads(file.read_text(encoding="utf-8"))["offset"]
        return real_time() + timedelta(seconds=offset)

    return now


class Ticks:
    """Calls one service each, again and again, each by itself: one that fails stops no other."""

    def __init__(self) -> None:
        # Of each service one call may run while another waits for it: whoever is asked for soon begins
        # after that, and APScheduler would drop a job whose time comes while it runs.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 2},
        )
        self._last = time.monotonic()

    def every(self, seconds: float, name: str, service: Callable[[], Any]) -> None:
        """Call a service every so many seconds of real time, the first time at once."""
        one_at_a_time = threading.Lock()

        def tick() -> None:
            with one_at_a_time:
                if not self._scheduler.running:
                    return
                self._last = time.monotonic()
                try:
                    service()
                except Exception:
                    log.exception("tick.failed", tick=name)

        self._scheduler.add_job(
            tick, "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC)
        )

    def soon(self, name: str) -> None:
        """Call a service now instead of when its time comes; once more, if it is being called already."""
        with suppress(JobLookupError):  # a clock that has stopped has nothing to do any more
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more; a service that is being called is waited for, and none is called after it."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    @property
    def age(self) -> float:
        """Seconds since the last tick; a clock that stands still shows here."""
        return time.monotonic() - self._last
