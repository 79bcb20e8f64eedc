"""The certificate, the hub's metrics and recent changes as facts and findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnose import Severity
from bot.diagnose.certificates import certificate
from bot.diagnose.changes import merges, rollouts
from bot.diagnose.metrics import pending_spawns, slow_hub, spawn_failures
from bot.domain.evidence import Known
from bot.domain.signs import HubMetrics, Merge
from tests.support.around import CERTIFICATE, ago, around, core_pod, found, one, revision
from tests.support.hubs import NOW, facts, server


@pytest.mark.parametrize(
    ("rest", "text", "severity"),
    [
        (
            timedelta(days=3),
            "The certificate of the public address expires in three days, at 2026-11-25 12:00:00 UTC.",
            Severity.WARNING,
        ),
        (
            timedelta(hours=-1),
            "The certificate of the public address has expired: browsers refuse the connection.",
            Severity.CRITICAL,
        ),
    ],
)
def test_a_certificate_near_its_end(rest: timedelta, text: str, severity: Severity) -> None:
    near = replace(CERTIFICATE, expires_at=NOW + rest)
    finding = one(certificate, around(certificate=Known(value=near)))
    assert (finding.text, finding.severity) == (text, severity)
    assert finding.at == (near.expires_at if rest < timedelta(0) else None)
    assert finding.affects == (3 if rest < timedelta(0) else 0)


def test_an_address_without_tls_has_no_certificate() -> None:
    assert found(certificate, around(certificate=Known(value=None))) == []


def hub(**metrics: Any) -> Any:
    return around(metrics=Known(value=HubMetrics(started_at=ago(hours=5), **metrics)))


@pytest.mark.parametrize(
    ("spawns", "severity"),
    [
        ({"success": 10, "failure": 5}, Severity.WARNING),
        ({"failure": 5}, Severity.CRITICAL),
        ({"success": 1000, "failure": 5}, None),
        ({"failure": 2}, None),
        ({}, None),
    ],
)
def test_starts_that_fail(spawns: dict[str, int], severity: Severity | None) -> None:
    findings = found(spawn_failures, hub(spawns=spawns, errors=7))
    assert [each.severity for each in findings] == ([severity] if severity else [])
    for finding in findings:
        assert finding.at is None, "counters don't say when"
        assert finding.evidence[0] == "Counted since the hub's start at 07:00:00 UTC."
        assert finding.evidence[-1] == "Answers with 5xx: 7."


def test_many_starts_at_once() -> None:
    def starting(number: int) -> Any:
        users = tuple(server(f"user{n}", pending="spawn") for n in range(number))
        return around(facts(servers=(*users, server("ana"), server("ben", pending="stop"))))

    some, full = one(pending_spawns, starting(40)), one(pending_spawns, starting(64))
    assert some.text == "40 servers are being started at once."
    assert (some.severity, full.severity) == (Severity.NOTE, Severity.WARNING)
    assert found(pending_spawns, starting(9)) == []
    assert found(pending_spawns, around(facts(servers=None))) == []


def test_a_slow_hub() -> None:
    lag, check = found(slow_hub, hub(event_loop_lag=2.04, route_check=46.0))
    assert lag.text == "The hub answers slowly: its event loop is late by 2.0 s on average."
    assert check.text == (
        "The hub takes 46 s on average to check its routes, so missing ones come back late."
    )
    assert found(slow_hub, hub(event_loop_lag=0.06, route_check=0.4)) == []


def test_rollouts_of_the_last_three_hours() -> None:
    seen = around(
        revisions=(
            revision("hub", 3),
            revision("hub", 4, created_at=ago(minutes=40), cause="helm upgrade", replicas=1),
            revision("proxy", 7, created_at=ago(hours=4)),
        )
    )
    finding = one(rollouts, seen)
    assert finding.text == (
        "Deployment hub was rolled out: image registry.example.edu/hub:3 was replaced by "
        "registry.example.edu/hub:4."
    )
    assert (finding.severity, finding.at) == (Severity.NOTE, ago(minutes=40))
    assert finding.evidence == ("Cause given: helm upgrade.", "Pods of this revision: 1.")
    assert finding.remedy is None, "its pods are well"


def test_a_rollback_is_offered_where_the_pods_are_unwell() -> None:
    known = (revision("hub", 3), revision("hub", 4, created_at=ago(minutes=40)))
    broken = core_pod("hub", ready=False, reason="CrashLoopBackOff")
    finding = one(rollouts, around(core=(broken, core_pod("proxy")), revisions=known))
    assert finding.remedy is not None and finding.remedy.arguments == {"deployment": "hub"}


def test_a_restart_is_told_from_a_rollout() -> None:
    template = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "x"}}}
    image = "registry.example.edu/proxy:1"
    seen = around(
        revisions=(
            revision("proxy", 1, image=image),
            revision("proxy", 2, image=image, created_at=ago(minutes=5), template=template),
            revision("proxy", 3, image=image, created_at=ago(minutes=3), template=template),
        )
    )
    texts = [each.text for each in rollouts(seen)]
    assert texts == [
        "Deployment proxy was rolled out: revision 3, with the same images.",
        "Deployment proxy was restarted.",
    ]


def test_merges() -> None:
    merge = Merge(
        repository="example/hubs",
        number=5501,
        title="Use the fork\nof the proxy",
        url="https://github.example/5501",
        merged_at=ago(hours=2),
        author="shane",
    )
    finding = one(merges, around(merges=(merge,)))
    assert finding.text == ("Pull request example/hubs#5501 was merged: Use the fork of the proxy.")
    assert finding.at == ago(hours=2)
    assert finding.evidence == ("By shane. https://github.example/5501",)
    assert found(merges, around(merges=(replace(merge, merged_at=ago(hours=5)),))) == []
