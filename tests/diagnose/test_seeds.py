"""The two outages that the founding reports tell: the proxy's eviction of 2017 and the core nodes of 2024."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.diagnose import Finding, Remedy, Severity, diagnose, headline
from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from bot.domain.hubs import Health
from bot.domain.signs import LogLine
from tests.support.around import (
    ago,
    around,
    core_pod,
    event,
    node,
    revision,
    waiting,
)
from tests.support.hubs import facts, pod, route, server

# --- 2017: the proxy is evicted, its successor has no routes ---------------------------------------

EVICTED_AT = datetime(2017, 2, 24, 5, 10, 57, tzinfo=UTC)  # 21:10:57 PST
NEW_PROXY_AT = datetime(2017, 2, 24, 5, 11, 4, tzinfo=UTC)
READ_AT = datetime(2017, 2, 24, 5, 14, 0, tzinfo=UTC)
USERS = [f"student{number}" for number in range(31)]
KEPT = USERS[12:]


def eviction() -> HubFacts:
    """Three minutes later: the hub has written 19 of 31 routes back, and everything answers."""
    seen = facts(
        servers=tuple(replace(server(u), started=READ_AT - timedelta(hours=2)) for u in USERS),
        pods=tuple(replace(pod(u), created_at=READ_AT - timedelta(hours=2)) for u in USERS),
        routes=tuple(map(route, KEPT)),
        at=READ_AT,
    )
    evicted = core_pod(
        "proxy",
        name="proxy-old",
        phase="Failed",
        reason="Evicted",
        message="The node was low on resource: inodes.",
        ready=False,
        running_since=None,
    )
    new = core_pod(
        "proxy",
        name="proxy-new",
        created_at=EVICTED_AT + timedelta(seconds=1),
        started_at=EVICTED_AT + timedelta(seconds=2),
        running_since=NEW_PROXY_AT,
    )
    return around(
        seen,
        core=(core_pod("hub"), evicted, new),
        events=(event(evicted, "Evicted", "The node was low on resource.", at=EVICTED_AT),),
    )


def by_rule(findings: list[Finding]) -> dict[str, Finding]:
    return {each.rule: each for each in findings}


def test_2017_the_headline_says_who_what_and_since_when() -> None:
    seen = eviction()
    assert headline(seen, diagnose(seen)) == (
        "12 of 31 users cannot reach their server: the proxy lost their routes at 05:11:04 UTC, "
        "seven seconds after its pod was evicted."
    )


def test_2017_the_findings() -> None:
    findings = by_rule(diagnose(eviction()))
    assert list(findings) == ["unrouted", "proxy-restart", "core-pod", "failed-pods"]
    routes = findings["unrouted"]
    assert (routes.severity, routes.at, routes.affects) == (Severity.CRITICAL, NEW_PROXY_AT, 12)
    assert routes.remedy == Remedy(runbook="resync-routes", label="Resync routes")
    assert (
        "12 of these servers run and their work is safe: nothing must be deleted."
        in routes.evidence
    )
    restart = findings["proxy-restart"]
    assert (restart.severity, restart.at) == (Severity.CRITICAL, NEW_PROXY_AT)
    assert restart.text == "The proxy restarted and lost its routes: 12 of 31 users have none."
    assert "It began seven seconds after its pod was evicted." in restart.evidence
    gone = findings["core-pod"]
    assert (gone.severity, gone.at) == (Severity.WARNING, EVICTED_AT)
    assert gone.text == (
        "Pod proxy-old of the proxy was evicted: The node was low on resource: inodes."
    )
    assert gone.evidence[0] == "Another pod of the proxy is ready: proxy-new."


def test_2017_after_a_resync_that_did_not_help_a_restart_is_offered() -> None:
    tried = replace(eviction(), last_done={"resync-routes": READ_AT - timedelta(minutes=2)})
    remedy = by_rule(diagnose(tried))["unrouted"].remedy
    assert remedy == Remedy(runbook="restart-proxy", label="Restart the proxy")


def test_2017_without_the_pods_of_the_cluster_the_time_is_unknown() -> None:
    seen = replace(eviction(), proxy_pods=View.unread("Away."))
    seen = replace(seen, around=replace(seen.around, pods=View.unread("Away.")))
    assert headline(seen, diagnose(seen)) == (
        "12 of 31 users cannot reach their server: the proxy has no route to it; mayday can't tell "
        "since when."
    )


# --- 2024: the core pool is scaled to zero, and a fork of the proxy crashes ------------------------

ZERO_AT = ago(minutes=6)


def core_pool_at_zero() -> HubFacts:
    """The autoscaler removed the only core node; hub and proxy wait, and nothing answers."""
    seen = facts(
        servers=None,
        pods=tuple(map(pod, ("ana", "ben"))),
        routes=None,
        health=Health(hub=False, proxy=False),
    )
    hub, proxy = waiting("hub", name="hub-2"), waiting("proxy", name="proxy-2")
    old = core_pod("hub", name="hub-1")
    return around(
        seen,
        core=(hub, proxy),
        nodes=(node("user-node-1"), node("user-node-2")),
        events=(
            event(old, "ScaleDown", "deleting pod for node scale down", at=ZERO_AT),
            event(hub, "FailedScheduling", hub.message),
        ),
    )


def test_2024_the_core_pool_is_at_zero() -> None:
    seen = core_pool_at_zero()
    findings = diagnose(seen)
    assert headline(seen, findings) == (
        "Nobody can reach the hub or a server: no node of the core pool is Ready, so hub and proxy have "
        "nowhere to run (11:54:00 UTC)."
    )
    zero = by_rule(findings)["core-pool"]
    assert (zero.severity, zero.at, zero.affects) == (Severity.CRITICAL, ZERO_AT, None)
    assert zero.evidence == (
        "No node has the labels of the core pool (hub.jupyter.org/node-purpose=core).",
        "Waiting for a node: hub-2, proxy-2.",
        "ScaleDown: deleting pod for node scale down",
        "A new node takes 10 to 15 minutes.",
    )
    assert zero.remedy is None, "nothing that mayday does makes a node come faster"
    pods = [each for each in findings if each.rule == "core-pod"]
    assert {each.severity for each in pods} == {Severity.CRITICAL}
    assert all(each.remedy is None for each in pods), "a restart would wait for the same node"
    assert not [each for each in findings if each.remedy and "restart" in each.remedy.runbook]


def test_2024_afterwards_the_pool_can_be_held() -> None:
    old = core_pod("hub", name="hub-1")
    back = around(
        core=(core_pod("hub", name="hub-2"), core_pod("proxy", name="proxy-2")),
        events=(event(old, "ScaleDown", "deleting pod for node scale down", at=ZERO_AT),),
    )
    finding = by_rule(diagnose(back))["core-scale-down"]
    assert finding.remedy == Remedy(runbook="hold-core-pool", label="Hold the core pool")
    assert finding.at == ZERO_AT


def crashing_fork() -> HubFacts:
    """A fork of the proxy, deployed two hours ago, crashes every twenty minutes under 250 users."""
    users = [f"user{number}" for number in range(250)]
    fork = core_pod(
        "proxy",
        restarts=6,
        last_exit="Error",
        last_exit_at=ago(minutes=3, seconds=10),
        running_since=ago(minutes=3),
        images=("registry.example.edu/proxy:fork",),
    )
    return around(
        facts(
            servers=tuple(map(server, users)),
            pods=tuple(map(pod, users)),
            routes=tuple(map(route, users[:30])),
        ),
        core=(core_pod("hub"), fork),
        memory=(),
        revisions=(
            revision("proxy", 1),
            revision("proxy", 2, image="registry.example.edu/proxy:fork", created_at=ago(hours=2)),
        ),
        proxy_log=(
            LogLine(
                text="uncaught exception: write EPIPE", pod="proxy-1", at=ago(minutes=63), count=41
            ),
        ),
    )


def test_2024_the_fork_of_the_proxy_crashes() -> None:
    seen = crashing_fork()
    findings = by_rule(diagnose(seen))
    assert headline(seen, list(findings.values())) == (
        "220 of 250 users cannot reach their server: the proxy lost their routes at 11:57:00 UTC, "
        "ten seconds after its container ended (Error)."
    )
    climbs = findings["core-pod"]
    assert climbs.text == (
        "Pod proxy-1 of the proxy restarted 6 times, the last time because of Error."
    )
    log = findings["proxy-log"]
    assert log.at == ago(minutes=63)
    assert "41×: uncaught exception: write EPIPE (last at 10:57:00 UTC)" in log.evidence
    memory = findings["proxy-memory"]
    assert memory.severity is Severity.UNKNOWN and memory.evidence == (
        "Its memory limit is 512 MiB.",
    )
    rollout = findings["rollout"]
    assert rollout.at == ago(hours=2)
    assert rollout.text == (
        "Deployment proxy was rolled out: image registry.example.edu/proxy:1 was replaced by "
        "registry.example.edu/proxy:fork."
    )
    assert rollout.remedy == Remedy(
        runbook="roll-back", label="Roll back proxy", arguments={"deployment": "proxy"}
    )


def test_2024_the_proxy_is_killed_at_its_memory_limit() -> None:
    killed = core_pod("proxy", restarts=2, last_exit="OOMKilled", last_exit_at=ago(minutes=20))
    findings = by_rule(diagnose(around(core=(core_pod("hub"), killed))))
    assert findings["core-pod"].at == ago(minutes=20)
    assert findings["core-pod"].evidence[0] == "Memory limit: 512 MiB."


def test_times_are_in_the_zone_of_the_reading() -> None:
    """People of DataHub read the time of their own clocks."""
    here = replace(eviction(), read_at=READ_AT.astimezone(ZoneInfo("America/Los_Angeles")))
    assert "the proxy lost their routes at 21:11:04 PST, " in headline(here, diagnose(here))
