"""Workflows that survive a kill: the only place that knows DBOS.

A workflow is a plain function, registered under a name in bootstrap. It is enqueued in the transaction
that makes it necessary, so that the change and its consequences commit together, and it runs its calls
as steps. A step may run twice (killed after its effect, before its checkpoint): whatever it does must
look before repeating. Steps and arguments are plain JSON.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from bot.errors import ConfigError

APPLICATION_VERSION = "1"
QUEUE = "mayday"
POLL_SECONDS = 0.1
LOST = frozenset({"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""The ends of a workflow that did not do what it was to do (docs.dbos.dev, workflow statuses)."""
LATELY = timedelta(days=1)

PATIENCE = 3.0
"""Seconds that a stop waits for work to end: little of the 30 that Kubernetes gives a pod."""

MOST_FORGOTTEN = 500
"""Workflows that are deleted in one transaction, which others wait for on SQLite."""


class DurableWork:
    """Fulfils :class:`bot.ports.Durable` with DBOS in the database at ``url``.

    ``executor`` names this replica and must be stable over its restarts: a started executor goes on
    with what the last one of its name left.
    """

    def __init__(self, url: str, *, executor: str = "mayday", poll: float = POLL_SECONDS) -> None:
        self._url = url
        self._executor = executor
        self._poll = poll
        self._workflows: dict[str, Callable[..., Any]] = {}
        self._live: set[str] = set()
        self._suspects: set[str] = set()
        self._client: DBOSClient | None = None

    def workflow(self, name: str, fn: Callable[..., Any]) -> None:
        """Register a workflow, before :meth:`launch`."""
        self._workflows[name] = fn

    def launch(self) -> None:
        """Make DBOS's tables, resume what a kill interrupted, and begin to take work.

        Raises:
            ConfigError: the database lets mayday in but does not do its part.
        """
        try:
            self._launch()
        except DBAPIError as exc:
            raise ConfigError(
                f"database.url: mayday cannot make its tables there ({str(exc.orig).strip()}): see "
                "that its user may create schemas and tables, and that the disk has room."
            ) from exc

    def _launch(self) -> None:
        logging.getLogger("dbos").setLevel(logging.ERROR)
        if self._url.startswith("sqlite"):
            _make_wal(self._url)
        config: DBOSConfig = {
            "name": "mayday",
            "system_database_url": self._url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._executor,
            "log_level": "ERROR",
            "serializer": DBOSPortableJSONSerializer(),
            "enable_otlp": False,
            "notification_listener_polling_interval_sec": self._poll,
            "use_listen_notify": False,
        }
        DBOS(config=config)
        for name, fn in self._workflows.items():
            DBOS.workflow(name=name)(self._function(fn))
        # A launch that fails is told in one sentence, without the traceback that DBOS logs first.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.launch()
        logging.getLogger("dbos").setLevel(logging.ERROR)
        DBOS.register_queue(
            QUEUE,
            partition_concurrency=1,
            polling_interval_sec=self._poll,
            on_conflict="always_update",
        )
        self._client = DBOSClient(
            system_database_url=self._url, serializer=DBOSPortableJSONSerializer()
        )

    def enqueue(
        self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Sequence[Any]
    ) -> None:
        """Start a workflow when ``tx`` commits; a second one with the same key changes nothing."""
        if self._client is None:
            raise RuntimeError("launch() comes first")
        options: EnqueueOptions = {
            "workflow_name": workflow,
            "queue_name": QUEUE,
            "workflow_id": key,
            "app_version": APPLICATION_VERSION,
            "queue_partition_key": partition_key,
        }
        self._client.enqueue_in_transaction(tx, options, *args)

    def has_failed(self, key: str) -> bool:
        """Whether the workflow ended by an error, was given up, or was never stored."""
        if self._client is None:
            raise RuntimeError("launch() comes first")
        found = self._client.list_workflows(workflow_ids=[key], load_input=False, load_output=False)
        return not found or found[0].status in LOST

    def failed_lately(self) -> list[str]:
        """See :meth:`bot.ports.Durable.failed_lately`."""
        if self._client is None:
            raise RuntimeError("launch() comes first")
        since = (datetime.now(UTC) - LATELY).isoformat()
        found = self._client.list_workflows(
            status=sorted(LOST), start_time=since, load_input=False, load_output=False
        )
        return [each.workflow_id for each in found]

    def cancel_orphaned(self) -> list[str]:
        """See :meth:`bot.ports.Durable.cancel_orphaned`."""
        if self._client is None:
            raise RuntimeError("launch() comes first")
        running = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        silent = {found.workflow_id for found in running} - self._live
        dead = sorted(silent & self._suspects)
        self._suspects = silent
        for key in dead:
            # Should it wake up after all, it ends at its next step.
            self._client.cancel_workflow(key)
        return dead

    def purge(self, *, keep_for: timedelta) -> int:
        """Delete what ended longer ago than that, the oldest first and not all at once; how many.

        Its key is free again: whoever keeps a key longer must know by its own rows what was done.
        """
        if self._client is None:
            raise RuntimeError("launch() comes first")
        ended = self._client.list_workflows(
            status=["SUCCESS", *LOST],
            completed_before=(datetime.now(UTC) - keep_for).isoformat(),
            limit=MOST_FORGOTTEN,
            load_input=False,
            load_output=False,
        )
        if ended:
            self._client.delete_workflows([found.workflow_id for found in ended])
        return len(ended)

    def step(self, name: str, fn: Callable[..., Any], *args: Any) -> Any:
        """Run ``fn`` as a checkpointed step of the workflow that is running."""
        return DBOS.run_step({"name": name}, fn, *args)

    def close(self, *, patience: float = PATIENCE) -> None:
        """Let what is running end within so many seconds; what does not goes on at the next launch.

        A step of a runbook that may end needs nobody to look whether it took effect.
        """
        # What is cut off is not a failure, and DBOS would log it as one with its traceback.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        deadline = time.monotonic() + patience
        while self._live and time.monotonic() < deadline:
            time.sleep(self._poll)
        if self._client is not None:
            self._client.destroy()
            self._client = None
        DBOS.destroy(destroy_registry=True)

    def _function(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """A plain function around a bound method, since DBOS sets attributes on what it registers."""

        def workflow(*args: Any) -> Any:
            key = str(DBOS.workflow_id)
            self._live.add(key)
            try:
                return fn(*args)
            finally:
                self._live.discard(key)

        return workflow


def _make_wal(url: str) -> None:
    """DBOS opens its own connections, which must meet WAL already set (it is kept in the file)."""
    engine = create_engine(url)
    with engine.connect() as conn:
        conn.execute(text("PRAGMA journal_mode=WAL"))
    engine.dispose()
