"""Lists: label and field selectors, and pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

NS = "hub-prod"


@pytest.fixture(autouse=True)
def three_maps(core: client.CoreV1Api) -> None:
    for name, labels in (
        ("a", {"app": "hub", "tier": "one"}),
        ("b", {"app": "hub", "tier": "two"}),
        ("c", {"app": "proxy"}),
    ):
        core.create_namespaced_config_map(NS, {"metadata": {"name": name, "labels": labels}})


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=hub", "ab"),
        ("app==hub,tier=two", "b"),
        ("app!=hub", "c"),
        ("app in (hub, proxy)", "abc"),
        ("app notin (hub)", "c"),
        ("tier", "ab"),
        ("!tier", "c"),
        ("tier!=one", "bc"),
        ("app=nothing", ""),
    ],
)
def test_label_selectors(core: client.CoreV1Api, selector: str, names: str) -> None:
    found = core.list_namespaced_config_map(NS, label_selector=selector)
    assert "".join(item.metadata.name for item in found.items) == names


def test_field_selectors(core: client.CoreV1Api, pod: Callable[..., dict[str, Any]]) -> None:
    core.create_namespaced_pod(NS, pod("placed"))
    core.create_namespaced_pod(NS, pod("homeless", nodeSelector={"purpose": "gpu"}))

    def names(selector: str) -> list[str]:
        return [
            p.metadata.name for p in core.list_pod_for_all_namespaces(field_selector=selector).items
        ]

    assert names("metadata.name=placed") == ["placed"]
    assert "homeless" in names("spec.nodeName=,status.phase=Pending")
    assert "homeless" not in names("metadata.namespace=hub-prod,metadata.name!=homeless")


@pytest.mark.parametrize("selector", ["spec.image=x", "status.message=y"])
def test_a_field_that_cannot_be_selected_by_is_refused(
    core: client.CoreV1Api, selector: str
) -> None:
    with pytest.raises(ApiException) as exc:
        core.list_namespaced_pod(NS, field_selector=selector)
    assert exc.value.status == 400
    assert "field label not supported" in json.loads(exc.value.body)["message"]


def test_pages_show_one_moment(core: client.CoreV1Api) -> None:
    first = core.list_namespaced_config_map(NS, limit=2)
    assert [item.metadata.name for item in first.items] == ["a", "b"]
    assert first.metadata.remaining_item_count == 1
    core.delete_namespaced_config_map("c", NS)
    rest = core.list_namespaced_config_map(NS, limit=2, _continue=first.metadata._continue)
    assert [item.metadata.name for item in rest.items] == ["c"]
    assert rest.metadata._continue is None
    assert rest.metadata.resource_version == first.metadata.resource_version
