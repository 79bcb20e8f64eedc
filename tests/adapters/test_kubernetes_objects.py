"""The adapter's reading of pods, events and Deployments, from an API stub."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.hubs import Deployment, PodEvent
from bot.ports import Cluster
from tests.support.kube_stub import cluster, pod, pods
from tests.support.stub import Answer, Asked


def container(*, ready: bool = False, last: Any = None, **state: Any) -> dict[str, Any]:
    return {
        "name": "notebook",
        "image": "x",
        "imageID": "",
        "ready": ready,
        "restartCount": 3,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


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
    ("status", "reason", "message"),
    [
        (
            {"phase": "Failed", "reason": "Evicted", "message": "low on memory"},
            "Evicted",
            "low on memory",
        ),
        (
            {
                "phase": "Pending",
                "containerStatuses": [
                    container(waiting={"reason": "ImagePullBackOff", "message": "not found"})
                ],
            },
            "ImagePullBackOff",
            "not found",
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [
                    container(terminated={"reason": "OOMKilled", "exitCode": 137})
                ],
            },
            "OOMKilled",
            "",
        ),
        (
            {
                "phase": "Pending",
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/3 nodes are available",
                    }
                ],
            },
            "Unschedulable",
            "0/3 nodes are available",
        ),
        ({"phase": "Running"}, "", ""),
    ],
)
def test_why_a_pod_does_not_run(
    tmp_path: Path, status: dict[str, Any], reason: str, message: str
) -> None:
    with cluster(tmp_path, lambda _asked: pods(pod(status=status))) as (api, _running):
        (found,) = api.pods("ns", "a=b")
    assert (found.phase, found.reason, found.message) == (status["phase"], reason, message)


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [
        ([], True),
        ([{"type": "Ready", "status": "True"}], True),
        ([{"type": "Ready", "status": "False"}], False),
        ([{"type": "Ready", "status": "Unknown"}], False),
        ([{"type": "Initialized", "status": "False"}], True),
    ],
)
def test_a_pod_is_ready_only_where_its_condition_agrees(
    tmp_path: Path, conditions: list[dict[str, str]], ready: bool
) -> None:
    """The node controller of a node that died updates the condition and not the containers."""
    statuses = [container(ready=True, running={"startedAt": "2026-11-22T10:00:00Z"})]
    status = {"phase": "Running", "conditions": conditions, "containerStatuses": statuses}
    with cluster(tmp_path, lambda _asked: pods(pod(status=status))) as (api, _running):
        (found,) = api.pods("ns", "a=b")
    assert found.ready is ready


@pytest.mark.parametrize(
    ("labels", "release", "component"),
    [
        ({"release": "datahub", "component": "hub"}, "datahub", "hub"),
        (
            {"app.kubernetes.io/instance": "data100", "app.kubernetes.io/component": "proxy"},
            "data100",
            "proxy",
        ),
        ({"release": "datahub", "app.kubernetes.io/instance": "other"}, "datahub", ""),
        ({}, "", ""),
    ],
)
def test_the_release_and_the_component_of_a_pod(
    tmp_path: Path, labels: dict[str, str], release: str, component: str
) -> None:
    with cluster(tmp_path, lambda _asked: pods(pod(labels=labels))) as (api, _running):
        (found,) = api.pods("ns", "a=b")
    assert (found.release, found.component) == (release, component)


@pytest.mark.parametrize(
    ("status", "ips"),
    [
        (
            {"podIP": "10.1.0.1", "podIPs": [{"ip": "10.1.0.1"}, {"ip": "fd00::1"}]},
            ("10.1.0.1", "fd00::1"),
        ),
        ({"podIP": "10.1.0.1"}, ("10.1.0.1",)),
        ({}, ()),
        ({"podIP": "010.1.2.3"}, ()),
        ({"podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}, {"ip": "fe80::zz"}]}, ("10.1.2.3",)),
    ],
)
def test_the_addresses_of_a_pod(
    tmp_path: Path, status: dict[str, Any], ips: tuple[str, ...]
) -> None:
    with cluster(tmp_path, lambda _asked: pods(pod(status=status))) as (api, _running):
        (found,) = api.pods("ns", "a=b")
    assert found.ips == ips


def test_how_a_container_of_a_pod_ended_last(tmp_path: Path) -> None:
    early = {"reason": "Error", "exitCode": 1, "finishedAt": "2026-11-22T10:00:00Z"}
    late = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-22T11:00:00Z"}
    status = {
        "phase": "Running",
        "containerStatuses": [
            container(last=early, waiting={"reason": "CrashLoopBackOff"}),
            container(last=early, terminated=late),
        ],
    }
    with cluster(tmp_path, lambda _asked: pods(pod(status=status), pod("p2"))) as (api, _running):
        found, other = api.pods("ns", "a=b")
    assert found.last_exit == "OOMKilled"
    assert found.last_exit_at == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert (other.last_exit, other.last_exit_at) == ("", None)


def test_every_page_of_events_is_read_each_at_its_latest_time(tmp_path: Path) -> None:
    def event(number: int, **times: Any) -> dict[str, Any]:
        involved = {"kind": "Pod", "name": "p", "uid": f"uid-{number}"}
        meta = {"name": f"e{number}"}
        return {"metadata": meta, "involvedObject": involved, "reason": "TriggeredScaleUp", **times}

    early, late = "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"
    made = [
        event(0, firstTimestamp=early, lastTimestamp=late, message="pod triggered scale-up"),
        event(1, eventTime=late),
        event(2, eventTime=early, series={"count": 3, "lastObservedTime": late}),
        event(3, firstTimestamp=late),
        event(4),
    ]

    def answer(asked: Asked) -> Answer:
        page = int(asked.query.get("continue", "0"))
        meta = {"continue": str(page + 1) if page < 4 else ""}
        return Answer(body={"kind": "EventList", "metadata": meta, "items": [made[page]]})

    with cluster(tmp_path, answer) as (api, running):
        port: Cluster = api
        found = port.pod_events("ns")
    at = datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert found[0] == PodEvent(
        pod_uid="uid-0", reason="TriggeredScaleUp", message="pod triggered scale-up", at=at
    )
    assert [event.at for event in found] == [at, at, at, at, None]
    assert {asked.query["fieldSelector"] for asked in running.asked} == {"involvedObject.kind=Pod"}


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
            "paused": True,
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
        paused=True,
    )
    assert not found.rolled_out
