"""Requests that a well-behaved client does not send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from kubernetes import client, config, watch

from sandbox.cluster import ClusterDouble
from sandbox.faults import says
from sandbox.rules import on_request

MAPS = "/api/v1/namespaces/hub-prod/configmaps"


@pytest.fixture
def raw(cluster: ClusterDouble) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {cluster.admin_token}"}
    with httpx.Client(base_url=cluster.server, headers=headers) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "code", "reason"),
    [
        ("POST", MAPS, "{", "application/json", 400, "BadRequest"),
        ("POST", MAPS, "[]", "application/json", 400, "BadRequest"),
        ("POST", MAPS, '{"kind": "Pod"}', "application/json", 400, "BadRequest"),
        ("POST", MAPS + "/a", "{}", "application/json", 405, "MethodNotAllowed"),
        ("PUT", MAPS, "{}", "application/json", 405, "MethodNotAllowed"),
        ("POST", "/api/v1/configmaps", "{}", "application/json", 405, "MethodNotAllowed"),
        ("PATCH", MAPS + "/a", "{}", "text/plain", 415, "UnsupportedMediaType"),
        ("PATCH", MAPS + "/a", "[]", "application/merge-patch+json", 400, "BadRequest"),
        ("GET", MAPS + "?limit=some", "", "", 400, "BadRequest"),
        ("GET", MAPS + "?labelSelector=a%3D%3D%3Db", "", "", 400, "BadRequest"),
        ("GET", MAPS + "?watch=1&resourceVersion=x", "", "", 400, "BadRequest"),
        ("GET", "/apis/batch/v1/jobs", "", "", 404, "NotFound"),
        ("GET", "/favicon.ico", "", "", 404, "NotFound"),
    ],
)
def test_a_bad_request_gets_a_status(
    raw: httpx.Client,
    method: str,
    path: str,
    body: str,
    content_type: str,
    code: int,
    reason: str,
) -> None:
    raw.post(MAPS, json={"metadata": {"name": "a"}}).raise_for_status()
    answer = raw.request(method, path, content=body, headers={"Content-Type": content_type})
    status = answer.json()
    assert (answer.status_code, status["code"], status["reason"]) == (code, code, reason)
    assert status["kind"] == "Status"


def test_the_version_and_health_need_no_token(cluster: ClusterDouble) -> None:
    assert httpx.get(f"{cluster.server}/version").json()["major"] == "1"
    assert httpx.get(f"{cluster.server}/readyz").text == "ok"


def test_a_watch_goes_through_the_front_and_can_be_broken_there(
    cluster: ClusterDouble, tmp_path: Path
) -> None:
    path = tmp_path / "behind"
    context = cluster.write_kubeconfig(path, user="mayday", server=cluster.front.url)
    api = config.new_client_from_config(config_file=str(path), context=context)
    core = client.CoreV1Api(api)
    seen = []
    for event in watch.Watch().stream(core.list_namespace, timeout_seconds=20):
        seen.append(event["object"].metadata.name)
        if seen[-1] == "hub-prod":
            cluster.add_namespace("made-meanwhile")
        if seen[-1] == "made-meanwhile":
            break
    assert seen[-1] == "made-meanwhile"
    cluster.faults = [on_request("GET", "/api/v1/namespaces", says(403), times=1)]
    with pytest.raises(client.ApiException) as refused:
        core.list_namespace()
    assert json.loads(refused.value.body)["reason"] == "Forbidden"
    assert core.list_namespace().items
    api.rest_client.pool_manager.clear()
    api.close()
