"""Limits of the namespace and of the cloud: quotas near their end, and nodes that can't be added."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from bot.diagnose.around import namespace_pods, newest_first
from bot.diagnose.finding import Finding, Severity
from bot.diagnose.words import count, earliest, plain, some
from bot.domain.cluster import Event
from bot.domain.facts import HubFacts

NEAR = Decimal("0.9")
"""The part of a quota from which it is nearly used up."""

USED_UP = "Quota {quota} is used up: {used}, so new pods are refused"
NEARLY = "Quota {quota} is nearly used up: {used}"
OF = "{resource} {used} of {hard}"
REFUSED = "The namespace's quota refuses new objects"
NO_NODE = "The autoscaler can't add a node: {why}"
NOT_TRIED = "The autoscaler adds no node for {pods}: {why}"
OUT_OF = {
    "ZONE_RESOURCE_POOL_EXHAUSTED": "the zone has no machines of this type left",
    "QUOTA_EXCEEDED": "the cloud project's quota is used up",
    "InsufficientInstanceCapacity": "the zone has no machines of this type left",
    "InstanceLimitExceeded": "the cloud account's limit of machines is reached",
    "AllocationFailed": "the zone has no machines of this type left",
    "max node group size reached": "the node pool has its greatest size",
    "max cluster": "the cluster has its greatest size",
    "in backoff after failed scale-up": "it waits after a failed attempt",
}
FAILED = frozenset({"FailedScaleUp", "ScaleUpFailed", "FailedToScaleUpGroup", "ScaleUpTimedOut"})
NOT_TRIGGERED = "NotTriggerScaleUp"
OTHERS = "the reason is in the event"
OVER_QUOTA = "exceeded quota"
OVER = "Since then the pods that waited have started."

_QUANTITY = re.compile(r"([0-9.]+)([A-Za-z]*)")
_UNITS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{
        f"{unit}i": Decimal(1024) ** power
        for power, unit in enumerate(("K", "M", "G", "T", "P", "E"), start=1)
    },
}


def quotas(facts: HubFacts) -> Iterable[Finding]:
    """ResourceQuotas of the namespace of which nearly everything is used.

    At the limit the API server refuses new pods, and every start fails. How much is used is as the API
    server counts it; a quantity that can't be compared is skipped.
    """
    for quota in facts.around.quotas.items:
        shares = {
            name: share
            for name, hard in quota.hard.items()
            if (share := _share(quota.used.get(name, ""), hard)) is not None
        }
        over = [name for name, share in shares.items() if share >= 1]
        near = [name for name, share in shares.items() if NEAR <= share < 1]
        for names, words in ((over, USED_UP), (near, NEARLY)):
            if not names:
                continue
            used = some(
                OF.format(resource=n, used=quota.used[n], hard=quota.hard[n]) for n in names
            )
            yield Finding(
                rule="quota",
                key=f"{quota.name}/{'over' if names is over else 'near'}",
                severity=Severity.WARNING,
                text=words.format(quota=quota.name, used=used) + ".",
            )


def refused(facts: HubFacts) -> Iterable[Finding]:
    """Objects that the API server refused because of a quota, by the events of what should create them.

    The hub creates users' pods itself, so their refusals are in its log and not in an event.
    """
    found = [e for e in facts.around.events.items if OVER_QUOTA in e.message.casefold()]
    if not found:
        return
    yield Finding(
        rule="over-quota",
        key="events",
        severity=Severity.WARNING,
        text=f"{REFUSED}.",
        at=earliest(event.first_at or event.at for event in found),
        evidence=_said(found),
    )


def scale_up(facts: HubFacts) -> Iterable[Finding]:
    """Nodes that the autoscaler could not add: the zone is sold out, or a quota or the pool is at its limit.

    It is a warning while a pod waits for a node, and a note afterwards. Unknown is what the cloud itself
    logs: only the autoscaler's events are read.
    """
    waiting = {
        pod.uid: pod for pod in namespace_pods(facts) if pod.phase == "Pending" and not pod.node
    }
    failed = [event for event in facts.around.events.items if _is_failure(event)]
    if failed:
        yield Finding(
            rule="scale-up",
            key="failed",
            severity=Severity.WARNING if waiting else Severity.NOTE,
            text=NO_NODE.format(why=_why(failed)) + ".",
            at=earliest(event.first_at or event.at for event in failed),
            evidence=(*_said(failed), *(() if waiting else (OVER,))),
            affects=len({pod.user for pod in waiting.values() if pod.user}),
        )
    idle = [
        event
        for event in facts.around.events.items
        if event.reason == NOT_TRIGGERED and event.uid in waiting and not _is_failure(event)
    ]
    if idle:
        pods = {event.uid: waiting[event.uid] for event in idle}
        yield Finding(
            rule="scale-up",
            key="not-triggered",
            severity=Severity.WARNING,
            text=NOT_TRIED.format(pods=count(len(pods), "pod"), why=_why(idle)) + ".",
            at=earliest(event.first_at or event.at for event in idle),
            evidence=_said(idle),
            affects=len({pod.user for pod in pods.values() if pod.user}),
        )


def _is_failure(event: Event) -> bool:
    return event.reason in FAILED or any(
        word in event.message for word in ("ZONE_RESOURCE_POOL_EXHAUSTED", "QUOTA_EXCEEDED")
    )


def _why(events: list[Event]) -> str:
    texts = [event.message for event in events]
    known = [why for word, why in OUT_OF.items() if any(word in text for text in texts)]
    return " and ".join(dict.fromkeys(known)) or OTHERS


def _said(events: list[Event]) -> tuple[str, ...]:
    lines = (f"{event.reason}: {plain(event.message)}" for event in newest_first(events))
    return tuple(dict.fromkeys(lines))[:3]


def _share(used: str, hard: str) -> Decimal | None:
    """Return how much of a limit is used; None if either is no quantity or the limit is zero."""
    has, limit = _amount(used), _amount(hard)
    if has is None or limit is None:
        return None
    return has / limit if limit else None


def _amount(quantity: str) -> Decimal | None:
    found = _QUANTITY.fullmatch(quantity)
    if found is None or found[2] not in _UNITS or found[1].count(".") > 1 or found[1] == ".":
        return None
    return Decimal(found[1]) * _UNITS[found[2]]
