"""Lists: by label and field, in consistent pages."""

from __future__ import annotations

import pytest

from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import (
    config_map,
    contract,
    names,
    on_node,
    pages,
    pod,
    refusal,
)
from tests.contracts.kubernetes.systems import NODE, Core, System


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=hub", ["a", "b"]),
        ("app==hub", ["a", "b"]),
        ("app = hub , tier=core", ["a"]),
        ("app!=hub", ["c", "d"]),
        ("app in (hub,proxy)", ["a", "b", "c"]),
        ("app in (hub, proxy),tier", ["a", "c"]),
        ("app notin (hub)", ["c", "d"]),
        ("tier", ["a", "c"]),
        ("!app", ["d"]),
        ("tier=", ["c"]),
        ("app=none", []),
        ("", ["a", "b", "c", "d"]),
        ("app in (hub),app notin (proxy)", ["a", "b"]),
    ],
)
@contract("label selectors: =, ==, !=, in, notin, exists, absent, empty value")
def test_label_selectors(core: Core, ns: str, selector: str, found: list[str]) -> None:
    for name, labels in {
        "a": {"app": "hub", "tier": "core"},
        "b": {"app": "hub"},
        "c": {"app": "proxy", "tier": ""},
        "d": {},
    }.items():
        core.create_namespaced_config_map(ns, config_map(name, labels=labels))
    listed = core.list_namespaced_config_map(
        ns, label_selector=selector, field_selector="metadata.name!=kube-root-ca.crt"
    )
    assert names(listed) == found


@pytest.mark.parametrize(
    "selector",
    ["app=hub=x", "app in hub", "app in (hub", "=hub", "a b", "app=(x)", "-a=x"],
)
@contract("a label selector that makes no sense is 400 BadRequest")
def test_bad_label_selectors(core: Core, ns: str, selector: str) -> None:
    told = refusal(core.list_namespaced_pod, ns, label_selector=selector)
    assert (told.status, told.reason) == (400, "BadRequest")


@contract("field selectors of pods: name, namespace, node, phase, restart policy, != and several")
def test_field_selectors(core: Core, ns: str, kubelet: Kubelet) -> None:
    kubelet.runs(core.create_namespaced_pod(ns, on_node("a")))
    core.create_namespaced_pod(ns, on_node("b"))
    core.create_namespaced_pod(ns, pod("c"))
    for selector, found in {
        "metadata.name=a": ["a"],
        "metadata.name!=a": ["b", "c"],
        f"metadata.namespace={ns}": ["a", "b", "c"],
        f"spec.nodeName={NODE}": ["a", "b"],
        "spec.nodeName=": ["c"],
        "status.phase=Running": ["a"],
        f"status.phase!=Running,spec.nodeName={NODE}": ["b"],
        "spec.restartPolicy=Always": ["a", "b", "c"],
        "status.phase==Pending": ["b", "c"],
    }.items():
        listed = core.list_namespaced_pod(ns, field_selector=selector)
        assert (selector, names(listed)) == (selector, found)


@pytest.mark.parametrize("selector", ["status.reason=Evicted", "metadata.uid=x", "spec.nodeName"])
@contract("a field that cannot be selected by is 400 BadRequest")
def test_bad_field_selectors(core: Core, ns: str, selector: str) -> None:
    told = refusal(core.list_namespaced_pod, ns, field_selector=selector)
    assert (told.status, told.reason) == (400, "BadRequest")


@contract("a page has its limit, says how many are left, and leads to the next")
def test_pages(core: Core, ns: str) -> None:
    for name in "abcde":
        core.create_namespaced_pod(ns, pod(name))
    found = list(pages(core.list_namespaced_pod, ns, limit=2))
    assert [names(page) for page in found] == [["a", "b"], ["c", "d"], ["e"]]
    assert [page.metadata.remaining_item_count for page in found] == [3, 1, None]
    assert len({page.metadata.resource_version for page in found}) == 1
    assert not found[-1].metadata._continue


@contract("a page of a selection is filled, and does not say how many are left")
def test_pages_of_a_selection(core: Core, ns: str) -> None:
    for name in "abcdef":
        core.create_namespaced_pod(ns, pod(name, labels={"odd": "ace".count(name) * "y" or "n"}))
    found = list(pages(core.list_namespaced_pod, ns, limit=2, label_selector="odd=y"))
    assert [names(page) for page in found] == [["a", "c"], ["e"]]
    assert found[0].metadata.remaining_item_count is None


@contract("later pages show the moment of the first")
def test_pages_of_one_moment(core: Core, ns: str) -> None:
    for name in "abc":
        core.create_namespaced_pod(ns, pod(name))
    reading = pages(core.list_namespaced_pod, ns, limit=1)
    seen = names(next(reading))
    core.delete_namespaced_pod("b", ns, grace_period_seconds=0)
    core.create_namespaced_pod(ns, pod("bb"))
    for page in reading:
        seen += names(page)
    assert seen == ["a", "b", "c"]


@contract("a continue token whose moment is forgotten is 410 Expired")
def test_an_expired_page(core: Core, ns: str, system: System) -> None:
    for name in "abc":
        core.create_namespaced_pod(ns, pod(name))
    first = core.list_namespaced_pod(ns, limit=1)
    core.delete_namespaced_pod("b", ns, grace_period_seconds=0)
    system.forget()
    token = first.metadata._continue
    told = refusal(core.list_namespaced_pod, ns, limit=1, _continue=token)
    assert (told.status, told.reason) == (410, "Expired")


@contract("a continue token that was never given is 400 BadRequest")
def test_a_made_up_page(core: Core, ns: str) -> None:
    told = refusal(core.list_namespaced_pod, ns, limit=1, _continue="bm90IGEgdG9rZW4")
    assert (told.status, told.reason) == (400, "BadRequest")


@contract("a list of a namespace that does not exist is empty; a read in it is 404")
def test_no_such_namespace(core: Core) -> None:
    assert core.list_namespaced_pod("nowhere").items == []
    told = refusal(core.read_namespaced_pod, "a", "nowhere")
    assert (told.status, told.reason, told.message) == (404, "NotFound", 'pods "a" not found')
    assert (told.details["name"], told.details["kind"]) == ("a", "pods")


@contract("a list over all namespaces has those of each")
def test_all_namespaces(core: Core, ns: str) -> None:
    core.create_namespaced_pod(ns, pod("a", labels={"of": ns}))
    listed = core.list_pod_for_all_namespaces(label_selector=f"of={ns}")
    assert [(item.metadata.namespace, item.metadata.name) for item in listed.items] == [(ns, "a")]


@contract("a list has a version of its own, and each item its own")
def test_list_versions(core: Core, ns: str) -> None:
    made = core.create_namespaced_config_map(ns, config_map("a"))
    listed = core.list_namespaced_config_map(ns, field_selector="metadata.name=a")
    assert listed.items[0].metadata.resource_version == made.metadata.resource_version
    assert int(listed.metadata.resource_version) >= int(made.metadata.resource_version)


@contract("a list not older than a version has what was there then, as KubeSpawner asks for it")
def test_not_older(core: Core, ns: str) -> None:
    made = core.create_namespaced_pod(ns, pod("a"))
    asked = {"resource_version_match": "NotOlderThan"}
    since = core.list_namespaced_pod(ns, resource_version=made.metadata.resource_version, **asked)
    assert names(since) == ["a"]
    assert int(since.metadata.resource_version) >= int(made.metadata.resource_version)
    # Version 0 allows any cached version, here the list above or newer.
    any_version = core.list_namespaced_pod(ns, resource_version="0", **asked)
    assert names(any_version) == ["a"]
