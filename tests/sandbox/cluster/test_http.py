"""What reaches the double other than by a well-behaved client."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from bot.sandbox.cluster import ClusterDouble

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
        ("PATCH", MAPS + "/a", "{}", "application/json-patch+json", 400, "BadRequest"),
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


def test_a_body_may_be_yaml(raw: httpx.Client) -> None:
    headers = {"Content-Type": "application/yaml"}
    answer = raw.post(MAPS, content="metadata:\n  name: b\n", headers=headers)
    assert (answer.status_code, answer.json()["kind"]) == (201, "ConfigMap")


def test_the_version_and_health_need_no_token(cluster: ClusterDouble) -> None:
    assert httpx.get(f"{cluster.server}/version").json()["major"] == "1"
    assert httpx.get(f"{cluster.server}/readyz").text == "ok"
