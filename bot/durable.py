"""Runs workflows that survive a kill; the only module that imports DBOS.

A workflow is a plain function, registered under a name in bootstrap. It is enqueued in the transaction
that makes it necessary, so that the change and its consequences commit together, and it runs its calls
as steps. A step may run twice (a kill after its call and before its checkpoint), so it must look before
it repeats a call. Arguments and results are plain JSON.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from bot.errors import ConfigError, LeaseLost
from bot.ports import WorkflowSummary

APPLICATION_VERSION = "1"
QUEUE = "mayday"
"""The queue of the workflows in :mod:`bot.bootstrap.services`. A replica leaves a workflow alone
forever whose name it does not know, so a new workflow needs a new queue, which older replicas ignore."""
POLL_SECONDS = 0.45
FAILED = frozenset({"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""The statuses of a workflow that ended without success (docs.dbos.dev, workflow statuses)."""
FAILED_LATELY = timedelta(days=1)

IDLE_TRANSACTION = 10.0
"""Seconds after which PostgreSQL ends a transaction whose process is suspended, with its locks."""
UNUSED_POLL = 1.0
"""Seconds between two polls for messages between workflows, of which mayday sends none."""

STOP_TIMEOUT = 3.0
"""Seconds that a stop waits for running workflows, out of the 30 that Kubernetes gives a pod."""

PURGE_BATCH = 500
"""Workflows deleted in one transaction, for which other writers wait on SQLite."""

TABLES_REFUSED = (
    "database.url: mayday cannot create its tables there ({reason}). Allow its user to create schemas "
    "and tables, and check that the disk has room."
)
NO_WORKFLOWS = (
    "The tables of the workflows can't be read ({reason}): start mayday, which creates them."
)
NOT_LAUNCHED = "call launch() first"


