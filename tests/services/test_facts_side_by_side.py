"""What a reading takes, and what it returns while one party hangs, fails or talks nonsense."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import deadline
from bot.adapters.kubernetes import KubernetesCluster
from bot.bootstrap.outside import sites
from bot.config import Config
from bot.diagnose.found import Found, Verdict
from bot.diagnose.nodes import core_pool
from bot.domain.cluster import ClusterFacts, Event, Node
from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.hubs import Condition, Diagnosis
from bot.domain.signs import Certificate, HubMetrics, Merge
from bot.errors import RetryLater, UserError
from bot.runbook.site import Site
from bot.services.facts import read_facts
from tests.support.crowd import NAMESPACE, NODES, SERVERS, USERS, Crowd, crowd
from tests.support.fleet import CORE, USER_1
from tests.support.hubs import NOW, pod, route, server
from tests.support.kube_stub import cluster, failing
from tests.support.scripted import HUB_POD, PROXY_POD, Scripted, site
from tests.support.stub import Answer
from tests.support.waiting import wait_until

PATIENCE = 1.5


@pytest.fixture(scope="module")
def many() -> Iterator[Crowd]:
    with crowd() as running:
        yield running


def read(place: Site, *, patience: float = 30.0, now: datetime | None = None) -> HubFacts:
    with deadline.patience(patience):
        return read_facts(place, now or datetime.now(UTC), more=MORE)


# --- what it takes -----------------------------------------------------------------------------


def test_a_large_hub_is_read_with_few_requests_at_once_and_little_cpu(
    many: Crowd, tmp_path: Path
) -> None:
    """50 ms a call, as measured for a distant cluster. ``make bench`` measures the time."""
    place = many.site(tmp_path)
    read(place)  # imports
    many.stats()
    before = time.process_time()
    seen = read(place)
    cpu = time.process_time() - before
    stats = many.stats()
    assert stats["most"] <= 25
    assert stats["asked"] <= 60
    assert cpu <= 1.0, "0.4 s on a machine that does nothing else"
    assert seen.unknown == ()
    assert seen.diagnosis is Diagnosis.WELL
    assert seen.counts == {Condition.OK: SERVERS}
    around = seen.around
    assert [len(found.items) for found in (around.pods, around.nodes, around.claims)] == [
        SERVERS + 2,
        NODES,
        USERS,
    ]
    assert seen.signs.metrics == Known(value=HubMetrics(running=SERVERS))
    assert [line.text for line in seen.signs.proxy_log.items] == ["uncaught exception: write EPIPE"]


@pytest.mark.parametrize(
    ("prefix", "known", "unknown"),
    [
        ("/hub/api", {Part.CLUSTER_PODS, Part.NODES}, {Part.SERVERS, Part.METRICS, Part.ACCESS}),
        ("/hub/api/metrics", {Part.SERVERS, Part.PODS, Part.ROUTES}, {Part.METRICS}),
        ("/api", {Part.SERVERS, Part.ROUTES, Part.METRICS}, {Part.PODS, Part.NODES, Part.PROXY}),
        ("/api/v1/nodes", {Part.SERVERS, Part.PODS, Part.CLAIMS}, {Part.NODES}),
        (f"/api/v1/namespaces/{NAMESPACE}/events", {Part.PODS}, {Part.CLUSTER_EVENTS}),
    ],
)
def test_a_party_that_hangs_holds_up_no_other(
    many: Crowd, tmp_path: Path, prefix: str, known: set[Part], unknown: set[Part]
) -> None:
    place = many.site(tmp_path)
    read(place)
    many.hang(prefix)
    try:
        began = time.monotonic()
        seen = read(place, patience=4.0)
        took = time.monotonic() - began
    finally:
        many.hang("")
    assert took < 8, "the patience, with room for a busy machine"
    assert {part for part in known if seen.lacks(part)} == set()
    assert {part for part in unknown if not seen.lacks(part)} == set()


def test_threads_of_readings_that_hang_end_with_them(many: Crowd, tmp_path: Path) -> None:
    place = many.site(tmp_path)
    read(place)
    many.hang("/")
    try:
        before = threading.active_count()
        for _ in range(3):
            read(place, patience=0.3)
        wait_until(lambda: threading.active_count() <= before, "the threads to end", timeout=20)
    finally:
        many.hang("")


# --- the core pool -----------------------------------------------------------------------------


@pytest.mark.parametrize("configured", [{}, {"example.edu/node-pool": "core-2024"}])
def test_the_core_pool_is_known_by_its_labels(configured: dict[str, str]) -> None:
    """By those of ``hubs[].core_nodes``, else by the chart's."""
    hub = {
        "name": "datahub",
        "url": "https://hub.example.edu",
        "api_url": "http://127.0.0.1:1/hub/api",
        "api_token": "t",
        "cluster": "teaching",
        "namespace": "datahub-prod",
        "core_nodes": configured,
    }
    config = Config.model_validate({"hubs": [hub], "clusters": [{"name": "teaching"}]})
    place = sites(config)["datahub"]
    place.hub.close()
    core = replace(CORE, ready=False, labels=configured or CORE.labels)
    parts = [replace(pod, ready=False) for pod in (HUB_POD, PROXY_POD)]
    cluster = party(around=ClusterFacts(nodes=View(items=(core, USER_1))), parts=parts)
    seen = read(replace(place, hub=cluster, cluster=cluster), now=NOW)
    (finding,) = core_pool(seen)
    assert finding.evidence[0] == "Nodes of the core pool that are known: core-1."
    ready = ClusterFacts(nodes=View(items=(core, replace(core, name="core-2", ready=True))))
    cluster.around = ready
    assert list(core_pool(read(replace(place, hub=cluster, cluster=cluster), now=NOW))) == []


