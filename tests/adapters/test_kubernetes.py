"""The cluster's adapter, on a stub of the API for faults; ``tests/services`` has it on a cluster."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.hubs import Deployment, Node
from bot.errors import Retry, Tell
from bot.ports import Cluster
from tests.support.cruelty import WAITS
from tests.support.stub import Answer, Asked, Stub, nobody_there, stub

TOKEN = "0123456789abcdef"


def kubeconfig(path: Path, server: str) -> str:
    """A kubeconfig with one context, ``teaching``."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "teaching", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "teaching",
    }
    file = path / "kubeconfig"
    file.write_text(json.dumps(config), encoding="utf-8")
    return str(file)


@contextmanager
def cluster(
    tmp_path: Path, answer: Callable[[Asked], Answer]
) -> Iterator[tuple[KubernetesCluster, Stub]]:
    with stub(answer) as running:
        made = KubernetesCluster(
            name="teaching",
            kubeconfig=kubeconfig(tmp_path, running.url),
            context="teaching",
            server=running.url,
            timeout=3.0,
        )
        yield made, running


def pod(name: str = "jupyter-ana", **meta: Any) -> dict[str, Any]:
    status = meta.pop("status", {"phase": "Running"})
    metadata = {"name": name, "namespace": "ns", "uid": f"uid-{name}", **meta}
    spec = {"nodeName": "user-1", "containers": [{"name": "notebook", "image": "x"}]}
    return {"metadata": metadata, "spec": spec, "status": status}


def pods(*items: dict[str, Any], following: str = "") -> Answer:
    return Answer(body={"kind": "PodList", "metadata": {"continue": following}, "items": items})


def container(**state: Any) -> dict[str, Any]:
    return {
        "name": "notebook",
        "image": "x",
        "imageID": "",
        "ready": False,
        "restartCount": 3,
        "state": state,
    }


def failing(status: int, **headers: str) -> Answer:
    body = {"kind": "Status", "status": "Failure", "message": "no", "code": status}
    return Answer(status=status, body=body, headers=headers)


def test_a_pod_is_known_by_its_annotations(tmp_path: Path) -> None:
    item = pod(
        "jupyter-x",
        labels={"component": "singleuser-server"},
        annotations={
            "hub.jupyter.org/username": "Ana@x.org",
            "hub.jupyter.org/servername": "gpu",
        },
        creationTimestamp="2026-11-22T10:00:00Z",
        deletionTimestamp="2026-11-22T10:05:30Z",
        deletionGracePeriodSeconds=30,
        finalizers=["example.org/hold"],
        ownerReferences=[{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "uid": "1"}],
    )
    with cluster(tmp_path, lambda _asked: pods(item)) as (api, running):
        port: Cluster = api
        (found,) = port.pods("ns", "component=singleuser-server")
    assert (found.user, found.server, found.uid) == ("Ana@x.org", "gpu", "uid-jupyter-x")
    assert found.deleting_since == datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
    assert found.grace == 30
    assert (found.finalizers, found.owner_kind) == (("example.org/hold",), "StatefulSet")
    assert running.asked[0].query["labelSelector"] == "component=singleuser-server"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        (
            {
                "phase": "Pending",
                "containerStatuses": [container(waiting={"reason": "ImagePullBackOff"})],
            },
            "ImagePullBackOff",
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [
                    container(terminated={"reason": "OOMKilled", "exitCode": 137})
                ],
            },
            "OOMKilled",
        ),
        (
            {
                "phase": "Pending",
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
                ],
            },
            "Unschedulable",
        ),
        ({"phase": "Running"}, ""),
    ],
)
def test_why_a_pod_does_not_run(tmp_path: Path, status: dict[str, Any], reason: str) -> None:
    with cluster(tmp_path, lambda _asked: pods(pod(status=status))) as (api, _running):
        (found,) = api.pods("ns", "a=b")
    assert (found.phase, found.reason) == (status["phase"], reason)


