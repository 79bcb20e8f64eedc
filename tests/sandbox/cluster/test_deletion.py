"""Deletion of pods that run as processes. The contracts cover the API behaviour."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client

from sandbox.cluster import ClusterDouble
from sandbox.cluster.waiting import wait_for

NS = "hub-prod"
Builder = Callable[..., dict[str, Any]]


def exists(core: client.CoreV1Api, name: str) -> bool:
    listed = core.list_namespaced_pod(NS, field_selector=f"metadata.name={name}")
    return bool(listed.items)


def start(core: client.CoreV1Api, body: dict[str, Any], says: str = "awake") -> str:
    """Create a pod, wait until it logs `says`, and return its uid."""
    name = body["metadata"]["name"]
    uid: str = core.create_namespaced_pod(NS, body).metadata.uid
    wait_for(lambda: core.read_namespaced_pod(name, NS).status.phase == "Running", "the pod")
    wait_for(lambda: says in core.read_namespaced_pod_log(name, NS), "its first word")
    return uid


def test_a_pod_is_terminating_until_its_process_is_gone(
    core: client.CoreV1Api, pod: Builder
) -> None:
    start(core, pod("a", "deaf", terminationGracePeriodSeconds=4), says="deaf")
    began = time.monotonic()
    answer = core.delete_namespaced_pod("a", NS)
    assert answer.metadata.deletion_timestamp is not None
    assert answer.metadata.deletion_grace_period_seconds == 4
    assert core.read_namespaced_pod("a", NS).metadata.deletion_timestamp is not None
    wait_for(lambda: not exists(core, "a"), "the pod to go")
    assert time.monotonic() - began >= 4


def test_a_polite_process_ends_long_before_its_grace(core: client.CoreV1Api, pod: Builder) -> None:
    start(core, pod("a", terminationGracePeriodSeconds=60))
    core.delete_namespaced_pod("a", NS)
    wait_for(lambda: not exists(core, "a"), "the pod to go", seconds=40)


def test_a_pod_deleted_without_grace_is_gone_at_once(core: client.CoreV1Api, pod: Builder) -> None:
    start(core, pod("a", "deaf"), says="deaf")
    core.delete_namespaced_pod("a", NS, grace_period_seconds=0)
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