# --- parts that fail ---------------------------------------------------------------------------


def party(**more: object) -> Scripted:
    made = Scripted(records=[server("ana")], live=[pod("ana")], known=[route("ana")])
    for name, value in more.items():
        setattr(made, name, value)
    return made


BY_METHOD = {
    "cluster_pods": Part.CLUSTER_PODS,
    "cluster_events": Part.CLUSTER_EVENTS,
    "node_events": Part.CLUSTER_EVENTS,
    "nodes": Part.NODES,
    "claims": Part.CLAIMS,
    "budgets": Part.BUDGETS,
    "quotas": Part.QUOTAS,
    "deployments": Part.DEPLOYMENTS,
    "revisions": Part.REVISIONS,
    "workloads": Part.WORKLOADS,
    "memory": Part.MEMORY,
    "metrics": Part.METRICS,
    "certificate": Part.CERTIFICATE,
    "log": Part.PROXY_LOG,
    "merges": Part.MERGES,
}


@pytest.mark.parametrize(("method", "part"), BY_METHOD.items())
@pytest.mark.parametrize("error", [RetryLater("It is away."), UserError("It is away.")])
def test_a_part_that_fails_is_unknown_and_leaves_the_others(
    method: str, part: Part, error: Exception
) -> None:
    hub = party(fails={method: error})
    seen = read(replace(site(hub), deploys=hub), now=NOW)
    assert seen.asked == MORE - {Part.NOTICE}
    assert [(gap.part, gap.why) for gap in seen.unknown] == [(part, "It is away.")]


@pytest.mark.parametrize("method", ["metrics", "nodes", "log", "merges", "health", "pods"])
def test_an_answer_that_nobody_thought_of_costs_no_other(method: str) -> None:
    hub = party(fails={method: OverflowError("astronomical")})
    seen = read(replace(site(hub), deploys=hub), now=NOW)
    assert seen.unknown and seen.servers.read and not seen.lacks(Part.CLAIMS)
    assert any("was not understood (OverflowError)" in gap.why for gap in seen.unknown)
    assert Found.of(seen).verdict is Verdict.UNKNOWN


