"""Deleting: grace, preconditions, finalizers, dependents, evictions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.sandbox.cluster import ClusterDouble
from bot.sandbox.cluster.waiting import wait_for

NS = "hub-prod"
Builder = Callable[..., dict[str, Any]]


def exists(core: client.CoreV1Api, name: str) -> bool:
    listed = core.list_namespaced_pod(NS, field_selector=f"metadata.name={name}")
    return bool(listed.items)


def start(core: client.CoreV1Api, body: dict[str, Any], says: str = "awake") -> str:
    """Create a pod, wait until its process has spoken, and return its uid."""
    name = body["metadata"]["name"]
    uid: str = core.create_namespaced_pod(NS, body).metadata.uid
    wait_for(lambda: core.read_namespaced_pod(name, NS).status.phase == "Running", "the pod")
    wait_for(lambda: says in core.read_namespaced_pod_log(name, NS), "its first word")
    return uid


def test_a_pod_is_terminating_until_its_process_is_gone(
    core: client.CoreV1Api, pod: Builder
) -> None:
    start(core, pod("a", "deaf", terminationGracePeriodSeconds=1), says="deaf")
    began = time.monotonic()
    answer = core.delete_namespaced_pod("a", NS)
    assert answer.metadata.deletion_timestamp is not None
    assert answer.metadata.deletion_grace_period_seconds == 1
    assert core.read_namespaced_pod("a", NS).metadata.deletion_timestamp is not None
    wait_for(lambda: not exists(core, "a"), "the pod to go")
    assert time.monotonic() - began >= 1


def test_a_polite_process_ends_long_before_its_grace(core: client.CoreV1Api, pod: Builder) -> None:
    start(core, pod("a", terminationGracePeriodSeconds=60))
    core.delete_namespaced_pod("a", NS)
    wait_for(lambda: not exists(core, "a"), "the pod to go", seconds=10)


def test_a_pod_deleted_without_grace_is_gone_at_once(core: client.CoreV1Api, pod: Builder) -> None:
    start(core, pod("a", "deaf"), says="deaf")
    core.delete_namespaced_pod("a", NS, grace_period_seconds=0)
    assert not exists(core, "a")


def test_the_uid_has_to_be_the_one_that_is_meant(core: client.CoreV1Api, pod: Builder) -> None:
    uid = start(core, pod("a"))
    body = client.V1DeleteOptions(
        grace_period_seconds=0, preconditions=client.V1Preconditions(uid="another")
    )
    with pytest.raises(ApiException) as exc:
        core.delete_namespaced_pod("a", NS, body=body)
    assert (exc.value.status, json.loads(exc.value.body)["reason"]) == (409, "Conflict")
    assert exists(core, "a")
    body.preconditions.uid = uid
    core.delete_namespaced_pod("a", NS, body=body)
    assert not exists(core, "a")


def test_a_frozen_pod_goes_only_without_grace(
    cluster: ClusterDouble, core: client.CoreV1Api, pod: Builder
) -> None:
    uid = start(core, pod("a", terminationGracePeriodSeconds=1))
    cluster.kubelet.freeze(uid)
    core.delete_namespaced_pod("a", NS)
    with pytest.raises(TimeoutError):
        wait_for(lambda: not exists(core, "a"), "the pod to go", seconds=2)
    core.delete_namespaced_pod("a", NS, grace_period_seconds=0)
    assert not exists(core, "a")


def test_an_object_stays_until_its_finalizers_are_off(core: client.CoreV1Api) -> None:
    meta = {"name": "a", "finalizers": ["example.org/hold"]}
    core.create_namespaced_config_map(NS, {"metadata": meta})
    core.delete_namespaced_config_map("a", NS)
    assert core.read_namespaced_config_map("a", NS).metadata.deletion_timestamp is not None
    remove = [{"op": "remove", "path": "/metadata/finalizers"}]
    core.patch_namespaced_config_map("a", NS, remove)
    with pytest.raises(ApiException) as exc:
        core.read_namespaced_config_map("a", NS)
    assert exc.value.status == 404


def test_dependents_go_with_their_owner(
    core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy", replicas=2))
    wait_for(lambda: len(core.list_namespaced_pod(NS).items) == 2, "two pods")
    apps.delete_namespaced_deployment("proxy", NS)
    wait_for(lambda: not core.list_namespaced_pod(NS).items, "the pods to go")
    assert apps.list_namespaced_replica_set(NS).items == []


def test_orphaned_dependents_stay(
    core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy"))
    wait_for(lambda: len(core.list_namespaced_pod(NS).items) == 1, "a pod")
    apps.delete_namespaced_deployment("proxy", NS, propagation_policy="Orphan")
    wait_for(lambda: not apps.list_namespaced_deployment(NS).items, "the deployment to go")
    (left,) = apps.list_namespaced_replica_set(NS).items
    assert not left.metadata.owner_references
    assert len(core.list_namespaced_pod(NS).items) == 1


def test_a_foreground_owner_goes_last(
    core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy"))
    wait_for(lambda: len(core.list_namespaced_pod(NS).items) == 1, "a pod")
    apps.delete_namespaced_deployment("proxy", NS, propagation_policy="Foreground")
    held = apps.read_namespaced_deployment("proxy", NS)
    assert held.metadata.finalizers == ["foregroundDeletion"]
    wait_for(lambda: not apps.list_namespaced_deployment(NS).items, "the deployment to go")
    assert core.list_namespaced_pod(NS).items == []


def test_a_collection_is_deleted_by_selector(core: client.CoreV1Api) -> None:
    for name, app in (("a", "x"), ("b", "x"), ("c", "y")):
        meta = {"name": name, "labels": {"app": app}}
        core.create_namespaced_config_map(NS, {"metadata": meta})
    core.delete_collection_namespaced_config_map(NS, label_selector="app=x")
    left = core.list_namespaced_config_map(NS).items
    assert [item.metadata.name for item in left] == ["c"]


def test_an_eviction_heeds_the_budget(
    cluster: ClusterDouble, core: client.CoreV1Api, pod: Builder
) -> None:
    start(core, pod("a"))
    eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name="a", namespace=NS))
    eviction.api_version, eviction.kind = "policy/v1", "Eviction"
    cluster.verbs.budget = lambda _pod: False
    with pytest.raises(ApiException) as exc:
        core.create_namespaced_pod_eviction("a", NS, eviction)
    assert (exc.value.status, json.loads(exc.value.body)["reason"]) == (429, "TooManyRequests")
    assert core.read_namespaced_pod("a", NS).metadata.deletion_timestamp is None
    cluster.verbs.budget = lambda _pod: True
    core.create_namespaced_pod_eviction("a", NS, eviction)
    wait_for(lambda: not exists(core, "a"), "the pod to go")
