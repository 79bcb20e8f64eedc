"""The section of the configuration about runbooks: who can run them, and under which policy."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from bot.config_access import Allow
from bot.config_types import Section, Words
from bot.domain.run_policy import LONGEST_LIFE, Lock, Where


class Limit(Section):
    """The limits of servers that one plan may end unless users are named; the greater one counts."""

    servers: int = Field(default=10, ge=0)
    percent: int = Field(default=20, ge=0, le=100)


class Policy(Section):
    """The policy of one runbook; what is left out is as its author declared it. Times are in minutes.

    ``allow`` and ``roles`` (of the incident) say who may plan and run it, in place of ``runbooks.allow``.
    """

    allow: Allow | None = None
    roles: Words = ()
    approvals: int | None = Field(default=None, ge=0, le=5)
    lifetime_minutes: float | None = Field(default=None, gt=0, le=LONGEST_LIFE.total_seconds() / 60)
    cooldown_minutes: float | None = Field(default=None, ge=0)
    lock: Lock | None = None
    where: Where | None = None
    dry_run: bool | None = None
    rehearse: bool | None = None


class Runbooks(Section):
    """Permissions and limits of runbooks. By default nobody can run one.

    ``directories`` have further runbooks, ``policies`` change those of some runbooks, by their names.
    """

    allow: Allow = Allow()
    limit: Limit = Limit()
    directories: tuple[Path, ...] = ()
    policies: dict[str, Policy] = Field(default_factory=dict)
