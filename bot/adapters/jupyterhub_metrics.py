"""Reads a hub's metrics from the text that Prometheus scrapes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import httpx

from bot.adapters.jupyterhub_health import VERSION_HEADER
from bot.adapters.jupyterhub_http import HubApi
from bot.domain.signs import HubMetrics

SCOPE = "read:metrics"

RUNNING = "jupyterhub_running_servers"
SPAWNS = "jupyterhub_server_spawn_duration_seconds_count"
RESPONSES = "jupyterhub_request_duration_seconds_count"
LAG = "jupyterhub_event_loop_interval_seconds"
ROUTES = "jupyterhub_check_routes_duration_seconds"
STARTED = "process_start_time_seconds"

_WANTED = (
    *(RUNNING, SPAWNS, RESPONSES, STARTED),
    *(f"{LAG}_sum", f"{LAG}_count", f"{ROUTES}_sum", f"{ROUTES}_count"),
)

Sample = tuple[str, Mapping[str, str], float]


def read_metrics(api: HubApi) -> HubMetrics:
    """Return the hub's metrics.

    Raises:
        UserError: the token lacks the scope, or the answer is not a hub's metrics.
        RetryLater: the hub failed.
    """
    answer = api.request("GET", "/metrics")
    if answer.status_code == httpx.codes.FORBIDDEN and VERSION_HEADER in answer.headers:
        # The hub answers this with a page, not with its API's JSON.
        raise api.lacking(SCOPE)
    try:
        samples = list(_samples(api.check(answer).text))
        if not samples:
            api.malformed()
        return _metrics(samples)
    except (ValueError, OverflowError):
        api.malformed()


def _samples(text: str) -> Iterable[Sample]:
    """Yield the wanted samples that are finite. The others, thousands of buckets, are not parsed."""
    # Imported here, because it registers collectors that only this needs.
    from prometheus_client.parser import text_string_to_metric_families

    wanted = [line for line in text.splitlines() if line.startswith(_WANTED)]
    for family in text_string_to_metric_families("\n".join(wanted) + "\n"):
        for sample in family.samples:
            if math.isfinite(sample.value):
                yield sample.name, sample.labels, sample.value


def _metrics(samples: Iterable[Sample]) -> HubMetrics:
    values: dict[str, float] = {}
    spawns: Counter[str] = Counter()
    errors: int | None = None
    for name, labels, value in samples:
        if name == SPAWNS:
            spawns[labels.get("status", "")] += int(value)
        elif name == RESPONSES:
            failed = labels.get("code", "").startswith("5")
            errors = (errors or 0) + (int(value) if failed else 0)
        else:
            values[name] = value
    running, started = values.get(RUNNING), values.get(STARTED)
    return HubMetrics(
        running=None if running is None else int(running),
        spawns=dict(spawns),
        errors=errors,
        event_loop_lag=_mean(values, LAG),
        route_check=_mean(values, ROUTES),
        started_at=None if started is None else datetime.fromtimestamp(started, UTC),
    )


def _mean(values: Mapping[str, float], name: str) -> float | None:
    """Return the mean of a histogram, or None if nothing was measured."""
    total, number = values.get(f"{name}_sum"), values.get(f"{name}_count")
    return total / number if total is not None and number else None
