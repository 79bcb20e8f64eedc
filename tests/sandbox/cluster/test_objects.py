"""Creating, reading and replacing objects, and every way in which the server refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from bot.sandbox.cluster import ClusterDouble

NS = "hub-prod"
Builder = Callable[..., dict[str, Any]]


def refusal(exc: pytest.ExceptionInfo[ApiException]) -> tuple[int, str]:
    body = json.loads(exc.value.body)
    assert body["kind"] == "Status"
    assert body["status"] == "Failure"
    assert body["code"] == exc.value.status
    return exc.value.status, body["reason"]


def test_a_created_object_has_identity(core: client.CoreV1Api) -> None:
    made = core.create_namespaced_config_map(NS, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    read = core.read_namespaced_config_map("a", NS)
    assert read.metadata.uid == made.metadata.uid
    assert read.metadata.resource_version == made.metadata.resource_version
    assert read.metadata.creation_timestamp.tzinfo is not None
    assert read.data == {"k": "v"}


def test_a_second_one_of_the_name_is_refused(core: client.CoreV1Api) -> None:
    core.create_namespaced_secret(NS, {"metadata": {"name": "a"}})
    with pytest.raises(ApiException) as exc:
        core.create_namespaced_secret(NS, {"metadata": {"name": "a"}})
    assert refusal(exc) == (409, "AlreadyExists")


def test_generate_name_makes_different_names(core: client.CoreV1Api) -> None:
    body = {"metadata": {"generateName": "job-"}}
    names = {core.create_namespaced_config_map(NS, body).metadata.name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


@pytest.mark.parametrize("namespace", [NS, "nowhere"])
def test_what_is_not_there_is_not_found(core: client.CoreV1Api, namespace: str) -> None:
    with pytest.raises(ApiException) as exc:
        core.read_namespaced_pod("nobody", namespace)
    assert refusal(exc) == (404, "NotFound")


def test_nothing_is_created_in_a_namespace_that_is_not_there(core: client.CoreV1Api) -> None:
    with pytest.raises(ApiException) as exc:
        core.create_namespaced_config_map("nowhere", {"metadata": {"name": "a"}})
    assert refusal(exc) == (404, "NotFound")


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"name": "Capital"}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        {"metadata": {"name": "empty"}, "spec": {"containers": []}},
        {"metadata": {"name": "imageless"}, "spec": {"containers": [{"name": "c"}]}},
        {"metadata": {}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    ],
)
def test_an_impossible_pod_is_invalid(core: client.CoreV1Api, body: dict[str, Any]) -> None:
    with pytest.raises(ApiException) as exc:
        core.create_namespaced_pod(NS, body)
    assert refusal(exc) == (422, "Invalid")


def test_a_selector_has_to_match_its_template(apps: client.AppsV1Api, deployment: Builder) -> None:
    body = deployment("proxy")
    body["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    with pytest.raises(ApiException) as exc:
        apps.create_namespaced_deployment(NS, body)
    assert refusal(exc) == (422, "Invalid")


def test_replacing_an_old_version_is_a_conflict(core: client.CoreV1Api) -> None:
    old = core.create_namespaced_config_map(NS, {"metadata": {"name": "a"}, "data": {"k": "1"}})
    old.data = {"k": "2"}
    new = core.replace_namespaced_config_map("a", NS, old)
    assert new.metadata.resource_version != old.metadata.resource_version
    old.data = {"k": "3"}
    with pytest.raises(ApiException) as exc:
        core.replace_namespaced_config_map("a", NS, old)
    assert refusal(exc) == (409, "Conflict")
    assert core.read_namespaced_config_map("a", NS).data == {"k": "2"}


def test_a_pods_containers_cannot_be_changed(core: client.CoreV1Api, pod: Builder) -> None:
    made = core.create_namespaced_pod(NS, pod("a"))
    with pytest.raises(ApiException) as exc:
        core.patch_namespaced_pod("a", NS, {"spec": {"nodeSelector": {"purpose": "user"}}})
    assert refusal(exc) == (422, "Invalid")
    assert core.read_namespaced_pod("a", NS).metadata.uid == made.metadata.uid


def test_status_and_spec_are_written_apart(core: client.CoreV1Api) -> None:
    core.patch_node("core-1", {"status": {"phase": "Odd"}, "spec": {"unschedulable": True}})
    node = core.read_node("core-1")
    assert (node.status.phase, node.spec.unschedulable) == (None, True)
    core.patch_node_status("core-1", {"status": {"phase": "Odd"}, "spec": {"unschedulable": False}})
    node = core.read_node("core-1")
    assert (node.status.phase, node.spec.unschedulable) == ("Odd", True)


def test_an_unknown_token_is_unauthorized(cluster: ClusterDouble, core: client.CoreV1Api) -> None:
    core.api_client.configuration.api_key["authorization"] = "Bearer wrong"
    core.api_client.default_headers["Authorization"] = "Bearer wrong"
    with pytest.raises(ApiException) as exc:
        core.list_namespaced_pod(NS)
    assert refusal(exc) == (401, "Unauthorized")


def test_a_token_may_only_do_what_its_rule_lets_it(cluster: ClusterDouble, tmp_path: Path) -> None:
    path = tmp_path / "reader"
    context = cluster.write_kubeconfig(
        path, user="reader", rule=lambda wanted: wanted.verb in ("get", "list", "watch")
    )
    made = config.new_client_from_config(config_file=str(path), context=context)
    reader = client.CoreV1Api(made)
    assert reader.list_namespaced_pod(NS).items == []
    with pytest.raises(ApiException) as exc:
        reader.delete_namespaced_pod("a", NS)
    assert refusal(exc) == (403, "Forbidden")
    assert 'User "reader" cannot delete resource "pods"' in json.loads(exc.value.body)["message"]
    made.rest_client.pool_manager.clear()


def test_namespaces_are_objects_too(core: client.CoreV1Api) -> None:
    core.create_namespace({"metadata": {"name": "staging"}})
    assert core.read_namespace("staging").status.phase == "Active"
    names = {n.metadata.name for n in core.list_namespace().items}
    assert names == {"default", "kube-system", "hub-prod", "staging"}


def test_a_path_that_is_not_served_is_not_found(api: client.ApiClient) -> None:
    with pytest.raises(ApiException) as exc:
        client.BatchV1Api(api).list_namespaced_job(NS)
    assert refusal(exc) == (404, "NotFound")
