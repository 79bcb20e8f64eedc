"""Volumes: mounts and attachments that fail, the hub's own volume, claims that wait, are lost or full."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.diagnose.around import HUB, newest_first, own_pods
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.words import count, earliest, plain, some, within
from bot.domain.cluster import Claim, Event
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod

HUB_CLAIM = "hub-db-dir"
"""The chart's claim of the hub's database, which one pod at a time can use."""
MOUNT, ATTACH = "FailedMount", "FailedAttachVolume"
FAILURES = {MOUNT: "can't be mounted", ATTACH: "can't be attached"}
UNPROVISIONED = "ProvisioningFailed"
WAITS = timedelta(minutes=10)
"""How long a claim may wait for its first pod or its volume."""
HAPPENED = timedelta(hours=1)
FULL = (
    "no space left on device",
    "disk is full",
    "database or disk is full",
    "disk quota exceeded",
)
ELSEWHERE = ("multi-attach", "already used by", "exclusively attached")

FAILED = "The volumes of {pods} {failure}"
HUB_FAILED = "The hub's volume {failure}: the hub can't start"
HELD = "The hub's volume {claim} is still held by another pod, {pod}: the hub can't start"
LOCKED = "The hub's database is locked by another process"
HELD_UNKNOWN = "The hub's volume is still attached to another node: the hub can't start"
LOST = "The volume of claim {claim} is gone"
FULL_HUB = "The hub's volume {claim} is full: the hub can't write to its database"
FULL_POD = "Pod {pod} has no space left on a volume or a disk"
RESIZING = "The volume of claim {claim} is being enlarged"
DELETED = "Its deletion was requested and has not ended; node: {node}."


def mounts(facts: HubFacts) -> Iterable[Finding]:
    """Pods whose volumes can't be attached or mounted, by the events of pods that are still not ready.

    An event of a pod that is ready by now, or gone, is over. Users' pods are one finding for each kind of
    failure, with their nodes; the hub's own pod is one of its own.
    """
    waiting = _waiting(facts)
    hub = {pod.uid for pod in own_pods(facts, HUB)}
    groups: dict[str, list[tuple[Event, Pod]]] = {}
    for event in newest_first(facts.around.events.items):
        pod = waiting.get(event.uid) if event.reason in FAILURES else None
        if pod is not None and pod.uid not in hub:
            groups.setdefault(event.reason, []).append((event, pod))
    for reason, found in groups.items():
        pods = {pod.uid: pod for _, pod in found}
        users = {pod.user for pod in pods.values() if pod.user}
        nodes = some(pod.node for pod in pods.values() if pod.node)
        said = dict.fromkeys(plain(event.message) for event, _ in found)
        yield Finding(
            rule="mount",
            key=reason,
            severity=Severity.WARNING,
            text=FAILED.format(pods=count(len(pods), "pod"), failure=FAILURES[reason]) + ".",
            at=earliest(event.first_at or event.at for event, _ in found),
            evidence=(*((f"Nodes: {nodes}.",) if nodes else ()), *list(said)[:3]),
            affects=len(users),
        )


def hub_volume(facts: HubFacts) -> Iterable[Finding]:
    """The hub's volume, which only one pod at a time can use: held by another pod or node, or not mountable.

    After a node dies, its old pod stays Terminating and keeps the volume, and the new hub pod waits for it.
    """
    pods = [pod for pod in own_pods(facts, HUB) if not pod.finished]
    new = next((pod for pod in pods if not pod.ready and pod.deleting_since is None), None)
    if new is None:
        return
    failed = [
        event
        for event in newest_first(facts.around.events.items)
        if event.uid == new.uid and event.reason in FAILURES
    ]
    if "database is locked" in new.message.casefold():
        yield _hub_finding(facts, "locked", LOCKED, failed, (plain(new.message),))
    if not failed:
        return
    event = failed[0]
    evidence = (plain(event.message),)
    elsewhere = any(word in event.message.casefold() for word in ELSEWHERE)
    holder = next((pod for pod in pods if pod.uid != new.uid and _may_hold(pod, new)), None)
    if elsewhere and holder is not None:
        gone = (DELETED.format(node=holder.node or "unknown"),) if holder.deleting_since else ()
        text = HELD.format(claim=_hub_claim(new), pod=holder.name)
        yield _hub_finding(facts, "held", text, failed, (*evidence, *gone))
    elif elsewhere:
        yield _hub_finding(facts, "held", HELD_UNKNOWN, failed, evidence)
    else:
        text = HUB_FAILED.format(failure=FAILURES[event.reason])
        yield _hub_finding(facts, "mount", text, failed, evidence)


def claims(facts: HubFacts) -> Iterable[Finding]:
    """Claims without a volume, those whose volume is gone, and enlargements under way.

    Many classes bind a claim only when a pod uses it, so a young one that waits is no fault; a failed
    provisioning is one, and its event gives the reason.
    """
    failed: dict[str, Event] = {}
    for event in newest_first(facts.around.events.items):
        if event.kind == "PersistentVolumeClaim" and event.reason == UNPROVISIONED:
            failed.setdefault(event.name, event)
    waiting = []
    for claim in facts.around.claims.items:
        if claim.phase == "Lost":
            yield Finding(
                rule="claim",
                key=f"lost/{claim.name}",
                severity=Severity.CRITICAL if claim.name == HUB_CLAIM else Severity.WARNING,
                text=LOST.format(claim=claim.name) + ".",
                evidence=(f"Volume: {claim.volume or 'unknown'}.",),
            )
        elif claim.phase == "Pending" and _waits(facts, claim, failed):
            waiting.append(claim)
        if {"Resizing", "FileSystemResizePending"} & set(claim.conditions):
            yield Finding(
                rule="claim",
                key=f"resizing/{claim.name}",
                severity=Severity.NOTE,
                text=RESIZING.format(claim=claim.name) + ".",
                evidence=(f"Conditions: {some(claim.conditions)}.",),
            )
    if waiting:
        one = len(waiting) == 1
        names = [claim.name for claim in waiting]
        said = dict.fromkeys(plain(failed[name].message) for name in names if name in failed)
        classes = some(claim.storage_class for claim in waiting if claim.storage_class)
        number = f"{count(len(waiting), 'volume claim')} {'is' if one else 'are'}"
        yield Finding(
            rule="claim",
            key="pending",
            severity=Severity.CRITICAL if HUB_CLAIM in names else Severity.WARNING,
            text=f"{number} Pending, {'it has' if one else 'they have'} no volume.",
            at=earliest(claim.created_at for claim in waiting),
            evidence=(
                f"Claims: {some(names)}.",
                *((f"Storage class: {classes}.",) if classes else ()),
                *list(said)[:2],
            ),
        )


def full_volumes(facts: HubFacts) -> Iterable[Finding]:
    """Volumes that are full, as pods' messages and events say. Kubernetes itself does not report how full
    a claim is, so nothing found here proves that none is."""
    said: dict[str, tuple[Pod, str, Event | None]] = {}
    pods = [pod for pod in _unfinished(facts) if not pod.ready]
    for pod in pods:
        if _is_full(pod.message):
            said[pod.uid] = (pod, pod.message, None)
    known = {pod.uid: pod for pod in pods}
    for event in newest_first(facts.around.events.items):
        recent = event.at is None or within(event.at, HAPPENED, facts.read_at)
        if event.uid in known and _is_full(event.message) and recent:
            said.setdefault(event.uid, (known[event.uid], event.message, event))
    for pod, message, told in said.values():
        is_hub = pod.component == HUB
        claim = _one_claim(facts, pod)
        name = claim.name if claim else HUB_CLAIM
        text = FULL_HUB.format(claim=name) if is_hub else FULL_POD.format(pod=pod.name)
        yield Finding(
            rule="full",
            key=pod.uid,
            severity=Severity.CRITICAL if is_hub else Severity.WARNING,
            text=f"{text}.",
            at=(told.first_at or told.at) if told else pod.unready_since or pod.last_exit_at,
            evidence=(plain(message),),
            remedy=_grow(claim) if is_hub else None,
            affects=0 if is_hub else len({pod.user} - {""}),
        )


def _hub_finding(
    facts: HubFacts, key: str, text: str, events: list[Event], evidence: tuple[str, ...]
) -> Finding:
    return Finding(
        rule="hub-volume",
        key=key,
        severity=Severity.CRITICAL,
        text=f"{text}.",
        at=earliest(event.first_at or event.at for event in events),
        evidence=evidence,
    )


def _waiting(facts: HubFacts) -> dict[str, Pod]:
    return {pod.uid: pod for pod in _unfinished(facts) if not pod.ready}


def _unfinished(facts: HubFacts) -> list[Pod]:
    pods = {pod.uid: pod for pod in (*facts.around.pods.items, *facts.pods.items)}
    return [pod for pod in pods.values() if not pod.finished]


def _may_hold(pod: Pod, new: Pod) -> bool:
    """Whether an older pod may mount the same claim; claims that were not read may be the same."""
    return not (pod.claims and new.claims) or bool(set(pod.claims) & set(new.claims))


def _hub_claim(pod: Pod) -> str:
    return HUB_CLAIM if not pod.claims or HUB_CLAIM in pod.claims else pod.claims[0]


def _one_claim(facts: HubFacts, pod: Pod) -> Claim | None:
    """Return the claim of a pod that has exactly one, or the hub's; None if that is not known."""
    names = pod.claims or ((HUB_CLAIM,) if pod.component == HUB else ())
    found = [claim for claim in facts.around.claims.items if claim.name in names]
    return found[0] if len(found) == 1 and len(names) == 1 else None


def _grow(claim: Claim | None) -> Remedy | None:
    """Double the volume, if its class is known to allow that and its present size is known."""
    if claim is None or not claim.can_grow or claim.phase != "Bound" or not claim.requested:
        return None
    size = f"{-(-2 * claim.requested // 2**20)}Mi"
    if claim.requested % 2**29 == 0:
        size = f"{claim.requested // 2**29}Gi"
    return Remedy(
        runbook="grow-volume",
        label=f"Grow {claim.name} to {size}",
        arguments={"claim": claim.name, "size": size},
    )


def _waits(facts: HubFacts, claim: Claim, failed: dict[str, Event]) -> bool:
    """Whether a Pending claim is in trouble: provisioning failed, or a pod has waited long for it."""
    if claim.name in failed:
        return True
    old = claim.created_at is not None and facts.read_at - claim.created_at > WAITS
    wanted = any(claim.name in pod.claims for pod in _unfinished(facts))
    return old and (wanted or claim.name == HUB_CLAIM)


def _is_full(message: str) -> bool:
    said = message.casefold()
    # A pull fails for lack of space on the node's own disk.
    return "pull" not in said and any(word in said for word in FULL)