def test_a_proxy_without_a_pod_leaves_its_log_unknown() -> None:
    seen = read(site(party(parts=[HUB_POD])), now=NOW)
    assert seen.lacks(Part.PROXY_LOG) == "No pod of the proxy runs whose log mayday could read."
    assert not seen.signs.proxy_log.read


def test_logs_that_are_not_read_are_not_taken_for_clean() -> None:
    many = [replace(PROXY_POD, name=f"proxy-{n}", uid=f"p{n}", restarts=1) for n in range(4)]
    seen = read(site(party(parts=[HUB_POD, *many])), now=NOW)
    assert seen.signs.proxy_log.read
    assert "more than 6 logs" in seen.lacks(Part.PROXY_LOG)


def test_what_nobody_asked_for_is_not_read() -> None:
    hub = party()
    seen = read_facts(replace(site(hub), deploys=hub), NOW)
    assert not {*BY_METHOD} & {*hub.asked}
    assert seen.unknown == ()
    assert (seen.around.nodes.read, seen.signs.merges.read) == (False, False)


def test_a_hub_without_a_deploy_repository_lacks_nothing() -> None:
    seen = read(site(party()), now=NOW)
    assert seen.asked == MORE - {Part.MERGES, Part.NOTICE}
    assert seen.unknown == ()


def test_what_is_read_is_in_its_place() -> None:
    node = Node(name="user-1", uid="1", ready=True)
    events = (
        Event(kind="Pod", name="hub-1", reason="BackOff", message="m"),
        Event(kind="Node", name="user-1", reason="NodeNotReady", message="m"),
    )
    merge = Merge(repository="a/b", number=1, title="t", url="u", merged_at=NOW)
    certificate = Certificate(subject="hub", issuer="ca", expires_at=NOW)
    restarted = replace(PROXY_POD, restarts=1)
    hub = party(
        around=ClusterFacts(nodes=View(items=(node,)), events=View(items=events)),
        parts=[HUB_POD, restarted],
        logs={
            ("proxy-1", False): "2026-11-22T10:00:00Z all is well",
            ("proxy-1", True): "2026-11-22T09:00:00Z JavaScript heap out of memory",
        },
        shown=certificate,
        merged=(merge,),
    )
    seen = read(replace(site(hub), deploys=hub), now=NOW)
    assert seen.around.node("user-1") == node
    assert {event.kind for event in seen.around.events.items} == {"Pod", "Node"}
    (line,) = seen.signs.proxy_log.items
    assert (line.text, line.pod) == ("JavaScript heap out of memory", "proxy-1")
    assert line.at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert seen.signs.merges.items == (merge,)
    assert seen.signs.certificate == Known(value=certificate)
    assert hub.since == NOW - timedelta(hours=6)


def test_the_previous_log_is_read_only_after_a_restart() -> None:
    hub = party()
    read(site(hub), now=NOW)
    assert hub.asked.count("log") == 1


def test_a_proxy_that_is_not_found_leaves_its_log_unknown() -> None:
    seen = read(site(party(fails={"pods": RetryLater("The cluster is away.")})), now=NOW)
    assert seen.lacks(Part.PROXY_LOG) == "The cluster is away."


def test_without_patience_each_request_has_its_own_limit() -> None:
    hub = party()
    assert read_facts(site(hub), NOW, more=MORE).unknown == ()


def test_a_party_that_answers_late_is_unknown_with_the_reason() -> None:
    over = threading.Event()

    class Slow(Scripted):
        def nodes(self) -> tuple[Node, ...]:
            over.wait(20)
            return ()

    try:
        seen = read(site(Slow()), patience=PATIENCE, now=NOW)
    finally:
        over.set()
    assert seen.lacks(Part.NODES).startswith("The cluster did not answer within")
    assert seen.lacks(Part.CLAIMS) == ""


# --- the cluster's lists, on a stub ------------------------------------------------------------

