"""The proxy's restarts, memory and log as facts and findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.diagnose import Severity, diagnose
from bot.diagnose.proxy import predecessor, proxy_log, proxy_memory, proxy_restart
from bot.domain.evidence import View
from bot.domain.proxy_log import bad_lines
from bot.domain.signs import LogLine
from tests.support.around import MEMORY, ago, around, core_pod, event, found, memory, one, revision
from tests.support.hubs import evicted, healthy

HUB = core_pod("hub")
AGAIN = core_pod(
    "proxy",
    restarts=1,
    last_exit="Error",
    last_exit_at=ago(minutes=3, seconds=1),
    running_since=ago(minutes=3),
)


def test_a_restart_without_harm_is_worth_a_note() -> None:
    finding = one(proxy_restart, around(core=(HUB, AGAIN)))
    assert finding.text == "The proxy restarted three minutes ago."
    assert (finding.severity, finding.at, finding.remedy) == (Severity.NOTE, ago(minutes=3), None)
    assert finding.evidence[1] == "It began one second after its container ended (Error)."


def test_a_restart_that_lost_routes() -> None:
    finding = one(proxy_restart, around(evicted("ana", "ben"), core=(HUB, AGAIN)))
    assert finding.text == "The proxy restarted and lost its routes: 2 of 2 users have none."
    assert (finding.severity, finding.affects) == (Severity.CRITICAL, 2)
    assert finding.remedy is not None and finding.remedy.runbook == "resync-routes"


@pytest.mark.parametrize(
    "pod",
    [
        core_pod("proxy"),
        core_pod("proxy", running_since=None, started_at=None),
        core_pod("proxy", deleting_since=ago(seconds=5), running_since=ago(minutes=3)),
        replace(AGAIN, running_since=ago(hours=2), last_exit_at=ago(hours=2)),
    ],
)
def test_a_proxy_that_did_not_restart_lately(pod: object) -> None:
    assert found(proxy_restart, around(core=(HUB, pod))) == []


def test_an_eviction_of_long_ago_is_no_cause() -> None:
    old = core_pod("proxy", name="proxy-0", phase="Failed", reason="Evicted", ready=False)
    new = core_pod("proxy", running_since=ago(minutes=3))
    far = around(core=(HUB, old, new), events=(event(old, "Evicted", at=ago(minutes=50)),))
    assert predecessor(far) == ""
    near = around(core=(HUB, old, new), events=(event(old, "Evicted", at=ago(minutes=4)),))
    assert predecessor(near) == "60 seconds after its pod was evicted"
    after = around(core=(HUB, old, new), events=(event(old, "Evicted", at=ago(minutes=2)),))
    assert predecessor(after) == ""


def test_a_rollout_is_a_cause() -> None:
    new = core_pod("proxy", created_at=ago(minutes=3, seconds=5), running_since=ago(minutes=3))
    rolled = revision("proxy", 2, created_at=ago(minutes=3, seconds=8))
    seen = around(core=(HUB, new), revisions=(revision("proxy", 1), rolled))
    assert predecessor(seen) == "eight seconds after Deployment proxy was rolled out"
    first = around(core=(HUB, new), revisions=(rolled,))
    assert predecessor(first) == "", "the installation"
    later = replace(new, created_at=ago(minutes=1), running_since=ago(seconds=50))
    again = around(core=(HUB, later), revisions=(revision("proxy", 1), rolled))
    assert predecessor(again) == "", "not the first pod of that revision"


def test_near_its_memory_limit() -> None:
    finding = one(proxy_memory, around(memory=(memory(used=int(0.9 * MEMORY)),)))
    assert finding.text == "The proxy uses 461 MiB of its memory limit of 512 MiB."
    assert finding.severity is Severity.WARNING and finding.at is None
    assert finding.remedy is not None and finding.remedy.runbook == "restart-proxy"
    assert found(proxy_memory, around(memory=(memory(used=MEMORY // 2),))) == []
    no_limit = core_pod("proxy", memory_limit=None)
    assert found(proxy_memory, around(core=(no_limit,), memory=(memory(used=MEMORY),))) == []


KILLED = core_pod(
    "proxy", last_exit="OOMKilled", last_exit_at=ago(minutes=1), running_since=ago(minutes=1)
)


@pytest.mark.parametrize(
    "measured",
    [(), (memory("proxy-0", used=MEMORY),), (memory(used=None),)]
    + [(memory(used=MEMORY, at=at),) for at in (None, ago(minutes=2))],
)
def test_its_memory_use_is_called_unknown_until_it_is_measured(measured: Any) -> None:
    """A measurement before the container's start is of the one that was killed."""
    finding = one(proxy_memory, around(core=(HUB, KILLED), memory=measured))
    assert finding.severity is Severity.UNKNOWN
    assert finding.text == (
        "mayday can't tell how near the proxy is to its memory limit: metrics-server hasn't measured its "
        "pod yet."
    )
    assert finding.evidence == ("Its memory limit is 512 MiB.",)


