"""Signs of a hub's health beside its records: metrics, certificate, the proxy's log, recent changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.evidence import Fact, Unknown, View

NOT_ASKED = "mayday did not ask for this."


@dataclass(frozen=True, kw_only=True)
class HubMetrics:
    """What ``/hub/metrics`` says. Counts are since the hub's start; times are in seconds; None: not exported.

    ``spawns`` counts spawns by their status (``success``, ``failure``, …), ``errors`` are responses with 5xx.
    ``event_loop_lag`` and ``route_check`` are the mean of all measurements.
    """

    running: int | None = None
    spawns: Mapping[str, int] = field(default_factory=dict)
    errors: int | None = None
    event_loop_lag: float | None = None
    route_check: float | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The certificate of the public address."""

    subject: str
    issuer: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line of a container's log. ``at`` is when it was written last and ``first_at`` first, by the kubelet;
    ``count`` says how often it occurs."""

    text: str
    pod: str
    at: datetime | None = None
    first_at: datetime | None = None
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Merge:
    """A pull request that was merged. ``commit`` is its merge commit."""

    repository: str
    number: int
    title: str
    url: str
    merged_at: datetime
    author: str = ""
    commit: str = ""


def _unasked() -> View[Any]:
    return View.unread(NOT_ASKED)


@dataclass(frozen=True, kw_only=True)
class Signs:
    """The signs that a diagnosis reads. ``certificate`` is None for an address without TLS.

    ``notice`` is the text of the notice on the hub's page, empty if there is none. ``proxy_log`` has the
    lines of the proxy's log that are known to be bad, not all lines.
    """

    metrics: Fact[HubMetrics] = field(default_factory=lambda: Unknown(why=NOT_ASKED))
    certificate: Fact[Certificate | None] = field(default_factory=lambda: Unknown(why=NOT_ASKED))
    proxy_log: View[LogLine] = field(default_factory=_unasked)
    notice: Fact[str] = field(default_factory=lambda: Unknown(why=NOT_ASKED))
    merges: View[Merge] = field(default_factory=_unasked)
