"""What forbids the restart of a Deployment, and when it was restarted last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.domain.hubs import Deployment, Pod

RECENT = timedelta(minutes=15)

UNSTARTED = ("Unschedulable", "ErrImagePull", "ImagePullBackOff", "InvalidImageName")
"""Why a pod does not start that a new pod of the same kind would meet as well."""

PAUSED = (
    "Deployment {name} is paused, so a restart would not start: run kubectl rollout resume "
    "deployment {name} first."
)
CANNOT_START = (
    "A restart can't help: {part} pod {pod} doesn't start ({reason}{message}), and a new pod "
    "wouldn't either. {help}"
)
HELP = {
    "Unschedulable": "Make room on a Ready node of the core pool, or add a node, which takes 10 to 15 "
    "minutes.",
}
PULL = "Check the image name, the registry and the pull secret."
NO_REPLICAS = "Deployment {name} is scaled to zero, so a restart starts nothing: scale it up."
UNDER_WAY = "Deployment {name} was restarted at {at} and is still rolling out: wait for it."


def cannot_restart(deployment: Deployment, pods: Iterable[Pod], part: str) -> str:
    """Return why a restart would start nothing; empty if it may. ``part`` is what people call the pods."""
    if not deployment.replicas:
        return NO_REPLICAS.format(name=deployment.name)
    if deployment.paused:
        return PAUSED.format(name=deployment.name)
    if pod := _unstarted(tuple(pods)):
        return CANNOT_START.format(
            part=part,
            pod=pod.name,
            reason=pod.reason,
            message=f": {pod.message.rstrip('.')}" if pod.message else "",
            help=HELP.get(pod.reason, PULL),
        )
    return ""


def restarted_lately(deployment: Deployment, now: datetime) -> str:
    """Return when it was restarted, if that is less than 15 minutes ago; else an empty string."""
    try:
        at = datetime.fromisoformat(deployment.restarted_at)
    except ValueError:
        return ""
    if at.tzinfo is None or now - at >= RECENT:
        return ""
    return at.astimezone(UTC).strftime("%H:%M:%S UTC")


def _unstarted(pods: tuple[Pod, ...]) -> Pod | None:
    """A pod that waits for what a new one would wait for as well, where none is ready."""
    if any(pod.ready for pod in pods):
        return None
    return next((pod for pod in pods if pod.reason in UNSTARTED), None)
