"""The clock, and durable workflows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Clock(Protocol):
    """Returns the domain's current time: aware, UTC."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class WorkflowSummary:
    """A workflow that failed, or that waits since ``created_at``, as an operator sees it."""

    key: str
    failed: bool
    created_at: datetime
    error: str


class Durable(Protocol):
    """Durable workflows. A workflow is a function that bootstrap registers under a name."""

    def enqueue(
        self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Sequence[Any]
    ) -> None:
        """Start a workflow when the transaction commits; do nothing if the key was used before.

        Workflows with the same ``partition_key`` run one at a time, in order.
        """

    def has_failed(self, key: str) -> bool:
        """Return whether the workflow with this key ended with an unexpected error or never started."""

    def failed_lately(self) -> list[str]:
        """Return the keys of the workflows that failed within the last day."""

    def resume(self, executors: Sequence[str]) -> list[str]:
        """Run what these ended executors left, for the one caller that claimed them; return the keys."""

    def resume_unrecorded(self) -> list[str]:
        """Run workflows again that this executor is recorded as running but does not run; return their keys.

        A full database records no end, and a partition would wait. The second of two calls resumes.
        """

    def step(self, name: str, fn: Callable[..., Any], *args: Any) -> Any:
        """Run ``fn`` once per workflow (again if a kill interrupts it) and return its plain JSON result."""
