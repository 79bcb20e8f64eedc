"""Schedules of on-call people, as the services use them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class OnCallPerson:
    """Somebody who is on call, as a schedule names them. ``emails`` and ``slack_ids`` are those it has."""

    name: str
    emails: tuple[str, ...] = ()
    slack_ids: tuple[str, ...] = ()


class OnCall(Protocol):
    """One schedule."""

    def at(self, moment: datetime) -> tuple[OnCallPerson, ...]:
        """Return who is on call then, the first one first; nobody is an empty tuple.

        Raises:
            UserError: the schedule can't be read, and a person has to change something.
            RetryLater: it can't be read now.
        """
