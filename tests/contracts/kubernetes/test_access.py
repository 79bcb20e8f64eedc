"""Authentication (401) and authorization by RBAC (403)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from kubernetes import client

from tests.contracts.kubernetes.objects import (
    config_map,
    contract,
    deployment,
    on_node,
    read,
    refusal,
)
from tests.contracts.kubernetes.systems import NODE, Apps, Core, Grant, System

Connect = Callable[[str], client.ApiClient]


@contract("an unknown token is 401 Unauthorized")
def test_unknown_token(connect: Connect, ns: str) -> None:
    told = refusal(client.CoreV1Api(connect("not-a-token")).list_namespaced_pod, ns)
    assert (told.status, told.reason, told.message) == (401, "Unauthorized", "Unauthorized")


@contract("no token at all is system:anonymous, who may nothing: 403 Forbidden")
def test_no_token(system: System, ns: str) -> None:
    answer = httpx.get(f"{system.server}/api/v1/namespaces/{ns}/pods", verify=False)
    told = read(answer.status_code, answer.text)
    assert (told.status, told.reason) == (403, "Forbidden")
    assert 'User "system:anonymous" cannot list resource "pods"' in told.message


@contract("what no Role grants is 403 Forbidden, and the sentence says who may not do what where")
def test_forbidden(system: System, connect: Connect, ns: str) -> None:
    user, token = system.user(ns, Grant(verbs=("list",)))
    api = connect(token)
    core: Core = client.CoreV1Api(api)
    apps: Apps = client.AppsV1Api(api)
    assert core.list_namespaced_pod(ns).items == []
    where = f'in API group "" in the namespace "{ns}"'
    scale = {"spec": {"replicas": 1}}
    for call, args, message in (
        (
            core.read_namespaced_pod,
            ("a", ns),
            f'pods "a" is forbidden: User "{user}" cannot get resource "pods" {where}',
        ),
        (
            core.list_namespaced_config_map,
            (ns,),
            f'configmaps is forbidden: User "{user}" cannot list resource "configmaps" {where}',
        ),
        (
            core.create_namespaced_config_map,
            (ns, config_map("a")),
            f'configmaps is forbidden: User "{user}" cannot create resource "configmaps" {where}',
        ),
        (
            core.list_node,
            (),
            f'nodes is forbidden: User "{user}" cannot list resource "nodes" in API group "" at '
            "the cluster scope",
        ),
        (
            core.read_namespaced_pod_log,
            ("a", ns),
            f'pods "a" is forbidden: User "{user}" cannot get resource "pods/log" {where}',
        ),
        (
            apps.patch_namespaced_deployment_scale,
            ("hub", ns, scale),
            f'deployments.apps "hub" is forbidden: User "{user}" cannot patch resource '
            f'"deployments/scale" in API group "apps" in the namespace "{ns}"',
        ),
    ):
        told = refusal(call, *args)
        assert (told.status, told.reason, told.message) == (403, "Forbidden", message)


@contract("everybody with a token may ask what they may do, and nothing is stored of it")
def test_access_reviews(system: System, connect: Connect, ns: str) -> None:
    _, token = system.user(
        ns, Grant(verbs=("patch",), resources=("deployments",), group="apps", names=("proxy",))
    )
    asking: Any = client.AuthorizationV1Api(connect(token))
    for name, verb, allowed in (
        ("proxy", "patch", True),
        ("proxy", "delete", False),
        ("hub", "patch", False),
        ("", "patch", False),
    ):
        wanted = {"namespace": ns, "verb": verb, "group": "apps", "resource": "deployments"}
        review = asking.create_self_subject_access_review(
            {"spec": {"resourceAttributes": wanted | {"name": name}}}
        )
        assert ((name, verb), review.status.allowed) == ((name, verb), allowed)
        assert not review.metadata.name


@contract("who shows no token may not even ask: 403 Forbidden")
def test_access_review_without_a_token(system: System) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    body = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    answer = httpx.post(system.server + path, json=body, verify=False)
    told = read(answer.status_code, answer.text)
    assert (told.status, told.reason) == (403, "Forbidden")
    assert "cannot create resource" in told.message


@contract("403 names the object in its details")
def test_details(system: System, connect: Connect, ns: str) -> None:
    _, token = system.user(ns)
    api = connect(token)
    told = refusal(client.CoreV1Api(api).delete_namespaced_pod, "a", ns)
    assert told.details == {"name": "a", "kind": "pods"}
    told = refusal(client.AppsV1Api(api).read_namespaced_deployment, "hub", ns)
    assert told.details == {"name": "hub", "group": "apps", "kind": "deployments"}
    assert refusal(client.CoreV1Api(api).list_namespaced_pod, ns).details == {"kind": "pods"}


@contract("RBAC is asked before the object is looked up: 403, not 404")
def test_forbidden_first(system: System, connect: Connect, ns: str) -> None:
    _, token = system.user(ns)
    told = refusal(client.CoreV1Api(connect(token)).delete_namespaced_pod, "none", ns)
    assert told.status == 403


@contract("a Role may name the objects: the others are 403")
def test_named_objects(system: System, connect: Connect, apps: Apps, ns: str) -> None:
    for name in ("proxy", "hub"):
        apps.create_namespaced_deployment(ns, deployment(name, replicas=0))
    _, token = system.user(
        ns,
        Grant(verbs=("patch",), resources=("deployments",), group="apps", names=("proxy",)),
    )
    mine: Any = client.AppsV1Api(connect(token))
    label = {"metadata": {"labels": {"x": "y"}}}
    assert mine.patch_namespaced_deployment("proxy", ns, label).metadata.labels["x"] == "y"
    assert refusal(mine.patch_namespaced_deployment, "hub", ns, label).status == 403
    assert refusal(mine.read_namespaced_deployment, "proxy", ns).status == 403


@contract("a subresource is granted apart from its object")
def test_subresources(system: System, core: Core, connect: Connect, ns: str) -> None:
    core.create_namespaced_pod(ns, on_node("a"))
    _, token = system.user(ns, Grant(verbs=("get", "patch", "delete")))
    mine: Any = client.CoreV1Api(connect(token))
    assert mine.read_namespaced_pod("a", ns).spec.node_name == NODE
    status = {"status": {"phase": "Failed"}}
    assert refusal(mine.patch_namespaced_pod_status, "a", ns, status).status == 403
    assert refusal(mine.read_namespaced_pod_log, "a", ns).status == 403
    evict = {"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": {"name": "a"}}
    assert refusal(mine.create_namespaced_pod_eviction, "a", ns, evict).status == 403


@contract("a Role holds in its own namespace only, and a list over all is another thing")
def test_other_namespace(system: System, core: Core, connect: Connect, ns: str) -> None:
    _, token = system.user(ns, Grant(verbs=("list",)))
    mine: Any = client.CoreV1Api(connect(token))
    assert refusal(mine.list_namespaced_pod, "default").status == 403
    assert refusal(mine.list_pod_for_all_namespaces).status == 403


@contract("watch is a verb of its own")
def test_watch_is_a_verb(system: System, connect: Connect, ns: str) -> None:
    _, token = system.user(ns, Grant(verbs=("list",)))
    mine: Any = client.CoreV1Api(connect(token))
    told = refusal(mine.list_namespaced_pod, ns, watch=True, timeout_seconds=1)
    assert (told.status, told.reason) == (403, "Forbidden")
    assert "cannot watch resource" in told.message


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/api/v1/namespaces/default/nonsense", 404, "NotFound"),
        ("PUT", "/api/v1/namespaces/default/configmaps", 405, "MethodNotAllowed"),
        ("POST", "/api/v1/namespaces/default/pods/a", 405, "MethodNotAllowed"),
        ("DELETE", "/api/v1/namespaces/default/pods/a/status", 405, "MethodNotAllowed"),
        ("POST", "/api/v1/pods", 405, "MethodNotAllowed"),
    ],
)
@contract("a path that is none is 404; a method that a path has not is 405")
def test_no_such_thing(system: System, method: str, path: str, status: int, reason: str) -> None:
    headers = {"Authorization": f"Bearer {system.admin}"}
    answer = httpx.request(method, system.server + path, json={}, headers=headers, verify=False)
    told = read(answer.status_code, answer.text)
    assert (told.status, told.reason) == (status, reason)
