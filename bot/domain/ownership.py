"""Which of a namespace's pods are this hub's, and whether they are all that there are.

Two hubs may share a namespace, and a hub's pods may be in other namespaces than its own. So pods are
this hub's by its Helm release, and "there is no pod" is believed only where others are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.evidence import View
from bot.domain.hubs import Pod, Server

HUB, PROXY, USER = "hub", "proxy", "singleuser-server"
"""The components of the Zero to JupyterHub chart, by the label ``component``."""

NO_HUB = (
    "No hub pod was found in namespace {namespace}, so it is unknown whose pods are there: check "
    "hubs[].namespace, or set hubs[].release."
)
TWO_HUBS = (
    "Namespace {namespace} has hub pods of several releases ({releases}): set hubs[].release, so that "
    "pods of another hub are never taken for this one's."
)
NO_MATCH = (
    "None of the {ready} ready servers has a pod in namespace {namespace}: check hubs[].namespace, or "
    "hubs[].user_pods where users' pods are in other namespaces."
)
NO_PROOF = (
    "No ready server has its pod in namespace {namespace}, so pods that are not there may be elsewhere: "
    "set hubs[].user_pods to complete if all of them are there."
)
NAMELESS = (
    "Pod {pod} in namespace {namespace} is a user's but does not say whose: whoever seems to have no pod "
    "may have that one."
)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """What the configuration says of a hub's pods. ``release`` is empty to go by the hub's own pod;
    ``complete``: every user's pod is in the namespace, also when none is seen there."""

    namespace: str
    release: str = ""
    complete: bool = False


def release_of(pods: Sequence[Pod], owner: Owner) -> tuple[str, str]:
    """The hub's Helm release, or why it is unknown."""
    if owner.release:
        return owner.release, ""
    releases = sorted({pod.release for pod in pods if pod.component == HUB and not pod.finished})
    if not releases:
        return "", NO_HUB.format(namespace=owner.namespace)
    if len(releases) > 1:
        named = ", ".join(release or "none" for release in releases)
        return "", TWO_HUBS.format(namespace=owner.namespace, releases=named)
    return releases[0], ""


def proxy_pods(pods: Sequence[Pod], owner: Owner) -> tuple[Pod, ...]:
    """The pods of this hub's proxy; those of every release where the hub's is unknown."""
    release, unknown = release_of(pods, owner)
    return tuple(
        pod for pod in pods if pod.component == PROXY and (unknown or pod.release in (release, ""))
    )


def users_pods(pods: Sequence[Pod], owner: Owner, servers: View[Server]) -> View[Pod]:
    """The pods of this hub's users; nothing of another release is among them.

    A pod without any release stays in: it shows that somebody may work there, and nothing deletes it.
    """
    release, unknown = release_of(pods, owner)
    if unknown:
        return View.unread(unknown)
    own = [pod for pod in pods if pod.component == USER and pod.release in (release, "")]
    seen = View(items=tuple(own))
    nameless = next((pod for pod in own if not pod.user and not pod.finished), None)
    if nameless is not None:
        return seen.doubted(NAMELESS.format(pod=nameless.name, namespace=owner.namespace))
    if owner.complete:
        return seen
    ready = {(server.user, server.name) for server in servers.items if server.ready}
    if ready & {(pod.user, pod.server) for pod in own if pod.phase == "Running"}:
        return seen
    words = NO_MATCH if ready else NO_PROOF
    return replace(seen, unknown=words.format(ready=len(ready), namespace=owner.namespace))
