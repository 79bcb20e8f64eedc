"""Watches, as the official client reads them."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import pytest
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from bot.sandbox.cluster import ClusterDouble

NS = "hub-prod"


def make(core: client.CoreV1Api, name: str, **labels: str) -> None:
    meta = {"name": name, "labels": labels}
    core.create_namespaced_config_map(NS, {"metadata": meta})


def seen(core: client.CoreV1Api, **kwargs: Any) -> list[tuple[str, str]]:
    """What a watch of one second sees: type and name."""
    stream = watch.Watch().stream(
        core.list_namespaced_config_map, NS, timeout_seconds=1, _request_timeout=10, **kwargs
    )
    return [(event["type"], event["object"].metadata.name) for event in stream]


def version(core: client.CoreV1Api) -> str:
    found: str = core.list_namespaced_config_map(NS).metadata.resource_version
    return found


def test_without_a_version_what_is_there_comes_first(core: client.CoreV1Api) -> None:
    make(core, "a")
    make(core, "b")
    assert seen(core) == [("ADDED", "a"), ("ADDED", "b")]


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_every_way_to_say_true_asks_for_a_watch(
    cluster: ClusterDouble, core: client.CoreV1Api, value: str
) -> None:
    make(core, "a")
    answer = httpx.get(
        f"{cluster.server}/api/v1/namespaces/{NS}/configmaps",
        params={"watch": value, "timeoutSeconds": "1"},
        headers={"Authorization": f"Bearer {cluster.admin_token}"},
    )
    (line,) = answer.text.splitlines()
    assert json.loads(line)["type"] == "ADDED"


def test_from_a_version_on_only_what_came_after(core: client.CoreV1Api) -> None:
    make(core, "a")
    after = version(core)
    make(core, "b")
    core.patch_namespaced_config_map("a", NS, {"data": {"k": "1"}})
    core.delete_namespaced_config_map("b", NS)
    events = seen(core, resource_version=after)
    assert events == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_leaving_the_selection_looks_like_a_deletion(core: client.CoreV1Api) -> None:
    make(core, "a", app="hub")
    after = version(core)
    core.patch_namespaced_config_map("a", NS, {"metadata": {"labels": {"app": "hidden"}}})
    core.patch_namespaced_config_map("a", NS, {"metadata": {"labels": {"app": "hub"}}})
    events = seen(core, resource_version=after, label_selector="app=hub")
    assert events == [("DELETED", "a"), ("ADDED", "a")]


def test_a_change_arrives_while_the_watch_is_open(core: client.CoreV1Api) -> None:
    after = version(core)
    later = threading.Timer(0.3, lambda: make(core, "late"))
    later.start()
    began = time.monotonic()
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        NS,
        resource_version=after,
        timeout_seconds=20,
        _request_timeout=30,
    )
    event = next(iter(stream))
    stream.close()
    later.join()
    assert (event["type"], event["object"].metadata.name) == ("ADDED", "late")
    assert time.monotonic() - began < 10


def test_a_version_that_is_too_old_is_gone(cluster: ClusterDouble, core: client.CoreV1Api) -> None:
    after = version(core)
    make(core, "a")
    cluster.storage.forget_history()
    with pytest.raises(ApiException) as exc:
        seen(core, resource_version=after)
    assert exc.value.status == 410
