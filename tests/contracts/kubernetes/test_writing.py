"""Writing: creation and the status subresource."""

from __future__ import annotations

import re

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


@contract("creating in a namespace that is not there is 404")
def test_no_namespace(core: Core) -> None:
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


@contract("what is written to the object leaves its status alone")
def test_no_status_by_the_object(core: Core, ns: str, kubelet: Kubelet) -> None:
    kubelet.runs(core.create_namespaced_pod(ns, pod("a")))
    body = {"metadata": {"labels": {"app": "x"}}, "status": {"phase": "Failed"}}
    patched = core.patch_namespaced_pod("a", ns, body)
    assert (patched.status.phase, patched.metadata.labels) == ("Running", {"app": "x"})


@contract("what is written to /status leaves spec alone")
def test_no_object_by_the_status(apps: Apps, ns: str) -> None:
    apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    body = {"spec": {"replicas": 5}, "status": {"observedGeneration": 7}}
    patched = apps.patch_namespaced_deployment_status("hub", ns, body)
    assert (patched.spec.replicas, patched.metadata.generation) == (0, 1)
    got = apps.read_namespaced_deployment_status("hub", ns)
    assert got.spec.replicas == 0


@contract("generation counts changes of spec, not of labels or status")
def test_generation(apps: Apps, ns: str) -> None:
    made = apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    assert made.metadata.generation == 1
    labelled = apps.patch_namespaced_deployment("hub", ns, {"metadata": {"labels": {"x": "y"}}})
    assert labelled.metadata.generation == 1
    changed = apps.patch_namespaced_deployment("hub", ns, {"spec": {"minReadySeconds": 1}})
    assert changed.metadata.generation == 2
