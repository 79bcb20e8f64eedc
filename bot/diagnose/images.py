"""Images that can't be pulled: which one, for how many pods, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.diagnose.around import (
    CORE,
    HUB,
    PROXY,
    PULLS,
    namespace_pods,
    own_pods,
    told,
    users_on,
)
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.remedies import deployment_of, roll_back
from bot.diagnose.words import count, earliest, plain, some
from bot.domain.cluster import Event
from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod

FAILS = "The image {image} can't be pulled: {pods} not start ({reason})"
UNNAMED = "An image can't be pulled: {pods} not start ({reason})"
CHECK = "Check the image's name and tag, the registry and the pull secret."


def images(facts: HubFacts) -> Iterable[Finding]:
    """Images that a registry refuses or doesn't have, with the pods that wait for them.

    A bad image breaks every new server at once, while running ones go on: mostly a deploy is the cause.
    Pods are grouped by image where their images are known.
    """
    groups: dict[str, list[Pod]] = {}
    for pod in namespace_pods(facts):
        if pod.reason in PULLS and not pod.finished and pod.deleting_since is None:
            groups.setdefault(_image(pod), []).append(pod)
    ready = {pod.component for pod in own_pods(facts, *CORE) if pod.ready}
    failures = told(facts, {"Failed", "BackOff"})
    for image, pods in groups.items():
        core = [pod for pod in pods if pod.component in CORE]
        critical = any(pod.component not in ready for pod in core)
        does = f"{count(len(pods), 'pod')} {'does' if len(pods) == 1 else 'do'}"
        words = {"pods": does, "reason": pods[0].reason}
        text = FAILS.format(image=image, **words) if image else UNNAMED.format(**words)
        said = dict.fromkeys(plain(pod.message) for pod in pods if pod.message)
        yield Finding(
            rule="image",
            key=image or "unknown",
            severity=Severity.CRITICAL if critical else Severity.WARNING,
            text=f"{text}.",
            at=earliest(_since(pod, failures(pod)) for pod in pods),
            evidence=(f"Pods: {some(pod.name for pod in pods)}.", *list(said)[:2], CHECK),
            remedy=_remedy(facts, pods),
            affects=users_on(facts, pods),
        )


def _image(pod: Pod) -> str:
    """Return the image that fails: the pod's only one, or the one that its message names."""
    named = [image for image in pod.images if image in pod.message]
    if len(pod.images) == 1 or named:
        return (named or list(pod.images))[0]
    quoted = pod.message.split('"')
    return quoted[1] if "image" in pod.message and len(quoted) > 2 else ""


def _since(pod: Pod, told: list[Event]) -> datetime | None:
    """Return when the first pull failed by its event, else when the pod was created."""
    return earliest(event.first_at or event.at for event in told) or pod.created_at


def _remedy(facts: HubFacts, pods: list[Pod]) -> Remedy | None:
    """Roll back the Deployment whose pods wait for it. Users' images come with the hub's configuration."""
    if any(pod.user or pod.component == HUB for pod in pods):
        return roll_back(facts, deployment_of(facts, HUB))
    return roll_back(facts, facts.place.proxy) if pods[0].component == PROXY else None
