"""Volumes as facts and findings: mounts, the hub's own volume, claims and full disks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.diagnose import Remedy, Severity
from bot.diagnose.volumes import claims, full_volumes, hub_volume, mounts
from bot.domain.cluster import Event
from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from tests.support.around import ago, around, claim, core_pod, event, found, one
from tests.support.hubs import healthy, pod

NEW = core_pod(
    "hub", name="hub-2", phase="Pending", reason="ContainerCreating", ready=False, node="core-2"
)
OLD = core_pod("hub", name="hub-1", deleting_since=ago(minutes=9), grace=30, ready=False)
PROXY = core_pod("proxy")
MULTI = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) hub-1'
TIMEOUT = "Unable to attach or mount volumes: timed out waiting for the condition"


def users(*, ready: bool = False) -> HubFacts:
    """Two users whose pods wait for their volumes."""
    pods = tuple(
        replace(pod(user), phase="Pending", ready=ready, reason="ContainerCreating")
        for user in ("ana", "ben")
    )
    return replace(healthy("ana", "ben"), pods=View(items=pods))


def test_users_volumes_that_cannot_be_mounted() -> None:
    hub = users()
    said = tuple(event(each, "FailedMount", TIMEOUT) for each in hub.pods.items)
    finding = one(mounts, around(hub, events=said))
    assert finding.text == "The volumes of 2 pods can't be mounted."
    assert (finding.severity, finding.at, finding.affects) == (
        Severity.WARNING,
        ago(minutes=4),
        2,
    )
    assert finding.evidence == ("Nodes: user-node-1.", TIMEOUT)


def test_a_mount_that_succeeded_later_is_over() -> None:
    hub = users(ready=True)
    said = tuple(event(each, "FailedMount", TIMEOUT) for each in hub.pods.items)
    assert found(mounts, around(hub, events=said)) == []
    gone = event(pod("zoe"), "FailedAttachVolume", MULTI)
    assert found(mounts, around(users(), events=(gone,))) == []


@pytest.mark.parametrize(
    ("core", "message", "text"),
    [
        (
            (NEW, OLD, PROXY),
            MULTI,
            "The hub's volume hub-db-dir is still held by another pod, hub-1: the hub can't start.",
        ),
        (
            (NEW, PROXY),
            MULTI,
            "The hub's volume is still attached to another node: the hub can't start.",
        ),
        (
            (NEW, PROXY),
            TIMEOUT,
            "The hub's volume can't be attached: the hub can't start.",
        ),
        (
            (replace(NEW, claims=("db",)), replace(OLD, claims=("other",)), PROXY),
            MULTI,
            "The hub's volume is still attached to another node: the hub can't start.",
        ),
    ],
)
def test_the_hubs_volume(core: Any, message: str, text: str) -> None:
    seen = around(core=core, events=(event(NEW, "FailedAttachVolume", message),))
    finding = one(hub_volume, seen)
    assert (finding.text, finding.severity, finding.at) == (
        text,
        Severity.CRITICAL,
        ago(minutes=4),
    )
    assert found(mounts, seen) == [], "said once"


def test_the_old_pod_that_never_ends_is_shown() -> None:
    seen = around(core=(NEW, OLD, PROXY), events=(event(NEW, "FailedAttachVolume", MULTI),))
    assert one(hub_volume, seen).evidence[-1] == (
        "Its deletion was requested and has not ended; node: core-1."
    )


def test_a_hub_that_runs_has_its_volume() -> None:
    well = core_pod("hub")
    seen = around(core=(well, PROXY), events=(event(well, "FailedAttachVolume", MULTI),))
    assert found(hub_volume, seen) == []


def test_a_locked_database() -> None:
    locked = core_pod(
        "hub",
        ready=False,
        reason="CrashLoopBackOff",
        message="OperationalError: database is locked",
    )
    finding = one(hub_volume, around(core=(locked, PROXY)))
    assert finding.text == "The hub's database is locked by another process."


FAILED = Event(
    kind="PersistentVolumeClaim",
    name="claim-ana",
    reason="ProvisioningFailed",
    message="googleapi: Error 403: Quota exceeded.",
    at=ago(minutes=2),
)


def test_claims_without_a_volume() -> None:
    waits = claim("claim-ana", phase="Pending", created_at=ago(minutes=3))
    finding = one(claims, around(claims=(claim(), waits), events=(FAILED,)))
    assert finding.text == "1 volume claim is Pending, it has no volume."
    assert (finding.severity, finding.at) == (Severity.WARNING, ago(minutes=3))
    assert finding.evidence == (
        "Claims: claim-ana.",
        "Storage class: standard.",
        "googleapi: Error 403: Quota exceeded",
    )
    hub = claim(phase="Pending", created_at=ago(minutes=30))
    assert one(claims, around(claims=(hub,))).severity is Severity.CRITICAL


@pytest.mark.parametrize(
    "waits",
    [
        claim("claim-ana", phase="Pending", created_at=ago(minutes=3)),
        claim("claim-ana", phase="Pending", created_at=ago(days=3)),
        claim("claim-ana", phase="Pending", created_at=None),
    ],
    ids=["young", "nobody uses it", "age unknown"],
)
def test_a_claim_that_may_wait(waits: Any) -> None:
    assert found(claims, around(claims=(claim(), waits))) == []


def test_lost_and_growing_claims() -> None:
    lost = one(claims, around(claims=(claim(phase="Lost"),)))
    assert (lost.text, lost.severity) == (
        "The volume of claim hub-db-dir is gone.",
        Severity.CRITICAL,
    )
    grows = one(claims, around(claims=(claim(conditions=("FileSystemResizePending",)),)))
    assert grows.severity is Severity.NOTE


FULL = core_pod(
    "hub",
    ready=False,
    reason="CrashLoopBackOff",
    message="sqlite3.OperationalError: database or disk is full",
    claims=("hub-db-dir",),
    unready_since=ago(minutes=20),
)


def test_the_hubs_volume_is_full() -> None:
    finding = one(full_volumes, around(core=(FULL, PROXY)))
    assert finding.text == (
        "The hub's volume hub-db-dir is full: the hub can't write to its database."
    )
    assert (finding.severity, finding.at) == (Severity.CRITICAL, ago(minutes=20))
    assert finding.remedy == Remedy(
        runbook="grow-volume",
        label="Grow hub-db-dir to 2Gi",
        arguments={"claim": "hub-db-dir", "size": "2Gi"},
    )


def test_a_volume_of_an_odd_size_is_doubled_in_mebibytes() -> None:
    odd = claim(requested=300 * 2**20 + 1)
    finding = one(full_volumes, around(core=(FULL, PROXY), claims=(odd,)))
    assert finding.remedy is not None and finding.remedy.arguments["size"] == "601Mi"


@pytest.mark.parametrize("can_grow", [False, None])
def test_a_volume_that_cannot_grow_is_not_offered_to_grow(can_grow: bool | None) -> None:
    seen = around(core=(FULL, PROXY), claims=(claim(can_grow=can_grow),))
    assert one(full_volumes, seen).remedy is None


def test_a_users_full_volume_by_its_event() -> None:
    hub = users()
    ana = hub.pods.items[0]
    said = event(ana, "Failed", "mkdir notebooks: no space left on device")
    finding = one(full_volumes, around(hub, events=(said,)))
    assert finding.text == "Pod jupyter-ana has no space left on a volume or a disk."
    assert (finding.affects, finding.at, finding.remedy) == (1, ago(minutes=4), None)
    pulled = replace(said, message="Failed to pull image: no space left on device")
    assert found(full_volumes, around(hub, events=(pulled,))) == []
