"""Watches: existing objects, new events and expired versions."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest
from kubernetes import watch
from kubernetes.client.exceptions import ApiException

from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import config_map, contract, on_node
from tests.contracts.kubernetes.systems import REAL, Core, System

NOT_THE_ROOT = "metadata.name!=kube-root-ca.crt"
"""Newer control planes create this ConfigMap in every namespace."""


def seen(core: Core, ns: str, **kwargs: Any) -> list[tuple[str, str]]:
    """Type and name of events in one second."""
    events = stream(core.list_namespaced_config_map, ns, field_selector=NOT_THE_ROOT, **kwargs)
    return [(event["type"], event["object"].metadata.name) for event in events]


def stream(ask: Any, ns: str, *, timeout_seconds: int = 1, **kwargs: Any) -> Any:
    """Events of the official client's watch."""
    watching: Any = watch.Watch
    seconds = {"timeout_seconds": timeout_seconds, "_request_timeout": timeout_seconds + 10}
    return watching().stream(ask, ns, **seconds, **kwargs)


def version(core: Core, ns: str) -> str:
    """The current list version."""
    found: str = core.list_namespaced_config_map(ns).metadata.resource_version
    return found


@contract("without a version, what is there comes first as ADDED")
def test_what_is_there(core: Core, ns: str) -> None:
    for name in "ab":
        core.create_namespaced_config_map(ns, config_map(name))
    assert sorted(seen(core, ns)) == [("ADDED", "a"), ("ADDED", "b")]


@contract("from a list's version on, each later change comes once and in order")
def test_from_a_version(core: Core, ns: str) -> None:
    core.create_namespaced_config_map(ns, config_map("a"))
    after = version(core, ns)
    core.create_namespaced_config_map(ns, config_map("b"))
    core.patch_namespaced_config_map("a", ns, {"data": {"k": "1"}})
    core.delete_namespaced_config_map("b", ns)
    events = seen(core, ns, resource_version=after)
    assert events == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


@contract("an object that leaves the selection is DELETED, one that enters it ADDED")
def test_selection(core: Core, ns: str) -> None:
    core.create_namespaced_config_map(ns, config_map("a", labels={"app": "hub"}))
    after = version(core, ns)
    for app in ("hidden", "hub"):
        core.patch_namespaced_config_map("a", ns, {"metadata": {"labels": {"app": app}}})
    events = seen(core, ns, resource_version=after, label_selector="app=hub")
    assert events == [("DELETED", "a"), ("ADDED", "a")]


@contract("a change comes while the watch is open")
def test_open(core: Core, ns: str) -> None:
    after = version(core, ns)
    later = threading.Timer(0.3, lambda: core.create_namespaced_config_map(ns, config_map("late")))
    later.start()
    events = stream(
        core.list_namespaced_config_map,
        ns,
        resource_version=after,
        field_selector=NOT_THE_ROOT,
        timeout_seconds=20,
    )
    event = next(iter(events))
    events.close()
    later.join()
    assert (event["type"], event["object"].metadata.name) == ("ADDED", "late")


@contract("a watch ends after its timeoutSeconds, without an error")
def test_timeout(core: Core, ns: str) -> None:
    assert seen(core, ns, resource_version=version(core, ns)) == []


@contract("a terminating pod is MODIFIED, and DELETED when it is gone, with a newer version")
def test_a_pod_goes(core: Core, ns: str, kubelet: Kubelet) -> None:
    made = kubelet.runs(core.create_namespaced_pod(ns, on_node("a")))
    core.delete_namespaced_pod("a", ns)
    kubelet.let_go(made)
    found = stream(core.list_namespaced_pod, ns, resource_version=made.metadata.resource_version)
    events = [(event["type"], event["object"].metadata) for event in found]
    assert events[-1][0] == "DELETED"
    assert {kind for kind, _ in events[:-1]} == {"MODIFIED"}
    assert events[0][1].deletion_timestamp is not None
    versions = [int(meta.resource_version) for _, meta in events]
    assert versions == sorted(set(versions))
    assert versions[0] > int(made.metadata.resource_version)


@contract("a watch from a version that is forgotten is 410, as an ERROR event with a Status")
def test_too_old(core: Core, ns: str, system: System) -> None:
    after = version(core, ns)
    for name in "abc":
        core.create_namespaced_config_map(ns, config_map(name))
    system.forget()
    with pytest.raises(ApiException) as caught:
        seen(core, ns, resource_version=after)
    assert caught.value.status == 410
    lines = raw(system, ns, watch="true", resourceVersion=after, timeoutSeconds="1")
    (told,) = lines
    assert told["type"] == "ERROR"
    status = told["object"]
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")