def test_every_page_of_pods_is_read(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Answer:
        page = int(asked.query.get("continue", "0"))
        return pods(pod(f"p{page}"), following=str(page + 1) if page < 2 else "")

    with cluster(tmp_path, answer) as (api, _running):
        assert [found.name for found in api.pods("ns", "a=b")] == ["p0", "p1", "p2"]


def test_a_deployment_and_its_rollout(tmp_path: Path) -> None:
    item = {
        "metadata": {"name": "proxy", "generation": 7},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "earlier"}},
                "spec": {"containers": [{"name": "chp", "image": "x"}]},
            },
        },
        "status": {"observedGeneration": 6, "updatedReplicas": 1},
    }
    with cluster(tmp_path, lambda _asked: Answer(body=item)) as (api, _running):
        found = api.deployment("ns", "proxy")
    assert found == Deployment(
        name="proxy",
        replicas=1,
        ready=0,
        updated=1,
        generation=7,
        observed_generation=6,
        strategy="Recreate",
        restarted_at="earlier",
    )
    assert not found.rolled_out


def test_a_restart_patches_the_given_time_and_nothing_else(tmp_path: Path) -> None:
    with cluster(tmp_path, lambda _asked: failing(404)) as (api, running), pytest.raises(Tell):
        api.restart_deployment("ns", "proxy", "2026-11-22T12:00:00+00:00")
    (asked,) = running.asked
    assert asked.headers["content-type"] == "application/strategic-merge-patch+json"
    notes = {"kubectl.kubernetes.io/restartedAt": "2026-11-22T12:00:00+00:00"}
    assert asked.body == {"spec": {"template": {"metadata": {"annotations": notes}}}}


def test_nodes(tmp_path: Path) -> None:
    item = {
        "metadata": {"name": "n1", "labels": {"hub.jupyter.org/node-purpose": "core"}},
        "spec": {"unschedulable": True},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]},
    }
    answer = Answer(body={"kind": "NodeList", "metadata": {}, "items": [item]})
    with cluster(tmp_path, lambda _asked: answer) as (api, _running):
        assert api.nodes() == (Node(name="n1", ready=False, cordoned=True, pool="core"),)


# --- deleting ----------------------------------------------------------------------------------


def deleting(item: dict[str, Any], then: Answer | None = None) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer(body=item)
        return then or Answer(body=item)

    return answer


def test_a_forced_deletion_carries_the_uid_and_no_grace(tmp_path: Path) -> None:
    with cluster(tmp_path, deleting(pod("p"))) as (api, running):
        api.force_delete_pod("ns", "p", "uid-p")
    _look, asked = running.asked
    assert (asked.method, asked.path) == ("DELETE", "/api/v1/namespaces/ns/pods/p")
    assert asked.body["gracePeriodSeconds"] == 0
    assert asked.body["preconditions"] == {"uid": "uid-p"}


def test_a_deletion_leaves_the_pod_its_grace(tmp_path: Path) -> None:
    with cluster(tmp_path, deleting(pod("p"))) as (api, running):
        api.delete_pod("ns", "p", "uid-p")
    (asked,) = running.asked
    assert "gracePeriodSeconds" not in asked.body
    assert asked.body["preconditions"] == {"uid": "uid-p"}


def test_a_pod_that_is_gone_or_was_replaced_is_left_alone(tmp_path: Path) -> None:
    with cluster(tmp_path, lambda _asked: failing(404)) as (api, running):
        api.force_delete_pod("ns", "p", "uid-p")
        api.delete_pod("ns", "p", "uid-p")
    assert [asked.method for asked in running.asked] == ["GET", "DELETE"]
    with cluster(tmp_path, deleting(pod("p", uid="new"), failing(409))) as (api, running):
        api.force_delete_pod("ns", "p", "uid-p")
        api.delete_pod("ns", "p", "uid-p")
    assert [asked.method for asked in running.asked] == ["GET", "DELETE"]


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ({"finalizers": ["example.org/hold"]}, "waits for finalizer example.org/hold"),
        (
            {
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "uid": "1"}
                ]
            },
            "belongs to a StatefulSet",
        ),
    ],
)
def test_guarded_pods_are_never_force_deleted(
    tmp_path: Path, meta: dict[str, Any], says: str
) -> None:
    with (
        cluster(tmp_path, deleting(pod("p", **meta))) as (api, running),
        pytest.raises(Tell, match=says),
    ):
        api.force_delete_pod("ns", "p", "uid-p")
    assert {asked.method for asked in running.asked} == {"GET"}