READS: dict[str, Callable[[KubernetesCluster], object]] = {
    "nodes": lambda api: api.nodes(),
    "pods": lambda api: api.all_pods("ns"),
    "events": lambda api: api.events("ns"),
    "persistentvolumeclaims": lambda api: api.claims("ns"),
    "poddisruptionbudgets": lambda api: api.budgets("ns"),
    "resourcequotas": lambda api: api.quotas("ns"),
    "deployments": lambda api: api.deployments("ns"),
    "replicasets": lambda api: api.revisions("ns"),
    "statefulsets": lambda api: api.workloads("ns"),
    "pods.metrics.k8s.io": lambda api: api.memory("ns", "component=proxy"),
    "pods/log": lambda api: api.log("ns", "p"),
}
GROUPS = {
    "deployments": "apps",
    "replicasets": "apps",
    "statefulsets": "apps",
    "poddisruptionbudgets": "policy",
    "pods.metrics.k8s.io": "metrics.k8s.io",
}


@pytest.mark.parametrize("resource", READS)
def test_a_missing_permission_names_the_rule_that_grants_it(tmp_path: Path, resource: str) -> None:
    verb = "get" if "/" in resource else "list"
    said = f'x is forbidden: User "u" cannot {verb} resource "{resource}"'
    with (
        cluster(tmp_path, lambda _asked: failing(403, said)) as (api, _running),
        pytest.raises(UserError) as refused,
    ):
        READS[resource](api)
    group = GROUPS.get(resource, '""')
    plural = resource.partition(".")[0]
    rule = f"apiGroups: [{group}], resources: [{plural}], verbs: [{verb}]"
    assert f"isn't allowed to {verb} {resource}" in str(refused.value) or "/" in resource
    assert f"with the rule “{rule}”" in str(refused.value)
    where = "ClusterRole" if resource == "nodes" else "Role"
    assert f"grant it in the {where} of" in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(drop=True), RetryLater),
        (failing(500), RetryLater),
        (failing(429), RetryLater),
        (Answer(body="<html>"), UserError),
        (Answer(body={"items": [{"metadata": {"name": "x"}, "spec": 5, "status": 5}]}), UserError),
        (Answer(body={"items": 5}), UserError),
        (Answer(body=[]), UserError),
    ],
)
@pytest.mark.parametrize("resource", [each for each in READS if each != "pods/log"])
def test_a_list_that_fails_is_an_error_of_ours(
    tmp_path: Path, resource: str, answer: Answer, error: type[Exception]
) -> None:
    with cluster(tmp_path, lambda _asked: answer) as (api, _running), pytest.raises(error):
        READS[resource](api)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            Answer(status=404, body="404 page not found"),
            UserError,
            "Cluster teaching has no metrics-server to answer “list pods.metrics.k8s.io”.",
        ),
        (
            Answer(status=503, body="service unavailable"),
            RetryLater,
            "metrics-server of cluster teaching did not answer “list pods.metrics.k8s.io”: check its pods.",
        ),
    ],
)
def test_without_metrics_server_memory_is_unknown(
    tmp_path: Path, answer: Answer, error: type[Exception], said: str
) -> None:
    with (
        cluster(tmp_path, lambda _asked: answer) as (api, _running),
        pytest.raises(error) as refused,
    ):
        api.memory("ns", "component=proxy")
    assert str(refused.value) == said


def test_memory_is_read_only_where_the_proxy_may_have_a_limit() -> None:
    hub = party(parts=[HUB_POD, replace(PROXY_POD, memory_limit=None)])
    seen = read(site(hub), now=NOW)
    assert "memory" not in hub.asked and Part.MEMORY not in seen.asked
    assert seen.unknown == ()
    hub = party(fails={"pods": RetryLater("Away.")})
    assert Part.MEMORY in read(site(hub), now=NOW).asked


def test_metrics_that_fail_are_unknown() -> None:
    seen = read(site(party(fails={"metrics": UserError("No scope.")})), now=NOW)
    assert seen.signs.metrics == Unknown(why="No scope.")