def test_without_metrics_server_the_reason_is_said_once() -> None:
    unread: Any = View.unread("Cluster teaching has no metrics-server.")
    seen = around(core=(HUB, KILLED), memory=unread)
    assert found(proxy_memory, seen) == []
    (finding,) = (each for each in diagnose(seen) if each.severity is Severity.UNKNOWN)
    assert finding.text == (
        "mayday can't tell how near the proxy is to its memory limit: Cluster teaching has no "
        "metrics-server."
    )


def test_bad_lines_of_the_log() -> None:
    lines = (
        LogLine(text="uncaught exception: write EPIPE", pod="p", at=ago(minutes=53), count=3),
        LogLine(text="Error: accept EMFILE", pod="p", at=ago(minutes=12)),
    )
    finding = one(proxy_log, around(proxy_log=lines))
    assert finding.text == (
        "The proxy's log has 4 lines of errors that are known to precede an outage."
    )
    assert (finding.severity, finding.at) == (Severity.WARNING, ago(minutes=53))
    assert "It has no file descriptors left, so it can't open connections." in finding.evidence
    assert finding.evidence[-2:] == (
        "3×: uncaught exception: write EPIPE (last at 11:07:00 UTC)",
        "Error: accept EMFILE",
    )


def test_bad_lines_of_an_outage_that_is_long_over_are_only_worth_knowing() -> None:
    line = LogLine(text="uncaught exception", pod="p", at=ago(hours=7), first_at=ago(hours=9))
    old, recent = (
        one(proxy_log, around(proxy_log=(each,)))
        for each in (line, replace(line, at=ago(hours=5), count=2))
    )
    assert (old.severity, recent.severity) == (Severity.NOTE, Severity.WARNING)
    assert old.at == recent.at == ago(hours=9), "when it began"


@pytest.mark.parametrize("stamp", ["20240601", "2024-06-01T10:00:00", "10:00:00.1", "x"])
def test_a_line_without_the_kubelets_time_has_none(stamp: str) -> None:
    (line,) = bad_lines(f"{stamp} uncaught exception", "p")
    assert (line.at, line.text) == (None, f"{stamp} uncaught exception")


def test_a_path_makes_no_line_of_its_own() -> None:
    log = (
        "2026-11-22T10:00:00Z 404 GET /\u20282026-11-22T09:00:00Z uncaught exception\n"
        "2026-11-22T11:00:00Z uncaught exception\n"
    )
    times = {line.at for line in bad_lines(log, "p")}
    assert times <= {datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (10, 11)}


def test_a_bad_line_has_its_first_and_its_last_time() -> None:
    log = "".join(f"2026-11-22T1{hour}:00:00.123456789Z write EPIPE\n" for hour in (0, 1, 2))
    (line,) = bad_lines(log, "p")
    assert line.count == 3 and line.first_at and line.at
    assert (line.first_at.hour, line.at.hour) == (10, 12)


def test_a_hub_without_its_own_proxy_pod() -> None:
    other = replace(AGAIN, release="another")
    assert found(proxy_restart, around(healthy("ana"), core=(HUB,), pods=(HUB, other))) == []
