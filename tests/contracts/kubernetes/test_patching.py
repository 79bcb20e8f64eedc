"""The two patch types in use: JSON merge patch and strategic merge patch."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contracts.kubernetes.objects import config_map, contract, deployment, pod, read, refusal
from tests.contracts.kubernetes.systems import Apps, Core, System

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


def patched(core: Core, ns: str, body: Any, kind: str) -> dict[str, str]:
    """The data of the ConfigMap ``a`` after a patch."""
    found = core.patch_namespaced_config_map("a", ns, body, _content_type=kind)
    return dict(found.data or {})


@contract("merge patch: null removes, maps merge, lists are replaced")
def test_merge_patch(core: Core, ns: str) -> None:
    body = config_map("a", data={"k": "1", "gone": "2"}, finalizers=["a.org/x", "a.org/y"])
    core.create_namespaced_config_map(ns, body)
    change = {"data": {"gone": None, "new": "3"}, "metadata": {"finalizers": ["a.org/z"]}}
    assert patched(core, ns, change, MERGE) == {"k": "1", "new": "3"}
    left = core.read_namespaced_config_map("a", ns)
    assert left.metadata.finalizers == ["a.org/z"]
    patched(core, ns, {"metadata": {"finalizers": None}}, MERGE)


@contract("strategic merge patch: lists with a merge key merge, others are replaced")
def test_strategic_patch(apps: Apps, ns: str) -> None:
    apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))

    def containers(*changes: dict[str, Any]) -> list[Any]:
        body = {"spec": {"template": {"spec": {"containers": list(changes)}}}}
        found = apps.patch_namespaced_deployment("hub", ns, body, _content_type=STRATEGIC)
        return list(found.spec.template.spec.containers)

    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    (one,) = containers({"name": "main", "env": env})
    assert one.image == "example.org/main:1"
    both = containers({"name": "side", "image": "example.org/side:1"})
    assert {found.name for found in both} == {"main", "side"}
    changed = containers({"name": "main", "env": [{"name": "B", "value": "3"}]})
    main = next(found for found in changed if found.name == "main")
    assert {item.name: item.value for item in main.env} == {"A": "1", "B": "3"}
    for args in (["a", "b"], ["c"]):
        changed = containers({"name": "main", "args": args})
    assert next(found for found in changed if found.name == "main").args == ["c"]


@pytest.mark.parametrize("kind", [MERGE, STRATEGIC])
@contract("a patch heeds a version that it names, 409 Conflict, and a uid, 422 Invalid")
def test_patch_conflict(core: Core, ns: str, kind: str) -> None:
    made = core.create_namespaced_config_map(ns, config_map("a")).metadata
    core.patch_namespaced_config_map("a", ns, {"data": {"k": "theirs"}})
    body = {"metadata": {"resourceVersion": made.resource_version}, "data": {"k": "mine"}}
    told = refusal(core.patch_namespaced_config_map, "a", ns, body, _content_type=kind)
    assert (told.status, told.reason) == (409, "Conflict")
    body["metadata"] = {"uid": "another"}
    told = refusal(core.patch_namespaced_config_map, "a", ns, body, _content_type=kind)
    assert (told.status, told.reason) == (422, "Invalid")
    assert core.read_namespaced_config_map("a", ns).data == {"k": "theirs"}


@contract("a patch that changes nothing keeps the version")
def test_patch_of_nothing(core: Core, ns: str) -> None:
    made = core.create_namespaced_config_map(ns, config_map("a", data={"k": "1"}))
    same = core.patch_namespaced_config_map("a", ns, {"data": {"k": "1"}})
    assert same.metadata.resource_version == made.metadata.resource_version


@contract("a patch of an object that is not there is 404; one that renames is refused")
def test_patch_refused(core: Core, ns: str) -> None:
    told = refusal(core.patch_namespaced_pod, "a", ns, {"metadata": {"labels": {"x": "y"}}})
    assert (told.status, told.reason) == (404, "NotFound")
    core.create_namespaced_pod(ns, pod("a"))
    told = refusal(core.patch_namespaced_pod, "a", ns, {"metadata": {"name": "b"}})
    assert (told.status, told.reason) == (400, "BadRequest")


@contract("a patch of an unknown content type is 415; a broken one 400")
def test_patch_of_no_kind(core: Core, ns: str, system: System) -> None:
    core.create_namespaced_config_map(ns, config_map("a"))
    path = f"{system.server}/api/v1/namespaces/{ns}/configmaps/a"
    for kind, body, status, reason in (
        ("application/json", "{}", 415, "UnsupportedMediaType"),
        (STRATEGIC, "[]", 400, "BadRequest"),
        (STRATEGIC, "{nonsense", 400, "BadRequest"),
    ):
        headers = {"Authorization": f"Bearer {system.admin}", "Content-Type": kind}
        answer = httpx.patch(path, content=body, headers=headers, verify=False)
        told = read(answer.status_code, answer.text)
        assert (kind, told.status, told.reason) == (kind, status, reason)