def test_a_deletion_whose_answer_is_lost_is_sent_once(tmp_path: Path) -> None:
    answer = deleting(pod("p"), Answer(drop=True))
    with cluster(tmp_path, answer) as (api, running), pytest.raises(Retry) as lost:
        api.delete_pod("ns", "p", "uid-p")
    assert lost.value.maybe_done
    assert [asked.method for asked in running.asked] == ["DELETE"]


# --- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (failing(401), Tell, "does not accept mayday's credentials"),
        (failing(403), Tell, "may not list pods in namespace ns of cluster teaching: grant it"),
        (failing(404), Tell, "check the hub's namespace"),
        (failing(409), Tell, "make a new plan"),
        (failing(422), Tell, "refused to list pods"),
        (failing(429, **{"Retry-After": "7"}), Retry, "asks to wait"),
        (failing(500), Retry, "failed with 500"),
        (Answer(body={"hello": "world"}), Tell, "not Kubernetes"),
        (Answer(body="<html>"), Tell, "not Kubernetes"),
        (Answer(hang=True), Retry, "did not answer in time"),
        (Answer(drop=True), Retry, "did not answer in time"),
    ],
)
def test_each_failure_is_one_sentence_that_names_the_cluster(
    tmp_path: Path, answer: Answer, error: type[Exception], says: str
) -> None:
    with (
        cluster(tmp_path, lambda _asked: answer) as (api, _running),
        pytest.raises(error) as failure,
    ):
        api.pods("ns", "a=b")
    told = str(failure.value)
    assert says in told
    assert "teaching" in told
    assert "\n" not in told
    assert TOKEN not in told


def test_a_wait_that_the_cluster_asks_for_is_passed_on(tmp_path: Path) -> None:
    busy = failing(429, **{"Retry-After": "7"})
    with cluster(tmp_path, lambda _asked: busy) as (api, _), pytest.raises(Retry) as failure:
        api.delete_pod("ns", "p", "uid-p")
    assert (failure.value.after, failure.value.maybe_done) == (7.0, False)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "seconds"), WAITS.items())
def test_a_wait_that_is_nonsense(
    tmp_path: Path, asked: str, seconds: float | None, status: int
) -> None:
    busy = failing(status, **{"Retry-After": asked})
    with cluster(tmp_path, lambda _asked: busy) as (api, _), pytest.raises(Retry) as failure:
        api.pods("ns", "a=b")
    assert failure.value.after == (seconds or 10.0)


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    with nobody_there() as nowhere:
        api = KubernetesCluster(name="teaching", kubeconfig=kubeconfig(tmp_path, nowhere))
        with pytest.raises(Retry, match="does not answer at") as failure:
            api.delete_pod("ns", "p", "uid-p")
    assert not failure.value.maybe_done


def test_a_context_that_leads_elsewhere_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with stub(lambda _asked: pods()) as running:
        api = KubernetesCluster(
            name="teaching",
            kubeconfig=kubeconfig(tmp_path, running.url),
            context="teaching",
            server="https://research.example.org",
        )
        with pytest.raises(Tell, match=r"correct clusters\.context") as failure:
            api.pods("ns", "a=b")
        assert running.asked == []
    assert running.url in str(failure.value)
    assert "https://research.example.org" in str(failure.value)


@pytest.mark.parametrize("content", [None, "not: [yaml", "", "clusters: []"])
def test_a_kubeconfig_that_is_none(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "config"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(Tell, match=r"clusters\.kubeconfig"):
        KubernetesCluster(name="teaching", kubeconfig=str(file)).pods("ns", "a=b")


def test_a_context_that_does_not_exist(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(Tell, match=r"clusters\.context"):
        KubernetesCluster(name="teaching", kubeconfig=file, context="other").pods("ns", "a=b")


def test_outside_a_cluster_a_kubeconfig_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(Tell, match=r"clusters\.kubeconfig"):
        KubernetesCluster(name="teaching").pods("ns", "a=b")
