"""No facts make a rule raise, and the sentence is always one plain sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnose import Finding, Severity, diagnose, headline
from bot.domain.cluster import (
    CORDONED_AT,
    CORDONED_BY,
    CORDONED_UNTIL,
    POOLS,
    PURPOSE,
    Budget,
    Claim,
    ClusterFacts,
    Event,
    Node,
    PodMemory,
    Quota,
    Revision,
    Workload,
)
from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import MORE, HubFacts
from bot.domain.hubs import Deployment, Health, Pod
from bot.domain.signs import Certificate, HubMetrics, LogLine, Merge, Signs
from tests.support.around import around
from tests.support.hubs import NOW, RELEASE, facts, healthy, pod, route, server

COMPONENTS = ("hub", "proxy", "user-scheduler", "autohttps", "singleuser-server", "other", "")
NAMES = ("hub-1", "proxy-1", "jupyter-ana", "*b*", "")
REASONS = (
    *("", "Unschedulable", "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "Evicted"),
    *("OOMKilled", "Error", "ContainerCreating", "Failed", "FailedMount", "FailedAttachVolume"),
    *("FailedScheduling", "FailedScaleUp", "NotTriggerScaleUp", "ScaleDown", "TriggeredScaleUp"),
    "ProvisioningFailed",
)
TEXTS = (
    *("", "x", '<!channel> & "*bold*" `code` ~no~ | <https://example.edu|link>', "a\nb\x1b[31m"),
    *("Multi-Attach error", "No space left on device", "exceeded quota", "database is locked"),
    *("ZONE_RESOURCE_POOL_EXHAUSTED", "long " * 200, 'image "a/b:c" not found', "QUOTA_EXCEEDED"),
)
reasons, texts, names = map(st.sampled_from, (REASONS, TEXTS, NAMES))
times = st.one_of(
    st.none(),
    st.sampled_from((-9e5, -60, 0, 1, 7, 61, 599, 3601, 9999, 90_000, 9e6)).map(
        lambda seconds: NOW - timedelta(seconds=seconds)
    ),
)
known_times = times.filter(lambda at: at is not None)
counts = st.sampled_from((0, 1, 3, 12, 1000))
sizes = st.sampled_from((None, 0, 1, 2**29, 2**40))
notes = st.dictionaries(
    st.sampled_from((CORDONED_BY, CORDONED_AT, CORDONED_UNTIL)),
    st.sampled_from(("", "U1", "2026-11-22T11:00:00+00:00", "2026-11-22T11:00:00", "nonsense")),
)
labels = st.dictionaries(
    st.sampled_from((PURPOSE, POOLS[0])), st.sampled_from(("core", "user", ""))
)


def made(cls: type[Any], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(cls, **parts)


pods = made(
    Pod,
    name=names,
    uid=st.sampled_from(("", "u1", "u2", "u3", "uid-ana")),
    phase=st.sampled_from(("Running", "Pending", "Failed", "Succeeded", "Unknown")),
    reason=reasons,
    node=st.sampled_from(("", "core-1", "gone")),
    user=st.sampled_from(("", "ana", "ben")),
    component=st.sampled_from(COMPONENTS),
    created_at=times,
    started_at=times,
    deleting_since=times,
    restarts=counts,
    ready=st.booleans(),
    release=st.sampled_from((RELEASE, "", "other")),
    message=texts,
    last_exit=reasons,
    last_exit_at=times,
    running_since=times,
    unready_since=times,
    images=st.sampled_from(((), ("a:1",), ("a:1", "b:2"))),
    claims=st.sampled_from(((), ("hub-db-dir",), ("a", "b"))),
    memory_limit=sizes,
)
nodes = made(
    Node,
    name=st.sampled_from(("core-1", "user-node-1", "")),
    uid=names,
    ready=st.sampled_from((True, False, None)),
    why=texts,
    since=times,
    pressures=st.sampled_from(((), ("MemoryPressure",))),
    is_cordoned=st.booleans(),
    cordoned_at=times,
    labels=labels,
    annotations=notes,
    taints=st.sampled_from(((), ("ToBeDeletedByClusterAutoscaler=1:NoSchedule",))),
)
events = made(
    Event,
    kind=st.sampled_from(("Pod", "PersistentVolumeClaim", "")),
    name=names,
    reason=reasons,
    message=texts,
    uid=st.sampled_from(("", "u1", "u2", "uid-ana")),
    at=times,
    first_at=times,
)
claims = made(
    Claim,
    name=st.sampled_from(("hub-db-dir", "a", "")),
    uid=names,
    phase=st.sampled_from(("Bound", "Pending", "Lost", "")),
    can_grow=st.sampled_from((True, False, None)),
    conditions=st.sampled_from(((), ("Resizing",))),
    created_at=times,
)
budgets = made(Budget, name=names, allowed=counts, healthy=counts, desired=counts, expected=counts)
quantities = st.dictionaries(
    st.sampled_from(("pods", "limits.memory")),
    st.sampled_from(("0", "1", "10", "1.5Gi", "100m", "", "many", "...", "-1", "1e3")),
)
quotas = made(Quota, name=names, hard=quantities, used=quantities)
revisions = made(
    Revision,
    deployment=st.sampled_from(("hub", "proxy", "")),
    number=counts,
    name=names,
    created_at=times,
    images=st.sampled_from(((), ("a:1",), ("a:2",))),
    cause=texts,
    template=st.sampled_from(
        ({}, {"metadata": None}, {"metadata": {"annotations": None}}, {"spec": []}, {"metadata": 3})
    ),
)
deployments = made(
    Deployment,
    name=st.sampled_from(("hub", "proxy", "user-scheduler")),
    replicas=counts,
    ready=counts,
    updated=counts,
    generation=counts,
    observed_generation=counts,
    strategy=st.sampled_from(("Recreate", "RollingUpdate")),
    paused=st.booleans(),
)
lines = made(LogLine, text=texts, pod=names, at=times, count=counts)
merges = made(
    Merge,
    repository=names,
    number=counts,
    title=texts,
    url=texts,
    merged_at=known_times,
    author=texts,
)
metrics = made(
    HubMetrics,
    spawns=st.dictionaries(st.sampled_from(("success", "failure", "throttled")), counts),
    errors=st.one_of(st.none(), counts),
    event_loop_lag=st.sampled_from((None, 0.0, 3.5)),
    route_check=st.sampled_from((None, 0.0, 700.0)),
    started_at=times,
)
certificates = st.one_of(
    st.none(), made(Certificate, subject=texts, issuer=texts, expires_at=known_times)
)
WHYS = st.sampled_from(("", "", "", "It is <filtered>.", "mayday isn't allowed to list nodes."))


@st.composite
def views(draw: st.DrawFn, items: st.SearchStrategy[Any]) -> View[Any]:
    if draw(st.sampled_from((False,) * 6 + (True,))):
        return View.unread("Away, *for now*.")
    return View(items=tuple(draw(st.lists(items, max_size=4))), unknown=draw(WHYS))


def perhaps(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(value.map(lambda it: Known(value=it)), st.just(Unknown(why="Away | <x>.")))


@st.composite
def any_facts(draw: st.DrawFn) -> HubFacts:
    """Draw a hub whose views, surroundings and signs have nothing to do with each other."""
    users = draw(st.sets(st.sampled_from(("ana", "ben", "cy")), max_size=3))
    core = draw(views(pods))
    base = facts(
        servers=draw(
            st.sampled_from(
                (tuple(map(server, sorted(users))), None, (server("ana", pending="stop"),))
            )
        ),
        pods=draw(st.sampled_from((tuple(map(pod, sorted(users))), None, core))),
        routes=draw(st.sampled_from((tuple(map(route, sorted(users)[:1])), None, ()))),
        proxy_pods=tuple(each for each in core.items if each.component == "proxy"),
    )
    health = draw(
        perhaps(st.builds(Health, hub=st.booleans(), proxy=st.sampled_from((True, False, None))))
    )
    return replace(
        base,
        health=health,
        proxy=draw(perhaps(deployments)),
        access=draw(st.sampled_from((base.access, Unknown(why="The token is refused.")))),
        last_done=draw(st.sampled_from(({}, {"resync-routes": NOW}))),
        asked=draw(st.sampled_from((MORE, frozenset()))),
        around=ClusterFacts(
            pods=core,
            nodes=draw(views(nodes)),
            claims=draw(views(claims)),
            events=draw(views(events)),
            budgets=draw(views(budgets)),
            quotas=draw(views(quotas)),
            deployments=draw(views(deployments)),
            revisions=draw(views(revisions)),
            workloads=draw(
                views(
                    made(Workload, kind=names, name=names, uid=names, replicas=counts, ready=counts)
                )
            ),
            memory=draw(views(made(PodMemory, pod=names, used=sizes, at=times))),
            core=draw(st.sampled_from(({}, {"pool": "core"}))),
        ),
        signs=Signs(
            metrics=draw(perhaps(metrics)),
            certificate=draw(perhaps(certificates)),
            proxy_log=draw(views(lines)),
            merges=draw(views(merges)),
        ),
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(any_facts())
def test_no_facts_make_a_rule_raise_and_the_sentence_is_plain(seen: HubFacts) -> None:
    findings = diagnose(seen)
    assert not [each.text for each in findings if each.key.startswith("rule/")]
    said = headline(seen, findings)
    assert said.endswith(".") and not set(said) & set("<>*`~|&\n\x1b"), said
    assert "  " not in said and "{" not in said
    for finding in findings:
        assert finding.text.endswith(".") and "\n" not in finding.text
        assert "{" not in finding.text
        assert finding.affects is None or finding.affects >= 0


def test_a_rule_that_fails_is_told_and_stops_no_other() -> None:
    def broken(_facts: HubFacts) -> list[Finding]:
        raise OverflowError("date value out of range")

    def works(_facts: HubFacts) -> list[Finding]:
        return [Finding(rule="x", key="x", severity=Severity.NOTE, text="It works.")]

    failed, other = diagnose(around(), (broken, works))
    assert (failed.severity, other.text) == (Severity.UNKNOWN, "It works.")
    assert failed.text == (
        "mayday can't tell what its rule broken looks for: the rule failed (OverflowError)."
    )


LISTS = (
    "nodes",
    "claims",
    "events",
    "budgets",
    "quotas",
    "deployments",
    "revisions",
    "pods",
    "memory",
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.sampled_from(LISTS), st.sampled_from(("unread", "incomplete"))),
    st.sampled_from((None, None, None, "servers", "routes")),
)
def test_a_hub_is_called_well_only_if_everything_was_read(
    gaps: dict[str, str], lost: str | None
) -> None:
    whole = around()
    hub = healthy("ana", "ben")
    if lost is not None:
        parts: dict[str, Any] = {"servers": hub.servers, "routes": hub.routes, lost: None}
        hub = facts(pods=hub.pods, **parts)
    lists = {
        name: View.unread("Away.")
        if gap == "unread"
        else getattr(whole.around, name).marked_incomplete("Cut.")
        for name, gap in gaps.items()
    }
    seen = around(hub, **lists)
    said = headline(seen, diagnose(seen))
    assert ("mayday can't tell" in said) == bool(gaps or lost), said
