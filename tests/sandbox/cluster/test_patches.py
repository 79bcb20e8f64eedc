"""The three patch formats, as the official client sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.sandbox.cluster.patches import MERGE_PATCH, STRATEGIC_PATCH, apply_patch

NS = "hub-prod"
POD = {
    "metadata": {"name": "a", "labels": {"x": "1"}, "finalizers": ["one"]},
    "spec": {
        "containers": [
            {
                "name": "chp",
                "image": "v1",
                "env": [{"name": "A", "value": "1"}],
                "args": ["x", "y"],
            },
            {"name": "side", "image": "v1"},
        ]
    },
}


def test_strategic_merges_containers_by_name(
    apps: client.AppsV1Api, deployment: Callable[..., dict[str, Any]]
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy", replicas=0))
    env = [{"name": "LEVEL", "value": "debug"}]
    patch = {
        "spec": {
            "template": {
                "metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}},
                "spec": {"containers": [{"name": "main", "env": env}]},
            }
        }
    }
    patched = apps.patch_namespaced_deployment("proxy", NS, patch)
    (container,) = patched.spec.template.spec.containers
    assert (container.name, container.image, container.env[0].value) == ("main", "sleeper", "debug")
    assert patched.spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"] == "now"
    assert patched.spec.template.metadata.labels == {"app": "proxy"}
    assert patched.metadata.generation == 2


@pytest.mark.parametrize(
    ("patch", "images"),
    [
        ({"name": "chp", "image": "v2"}, {"chp": "v2", "side": "v1"}),
        ({"name": "third", "image": "v3"}, {"chp": "v1", "side": "v1", "third": "v3"}),
        ({"name": "side", "$patch": "delete"}, {"chp": "v1"}),
    ],
)
def test_strategic_lists_of_maps(patch: dict[str, str], images: dict[str, str]) -> None:
    new = apply_patch(STRATEGIC_PATCH, POD, {"spec": {"containers": [patch]}})
    assert {c["name"]: c["image"] for c in new["spec"]["containers"]} == images
    assert len(POD["spec"]["containers"]) == 2


def test_strategic_replaces_plain_lists_and_joins_finalizers() -> None:
    container = {"name": "chp", "args": ["z"], "env": [{"name": "B", "value": "2"}]}
    patch = {"metadata": {"finalizers": ["two"]}, "spec": {"containers": [container]}}
    new = apply_patch(STRATEGIC_PATCH, POD, patch)
    assert new["spec"]["containers"][0]["args"] == ["z"]
    assert [e["name"] for e in new["spec"]["containers"][0]["env"]] == ["A", "B"]
    assert new["metadata"]["finalizers"] == ["one", "two"]


def test_a_merge_patch_replaces_lists_and_null_removes() -> None:
    patch = {"metadata": {"labels": {"x": None, "y": "2"}}, "spec": {"containers": []}}
    new = apply_patch(MERGE_PATCH, POD, patch)
    assert new["metadata"]["labels"] == {"y": "2"}
    assert new["spec"]["containers"] == []


def test_a_json_patch_with_a_test_that_holds_and_one_that_does_not(
    core: client.CoreV1Api,
) -> None:
    core.create_namespaced_config_map(
        NS, {"metadata": {"name": "a", "labels": {"a/b": "1"}}, "data": {"k": "1", "gone": "x"}}
    )
    operations = [
        {"op": "test", "path": "/data/k", "value": "1"},
        {"op": "replace", "path": "/data/k", "value": "2"},
        {"op": "remove", "path": "/data/gone"},
        {"op": "add", "path": "/metadata/labels/a~1b", "value": "2"},
        {"op": "copy", "from": "/data/k", "path": "/data/copy"},
    ]
    patched = core.patch_namespaced_config_map("a", NS, operations)
    assert patched.data == {"k": "2", "copy": "2"}
    assert patched.metadata.labels == {"a/b": "2"}
    for wrong in (
        {"op": "test", "path": "/data/k", "value": "1"},
        {"op": "replace", "path": "/data/nothing", "value": "1"},
        {"op": "remove", "path": "/data/nothing"},
    ):
        with pytest.raises(ApiException) as exc:
            core.patch_namespaced_config_map("a", NS, [wrong])
        assert exc.value.status == 422


def test_a_patch_with_an_old_version_is_a_conflict(core: client.CoreV1Api) -> None:
    made = core.create_namespaced_config_map(NS, {"metadata": {"name": "a"}})
    version = made.metadata.resource_version
    core.patch_namespaced_config_map("a", NS, {"data": {"k": "1"}})
    with pytest.raises(ApiException) as exc:
        body = {"metadata": {"resourceVersion": version}, "data": {"k": "2"}}
        core.patch_namespaced_config_map("a", NS, body)
    assert exc.value.status == 409
