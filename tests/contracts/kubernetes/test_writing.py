"""Writing: creation, replacement, conflicts, the status apart from the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import (
    config_map,
    contract,
    deployment,
    names,
    pod,
    refusal,
)
from tests.contracts.kubernetes.systems import Apps, Core


@contract("an object gets uid, version, time and what its kind has by default")
def test_creation(core: Core, ns: str) -> None:
    made = core.create_namespaced_pod(ns, pod("a"))
    assert made.metadata.uid
    assert made.metadata.resource_version
    assert made.metadata.creation_timestamp.tzinfo is not None
    assert made.status.phase == "Pending"
    assert made.status.qos_class == "BestEffort"
    assert (made.spec.restart_policy, made.spec.termination_grace_period_seconds) == ("Always", 30)
    assert (made.spec.scheduler_name, made.spec.dns_policy) == ("default-scheduler", "ClusterFirst")
    assert made.spec.containers[0].image_pull_policy == "IfNotPresent"


@contract("a second object of one name is 409 AlreadyExists")
def test_name_taken(core: Core, ns: str) -> None:
    core.create_namespaced_pod(ns, pod("a"))
    told = refusal(core.create_namespaced_pod, ns, pod("a"))
    assert (told.status, told.reason) == (409, "AlreadyExists")
    assert told.message == 'pods "a" already exists'


@contract("generateName makes a name of its own each time; a given name wins")
def test_generate_name(core: Core, ns: str) -> None:
    body = pod(generateName="jupyter-")
    one, other = (core.create_namespaced_pod(ns, body).metadata for _ in range(2))
    for meta in (one, other):
        assert re.fullmatch(r"jupyter-[bcdfghjklmnpqrstvwxz2456789]{5}", meta.name)
        assert meta.generate_name == "jupyter-"
    assert one.name != other.name
    assert core.create_namespaced_pod(ns, pod("a", generateName="b-")).metadata.name == "a"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (pod(), "metadata.name"),
        (pod("Upper"), "metadata.name"),
        (pod("under_score"), "metadata.name"),
        (pod("a" * 254), "metadata.name"),
        (pod("a", labels={"app": "two words"}), "metadata.labels"),
        (pod("a", labels={"app": "x" * 64}), "metadata.labels"),
        (pod("a", labels={"-app": "x"}), "metadata.labels"),
        (pod("a", annotations={"two words": "x"}), "metadata.annotations"),
        ({"metadata": {"name": "a"}, "spec": {"containers": []}}, "spec.containers"),
        (
            {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "", "image": "x"}]}},
            "spec.containers[0].name",
        ),
        (
            {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "x", "image": ""}]}},
            "spec.containers[0].image",
        ),
        (
            {
                "metadata": {"name": "a"},
                "spec": {"containers": [{"name": "x", "image": "x"}], "restartPolicy": "Never!"},
            },
            "spec.restartPolicy",
        ),
        (pod("a", finalizers=["hold"]), "metadata.finalizers"),
    ],
)
@contract("an object that cannot be is 422 Invalid and names the field")
def test_invalid(core: Core, ns: str, body: dict[str, Any], field: str) -> None:
    told = refusal(core.create_namespaced_pod, ns, body)
    assert (told.status, told.reason) == (422, "Invalid")
    causes = told.details["causes"]
    assert any(cause["field"].startswith(field) for cause in causes), causes
    assert told.details["kind"] == "Pod"


@pytest.mark.parametrize(
    "more",
    [{"kind": "Secret"}, {"apiVersion": "v2"}, {"metadata": {"name": "a", "namespace": "other"}}],
)
@contract("an object of another kind, version or namespace than the path is 400 BadRequest")
def test_not_of_the_path(core: Core, ns: str, more: dict[str, Any]) -> None:
    told = refusal(core.create_namespaced_config_map, ns, config_map("a") | more)
    assert (told.status, told.reason) == (400, "BadRequest")


@contract("creating with a version is 400 BadRequest; in a namespace that is not there 404")
def test_not_to_be_created(core: Core, ns: str) -> None:
    told = refusal(core.create_namespaced_config_map, ns, config_map("a", resourceVersion="1"))
    assert told.status in (400, 500)
    assert "resourceVersion" in told.message
    told = refusal(core.create_namespaced_config_map, "nowhere", config_map("a"))
    assert (told.status, told.reason) == (404, "NotFound")
    assert told.message == 'namespaces "nowhere" not found'


@contract("a namespace is an object too: read, labelled and listed; a second 409, none 404")
def test_namespaces(core: Core, ns: str) -> None:
    found = core.read_namespace(ns)
    assert (found.metadata.name, found.status.phase) == (ns, "Active")
    core.patch_namespace(ns, {"metadata": {"labels": {"of": ns}}})
    assert names(core.list_namespace(label_selector=f"of={ns}")) == [ns]
    told = refusal(core.create_namespace, {"metadata": {"name": ns}})
    assert (told.status, told.reason) == (409, "AlreadyExists")
    told = refusal(core.read_namespace, "nowhere")
    assert (told.status, told.message) == (404, 'namespaces "nowhere" not found')


@contract("PUT of an older version is 409 Conflict and changes nothing")
def test_put_conflict(core: Core, ns: str) -> None:
    old = core.create_namespaced_config_map(ns, config_map("a"))
    core.patch_namespaced_config_map("a", ns, {"data": {"k": "theirs"}})
    old.data = {"k": "mine"}
    told = refusal(core.replace_namespaced_config_map, "a", ns, old)
    assert (told.status, told.reason) == (409, "Conflict")
    assert told.message == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert core.read_namespaced_config_map("a", ns).data == {"k": "theirs"}


@contract("PUT replaces all of the object, under a new version")
def test_put(core: Core, ns: str) -> None:
    body = config_map("a", data={"k": "1"}, labels={"app": "x"})
    made = core.create_namespaced_config_map(ns, body)
    put = core.replace_namespaced_config_map("a", ns, config_map("a", data={"other": "2"}))
    assert (put.data, put.metadata.labels) == ({"other": "2"}, None)
    assert put.metadata.uid == made.metadata.uid
    assert put.metadata.creation_timestamp == made.metadata.creation_timestamp
    assert int(put.metadata.resource_version) > int(made.metadata.resource_version)


@contract("PUT that changes nothing keeps the version")
def test_put_of_the_same(core: Core, ns: str) -> None:
    made = core.create_namespaced_config_map(ns, config_map("a", data={"k": "1"}))
    same = core.replace_namespaced_config_map("a", ns, made)
    assert same.metadata.resource_version == made.metadata.resource_version


@contract("PUT under another name is 400; of an object that is not there 404; with a wrong uid 409")
def test_put_refused(core: Core, ns: str) -> None:
    core.create_namespaced_config_map(ns, config_map("a"))
    told = refusal(core.replace_namespaced_config_map, "a", ns, config_map("b"))
    assert (told.status, told.reason) == (400, "BadRequest")
    told = refusal(core.replace_namespaced_pod, "b", ns, pod("b"))
    assert (told.status, told.reason) == (404, "NotFound")
    told = refusal(core.replace_namespaced_config_map, "a", ns, config_map("a", uid="another-uid"))
    assert (told.status, told.reason) == (409, "Conflict")
    assert "UID in precondition: another-uid" in told.message


@contract("a pod's node, containers and grace cannot be changed: 422 Invalid")
def test_fixed_fields(core: Core, ns: str) -> None:
    core.create_namespaced_pod(ns, pod("a"))
    for spec in (
        {"nodeName": "elsewhere"},
        {"terminationGracePeriodSeconds": 1},
        {"containers": [{"name": "second", "image": "x"}]},
    ):
        told = refusal(core.patch_namespaced_pod, "a", ns, {"spec": spec})
        assert (told.status, told.reason) == (422, "Invalid")
    image = {"spec": {"containers": [{"name": "main", "image": "example.org/main:2"}]}}
    assert core.patch_namespaced_pod("a", ns, image).spec.containers[0].image.endswith(":2")


@contract("what is written to the object leaves its status alone")
def test_no_status_by_the_object(core: Core, ns: str, kubelet: Kubelet) -> None:
    running = kubelet.runs(core.create_namespaced_pod(ns, pod("a")))
    body = {"metadata": {"labels": {"app": "x"}}, "status": {"phase": "Failed"}}
    patched = core.patch_namespaced_pod("a", ns, body)
    assert (patched.status.phase, patched.metadata.labels) == ("Running", {"app": "x"})
    running.metadata.resource_version = None
    running.status.phase = "Failed"
    assert core.replace_namespaced_pod("a", ns, running).status.phase == "Running"


@contract("what is written to /status leaves spec alone")
def test_no_object_by_the_status(apps: Apps, ns: str) -> None:
    apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    body = {"spec": {"replicas": 5}, "status": {"observedGeneration": 7}}
    patched = apps.patch_namespaced_deployment_status("hub", ns, body)
    assert (patched.spec.replicas, patched.metadata.generation) == (0, 1)
    got = apps.read_namespaced_deployment_status("hub", ns)
    assert got.spec.replicas == 0


@contract("PUT to /status heeds the version: 409 Conflict")
def test_status_conflict(core: Core, ns: str, kubelet: Kubelet) -> None:
    old = core.create_namespaced_pod(ns, pod("a"))
    kubelet.runs(old)
    told = refusal(core.replace_namespaced_pod_status, "a", ns, old)
    assert (told.status, told.reason) == (409, "Conflict")


@contract("generation counts changes of spec, not of labels or status")
def test_generation(apps: Apps, ns: str) -> None:
    made = apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    assert made.metadata.generation == 1
    labelled = apps.patch_namespaced_deployment("hub", ns, {"metadata": {"labels": {"x": "y"}}})
    assert labelled.metadata.generation == 1
    changed = apps.patch_namespaced_deployment("hub", ns, {"spec": {"minReadySeconds": 1}})
    assert changed.metadata.generation == 2


@contract("a Deployment whose selector misses its template, or changes, is 422 Invalid")
def test_selector_of_a_deployment(apps: Apps, ns: str) -> None:
    body = deployment("hub", replicas=0)
    body["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    told = refusal(apps.create_namespaced_deployment, ns, body)
    assert (told.status, told.reason) == (422, "Invalid")
    apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    both = {"app": "hub", "more": "x"}
    change = {
        "selector": {"matchLabels": both},
        "template": {"metadata": {"labels": both}},
    }
    told = refusal(apps.patch_namespaced_deployment, "hub", ns, {"spec": change})
    assert (told.status, told.reason) == (422, "Invalid")
    assert "field is immutable" in told.message


@contract("dryRun=All answers as if and stores nothing")
def test_dry_run(core: Core, ns: str) -> None:
    made = core.create_namespaced_pod(ns, pod("a"), dry_run="All")
    assert made.metadata.name == "a"
    assert refusal(core.read_namespaced_pod, "a", ns).status == 404
    core.create_namespaced_pod(ns, pod("b", labels={"app": "x"}))
    core.patch_namespaced_pod("b", ns, {"metadata": {"labels": {"app": "y"}}}, dry_run="All")
    core.delete_namespaced_pod("b", ns, dry_run="All", grace_period_seconds=0)
    assert core.read_namespaced_pod("b", ns).metadata.labels == {"app": "x"}