class DurableWork:
    """Implements :class:`bot.ports.Durable` with DBOS in the database at ``url``.

    ``executor`` is the id of this process, new at each start. ``poll`` is in seconds. ``allowed`` says
    whether this process may still begin work.
    """

    def __init__(
        self,
        url: str,
        *,
        executor: str,
        poll: float = POLL_SECONDS,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        self._url = url
        self._executor = executor
        self._poll = poll
        self._allowed = allowed
        self._workflows: dict[str, Callable[..., Any]] = {}
        self._running_here: set[str] = set()
        self._ended = threading.Condition()
        self._maybe_unrecorded: set[str] = set()
        self._client: DBOSClient | None = None

    def workflow(self, name: str, fn: Callable[..., Any]) -> None:
        """Register a workflow, before :meth:`launch`."""
        self._workflows[name] = fn

    def launch(self) -> None:
        """Create DBOS's tables and start to take work.

        Raises:
            ConfigError: the database accepts the connection but refuses the tables.
        """
        try:
            self._launch()
        except DBAPIError as exc:
            raise ConfigError(TABLES_REFUSED.format(reason=str(exc.orig).strip())) from exc

    def _launch(self) -> None:
        logging.getLogger("dbos").setLevel(logging.ERROR)
        if self._url.startswith("sqlite"):
            _enable_wal(self._url)
        config: DBOSConfig = {
            "name": "mayday",
            "system_database_url": self._url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._executor,
            "log_level": "ERROR",
            "serializer": DBOSPortableJSONSerializer(),
            "enable_otlp": False,
            "notification_listener_polling_interval_sec": max(self._poll, UNUSED_POLL),
            "use_listen_notify": False,
            "sys_db_idle_transaction_timeout_sec": IDLE_TRANSACTION,
        }
        DBOS(config=config)
        DBOS.listen_queues([QUEUE])
        for name, fn in self._workflows.items():
            DBOS.workflow(name=name)(self._function(fn))
        # A launch that fails is reported in one sentence, without the traceback that DBOS logs first.
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
        options: EnqueueOptions = {
            "workflow_name": workflow,
            "queue_name": QUEUE,
            "workflow_id": key,
            "app_version": APPLICATION_VERSION,
            "queue_partition_key": partition_key,
        }
        self._launched.enqueue_in_transaction(tx, options, *args)

    def has_failed(self, key: str) -> bool:
        """Whether the workflow ended by an error, was cancelled, or was never stored."""
        found = self._launched.list_workflows(
            workflow_ids=[key], load_input=False, load_output=False
        )
        return not found or found[0].status in FAILED

    def failed_lately(self) -> list[str]:
        """See :meth:`bot.ports.Durable.failed_lately`."""
        since = (datetime.now(UTC) - FAILED_LATELY).isoformat()
        found = self._launched.list_workflows(
            status=sorted(FAILED), start_time=since, load_input=False, load_output=False
        )
        return [each.workflow_id for each in found]

    def resume(self, executors: Sequence[str]) -> list[str]:
        """See :meth:`bot.ports.Durable.resume`."""
        return self._resume(self._pending(executors))

    def resume_unrecorded(self) -> list[str]:
        """See :meth:`bot.ports.Durable.resume_unrecorded`."""
        not_here = set(self._pending([self._executor])) - self._running_here
        unrecorded = sorted(not_here & self._maybe_unrecorded)
        self._maybe_unrecorded = not_here
        return self._resume(unrecorded)

    def _pending(self, executors: Sequence[str]) -> list[str]:
        found = self._launched.list_workflows(
            status="PENDING", executor_id=list(executors), load_input=False, load_output=False
        )
        return [each.workflow_id for each in found]

    def _resume(self, keys: list[str]) -> list[str]:
        if keys:
            # An execution that is left somewhere cannot record a step or its end any more.
            self._launched.resume_workflows(keys, queue_name=QUEUE)
        return keys

    def purge(self, *, keep_for: timedelta) -> int:
        """Delete a batch of workflows that ended longer ago than that; return how many.

        Their keys can be used again: who relies on a key for longer must keep rows of what was done.
        """
        client = self._launched
        ended = client.list_workflows(
            status=["SUCCESS", *FAILED],
            completed_before=(datetime.now(UTC) - keep_for).isoformat(),
            limit=PURGE_BATCH,
            load_input=False,
            load_output=False,
        )
        if ended:
            client.delete_workflows([found.workflow_id for found in ended])
        return len(ended)

    def step(self, name: str, fn: Callable[..., Any], *args: Any) -> Any:
        """Run ``fn`` as a checkpointed step of the running workflow and return its result."""
        return DBOS.run_step({"name": name}, fn, *args)

    def close(self, *, timeout: float = STOP_TIMEOUT) -> None:
        """Wait up to ``timeout`` seconds for running workflows; the others resume at the next launch.

        A runbook's step that is left to end needs no person to check whether it succeeded.
        """
        # An interrupted workflow is no failure, but DBOS would log it as one with its traceback.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        with self._ended:
            self._ended.wait_for(lambda: not self._running_here, timeout)
        if self._client is not None:
            self._client.destroy()
            self._client = None
        DBOS.destroy(destroy_registry=True)

    @property
    def _launched(self) -> DBOSClient:
        if self._client is None:
            raise RuntimeError(NOT_LAUNCHED)
        return self._client

    def _function(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a bound method in a function, since DBOS sets attributes on what it registers."""

        def workflow(*args: Any) -> Any:
            if not self._allowed():
                raise LeaseLost
            key = str(DBOS.workflow_id)
            with self._ended:
                self._running_here.add(key)
            try:
                return fn(*args)
            except LeaseLost:
                # If the lease is renewed after all, this goes on at the next look.
                self._maybe_unrecorded.add(key)
                raise
            finally:
                with self._ended:
                    self._running_here.discard(key)
                    self._ended.notify_all()

        return workflow


def look_at_workflows(url: str) -> list[WorkflowSummary]:
    """Return the workflows that failed within the last day, and those that wait to be run.

    It launches nothing and creates no table.

    Raises:
        ConfigError: the database has no such tables, or it doesn't answer.
    """
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    # An engine of ours: DBOS's own takes the writer's lock of SQLite also for reading.
    engine = create_engine(url)
    client = DBOSClient(
        system_database_engine=engine,
        serializer=DBOSPortableJSONSerializer(),
        lazy=True,
        retry_connection_errors=False,
    )
    try:
        since = (datetime.now(UTC) - FAILED_LATELY).isoformat()
        found = [
            *client.list_workflows(status=sorted(FAILED), start_time=since, load_input=False),
            *client.list_workflows(status="ENQUEUED", load_input=False, load_output=False),
        ]
    except DBAPIError as exc:
        raise ConfigError(NO_WORKFLOWS.format(reason=str(exc.orig).splitlines()[0])) from exc
    finally:
        client.destroy()
        engine.dispose()
    return [
        WorkflowSummary(
            key=each.workflow_id,
            failed=each.status in FAILED,
            created_at=datetime.fromtimestamp((each.created_at or 0) / 1000, UTC),
            error="" if each.error is None else str(each.error),
        )
        for each in found
    ]


def _enable_wal(url: str) -> None:
    """Set WAL in the file, before DBOS opens connections of its own."""
    engine = create_engine(url)
    with engine.connect() as conn:
        conn.execute(text("PRAGMA journal_mode=WAL"))
    engine.dispose()