@contract("after 410 a fresh list has a version from which a watch goes on")
def test_after_too_old(core: Core, ns: str, system: System) -> None:
    core.create_namespaced_config_map(ns, config_map("a"))
    system.forget()
    after = version(core, ns)
    core.create_namespaced_config_map(ns, config_map("b"))
    assert seen(core, ns, resource_version=after) == [("ADDED", "b")]


@contract("a watch that is open goes on, whatever of the past is forgotten meanwhile")
def test_open_while_forgetting(core: Core, ns: str, system: System) -> None:
    core.create_namespaced_config_map(ns, config_map("a"))
    events = stream(
        core.list_namespaced_config_map, ns, field_selector=NOT_THE_ROOT, timeout_seconds=20
    )
    # The first event proves that the watch is open; then compact another kind.
    assert next(events)["object"].metadata.name == "a"
    core.create_namespaced_pod(ns, on_node("b"))
    system.forget()
    core.create_namespaced_config_map(ns, config_map("late"))
    event = next(events)
    events.close()
    assert (event["type"], event["object"].metadata.name) == ("ADDED", "late")


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "unasked"])
@contract("bookmarks: where asked for, a quiet watch is told a newer version to go on from")
def test_bookmarks(core: Core, ns: str, system: System, asked: bool) -> None:
    before = core.create_namespaced_pod(ns, on_node("a")).metadata.resource_version
    core.create_namespaced_pod(ns, on_node("b", labels={"app": "hub"}))
    events = stream(
        core.list_namespaced_pod,
        ns,
        resource_version=before,
        label_selector="app=hub",
        allow_watch_bookmarks=asked,
        # A real server sends its last bookmark 2 s before the timeout.
        timeout_seconds=8 if asked and system.name == REAL else 3,
    )
    # The first event proves that the watch is open; it must miss the next.
    assert next(events)["object"].metadata.name == "b"
    unseen = core.create_namespaced_pod(ns, on_node("c")).metadata.resource_version
    marks = list(events)
    if not asked:
        assert marks == []
        return
    assert {mark["type"] for mark in marks} == {"BOOKMARK"}
    told = marks[-1]["raw_object"]
    assert told["kind"] == "Pod"
    version = told["metadata"]["resourceVersion"]
    assert int(version) >= int(unseen)
    core.create_namespaced_pod(ns, on_node("d", labels={"app": "hub"}))
    after = stream(core.list_namespaced_pod, ns, resource_version=version)
    assert [(event["type"], event["object"].metadata.name) for event in after] == [("ADDED", "d")]


@pytest.mark.parametrize("value", ["true", "True", "1", "yes", ""])
@contract("watch is on for all but 0 and false, in any case")
def test_on(core: Core, ns: str, system: System, value: str) -> None:
    core.create_namespaced_config_map(ns, config_map("a"))
    (line,) = raw(system, ns, watch=value, timeoutSeconds="1")
    assert line["type"] == "ADDED"
    assert line["object"]["kind"] == "ConfigMap"


@pytest.mark.parametrize("value", ["false", "False", "0"])
@contract("watch=0 and watch=false are a list, whose items do not repeat their kind")
def test_off(core: Core, ns: str, system: System, value: str) -> None:
    core.create_namespaced_config_map(ns, config_map("a"))
    (listed,) = raw(system, ns, watch=value)
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert ["kind" in item or "apiVersion" in item for item in listed["items"]] == [False]


@pytest.mark.parametrize("name", ["limit", "resourceVersion"])
@contract("a number that is none is 400 BadRequest")
def test_no_number(ns: str, system: System, name: str) -> None:
    (told,) = raw(system, ns, watch="1" if name != "limit" else "0", **{name: "many"})
    assert (told["code"], told["reason"]) == (400, "BadRequest")


def raw(system: System, ns: str, **params: str) -> list[Any]:
    """The JSON lines of a ConfigMap response."""
    answer = httpx.get(
        f"{system.server}/api/v1/namespaces/{ns}/configmaps",
        params={"fieldSelector": NOT_THE_ROOT, **params},
        headers={"Authorization": f"Bearer {system.admin}"},
        verify=False,
    )
    return [json.loads(line) for line in answer.text.splitlines() if line]
