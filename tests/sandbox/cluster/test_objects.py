"""Behaviour of the double outside the contracts shared with a real API server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from sandbox.cluster import ClusterDouble

NS = "hub-prod"
Builder = Callable[..., dict[str, Any]]


def refusal(exc: pytest.ExceptionInfo[ApiException]) -> tuple[int, str]:
    body = json.loads(exc.value.body)
    assert body["kind"] == "Status"
    assert body["status"] == "Failure"
    assert body["code"] == exc.value.status
    return exc.value.status, body["reason"]


def test_status_and_spec_are_written_apart(core: client.CoreV1Api) -> None:
    core.patch_node("core-1", {"status": {"phase": "Odd"}, "spec": {"unschedulable": True}})
    node = core.read_node("core-1")
    assert (node.status.phase, node.spec.unschedulable) == (None, True)
    core.patch_node_status("core-1", {"status": {"phase": "Odd"}, "spec": {"unschedulable": False}})
    node = core.read_node("core-1")
    assert (node.status.phase, node.spec.unschedulable) == ("Odd", True)


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


def test_a_path_that_is_not_served_is_not_found(api: client.ApiClient) -> None:
    with pytest.raises(ApiException) as exc:
        client.BatchV1Api(api).list_namespaced_job(NS)
    assert refusal(exc) == (404, "NotFound")
