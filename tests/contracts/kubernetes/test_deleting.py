"""Deleting: UID preconditions, grace and finalizers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kubernetes import client

from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import (
    config_map,
    contract,
    exists,
    on_node,
    pod,
    refusal,
)
from tests.contracts.kubernetes.systems import Core


def options(
    uid: str, grace: int | None = None, version: str | None = None
) -> client.V1DeleteOptions:
    """Options with this uid."""
    wanted = client.V1Preconditions(uid=uid, resource_version=version)
    return client.V1DeleteOptions(grace_period_seconds=grace, preconditions=wanted)


@contract("a uid precondition refuses another pod: 409 Conflict, nothing deleted")
def test_uid(core: Core, ns: str) -> None:
    made = core.create_namespaced_pod(ns, on_node("a"))
    told = refusal(core.delete_namespaced_pod, "a", ns, body=options("another-uid", 0))
    assert (told.status, told.reason) == (409, "Conflict")
    assert told.message == (
        'Operation cannot be fulfilled on Pod "a": the UID in the precondition (another-uid) does '
        f"not match the UID in record ({made.metadata.uid}). The object might have been deleted "
        "and then recreated"
    )
    assert core.read_namespaced_pod("a", ns).metadata.deletion_timestamp is None
    core.delete_namespaced_pod("a", ns, body=options(made.metadata.uid, 0))
    assert not exists(core, ns, "a")


@contract("a version precondition refuses a changed object: 409 Conflict")
def test_version(core: Core, ns: str) -> None:
    made = core.create_namespaced_config_map(ns, config_map("a")).metadata
    core.patch_namespaced_config_map("a", ns, {"data": {"k": "1"}})
    body = options(made.uid, version=made.resource_version)
    told = refusal(core.delete_namespaced_config_map, "a", ns, body=body)
    assert (told.status, told.reason) == (409, "Conflict")
    assert told.message.endswith("The object might have been modified")


@contract("a pod on a node is terminating for its grace; the deadline stands in it")
def test_grace(core: Core, ns: str, kubelet: Kubelet) -> None:
    made = core.create_namespaced_pod(ns, on_node("a", terminationGracePeriodSeconds=60))
    kubelet.runs(made)
    before = datetime.now(UTC).replace(microsecond=0)
    gone = core.delete_namespaced_pod("a", ns)
    assert gone.metadata.name == "a"
    assert gone.metadata.deletion_grace_period_seconds == 60
    ends = gone.metadata.deletion_timestamp
    assert before <= ends - timedelta(seconds=60) <= datetime.now(UTC)
    held = core.read_namespaced_pod("a", ns)
    assert held.metadata.deletion_timestamp == ends
    assert held.status.phase == "Running"
    kubelet.let_go(held)
    assert not exists(core, ns, "a")


@contract("a second deletion may shorten the grace and never lengthens it")
def test_shorter_grace(core: Core, ns: str) -> None:
    core.create_namespaced_pod(ns, on_node("a", terminationGracePeriodSeconds=60))
    core.delete_namespaced_pod("a", ns)
    longer = core.delete_namespaced_pod("a", ns, grace_period_seconds=600)
    assert longer.metadata.deletion_grace_period_seconds == 60
    again = core.delete_namespaced_pod("a", ns)
    assert again.metadata.deletion_timestamp == longer.metadata.deletion_timestamp
    shorter = core.delete_namespaced_pod("a", ns, grace_period_seconds=5)
    assert shorter.metadata.deletion_grace_period_seconds == 5
    assert shorter.metadata.deletion_timestamp < longer.metadata.deletion_timestamp


@contract("grace 0 removes a pod at once, terminating or not; then it is 404")
def test_no_grace(core: Core, ns: str) -> None:
    for name in "ab":
        core.create_namespaced_pod(ns, on_node(name))
    core.delete_namespaced_pod("a", ns)
    for name in "ab":
        core.delete_namespaced_pod(name, ns, grace_period_seconds=0)
        assert not exists(core, ns, name)
    told = refusal(core.delete_namespaced_pod, "a", ns)
    assert (told.status, told.reason) == (404, "NotFound")


@contract("a pod that no node holds, or that is over, goes at once")
def test_nothing_to_wait_for(core: Core, ns: str, kubelet: Kubelet) -> None:
    core.create_namespaced_pod(ns, pod("unplaced"))
    kubelet.failed(core.create_namespaced_pod(ns, on_node("over")), "Evicted")
    for name in ("unplaced", "over"):
        core.delete_namespaced_pod(name, ns)
        assert not exists(core, ns, name)


@contract("a new pod of a deleted one's name has another uid, which the old uid cannot delete")
def test_replaced(core: Core, ns: str) -> None:
    old = core.create_namespaced_pod(ns, on_node("a")).metadata.uid
    core.delete_namespaced_pod("a", ns, grace_period_seconds=0)
    new = core.create_namespaced_pod(ns, on_node("a")).metadata.uid
    assert new != old
    assert refusal(core.delete_namespaced_pod, "a", ns, body=options(old, 0)).status == 409


@contract("a finalizer holds a pod even against grace 0, until it is taken off")
def test_finalizer(core: Core, ns: str) -> None:
    core.create_namespaced_pod(ns, on_node("a", finalizers=["example.org/hold"]))
    held = core.delete_namespaced_pod("a", ns, grace_period_seconds=0)
    assert held.metadata.deletion_timestamp is not None
    assert held.metadata.deletion_grace_period_seconds == 0
    assert core.read_namespaced_pod("a", ns).metadata.finalizers == ["example.org/hold"]
    core.patch_namespaced_pod("a", ns, {"metadata": {"finalizers": None}})
    assert not exists(core, ns, "a")


@contract("nobody undoes a deletion: a written deletionTimestamp is kept as it was")
def test_no_undoing(core: Core, ns: str) -> None:
    core.create_namespaced_pod(ns, on_node("a"))
    gone = core.delete_namespaced_pod("a", ns).metadata
    undo = {"metadata": {"deletionTimestamp": None, "deletionGracePeriodSeconds": None}}
    core.patch_namespaced_pod("a", ns, undo, _content_type="application/merge-patch+json")
    assert core.read_namespaced_pod("a", ns).metadata.deletion_timestamp == gone.deletion_timestamp


@contract("the deletion of an object without grace answers with a Status of its uid")
def test_answer(core: Core, ns: str) -> None:
    made = core.create_namespaced_config_map(ns, config_map("a"))
    told = core.delete_namespaced_config_map("a", ns)
    assert (told["kind"], told["status"]) == ("Status", "Success")
    wanted = {"name": "a", "kind": "configmaps", "uid": made.metadata.uid}
    assert told["details"] == wanted
