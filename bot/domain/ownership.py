"""Which of a namespace's pods are this hub's, and whether they are all that there are.

Two hubs may share a namespace, and a hub's pods may be in other namespaces than its own. So pods are
this hub's by its Helm release, and "there is no pod" is believed only where others are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.evidence import View
from bot.domain.hubs import Pod, Route, Server

HUB, PROXY, USER = "hub", "proxy", "singleuser-server"
"""The components of the Zero to JupyterHub chart, by the label ``component``."""

CLOCKS_DIFFER = timedelta(minutes=5)
LONGEST_START = timedelta(hours=1)
"""How long before and after the start of a server its pod may have been created."""

NO_HUB = (
    "No hub pod was found in namespace {namespace}, so mayday can't tell which pods are this "
    "hub's: start the hub if it is scaled to zero, check hubs[].namespace, or set hubs[].release."
)
TWO_HUBS = (
    "Namespace {namespace} has hub pods of several releases ({releases}), so mayday can't tell "
    "which pods are this hub's: set hubs[].release."
)
UNLABELLED = (
    "Namespace {namespace} has several hub pods without a release label, so mayday can't tell "
    "which pods are this hub's: set hubs[].release."
)
ONLY_ONE = (
    "The only ready server has no pod in namespace {namespace}: check hubs[].namespace. If all users' "
    "pods are in this one, set hubs[].user_pods to complete."
)
NO_MATCH = (
    "None of the {ready} ready servers has a pod in namespace {namespace}: check "
    "hubs[].namespace. If users' pods are in other namespaces, mayday can't clear servers of this "
    "hub."
)
LOOKALIKES = (
    "Pods in namespace {namespace} have the names of this hub's servers, but not their start times or "
    "addresses: check whether hubs[].namespace is that of another hub."
)
NO_ROUTE = (
    "Pods in namespace {namespace} have the names of this hub's servers, but no route shows that they "
    "are this hub's: run resync-routes first."
)
NO_PROOF = (
    "No ready server has its pod in namespace {namespace}, so pods may be in another namespace. "
    "If all users' pods are in this one, set hubs[].user_pods to complete."
)
NAMELESS = (
    "Pod {pod} in namespace {namespace} doesn't say which user it belongs to, so it may be that "
    "of any server that seems to have none: check its annotation hub.jupyter.org/username."
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
    hubs = [pod for pod in pods if pod.component == HUB and not pod.finished]
    releases = sorted({pod.release for pod in hubs})
    if not releases:
        return "", NO_HUB.format(namespace=owner.namespace)
    if len(releases) > 1:
        named = ", ".join(release or "none" for release in releases)
        return "", TWO_HUBS.format(namespace=owner.namespace, releases=named)
    if not releases[0] and len(hubs) > 1:
        return "", UNLABELLED.format(namespace=owner.namespace)
    return releases[0], ""


def proxy_pods(pods: Sequence[Pod], owner: Owner) -> tuple[Pod, ...]:
    """The pods of this hub's proxy; those of every release where the hub's is unknown."""
    release, unknown = release_of(pods, owner)
    return tuple(
        pod for pod in pods if pod.component == PROXY and (unknown or pod.release in (release, ""))
    )


def began_with(pod: Pod, record: Server) -> bool:
    """Whether the pod was created when the hub started this server.

    Another hub's user may have the same name, and a pod of an earlier start may be left over.
    """
    if record.started is None or pod.created_at is None:
        return False
    return -CLOCKS_DIFFER <= pod.created_at - record.started <= LONGEST_START


def is_pod_of(pod: Pod, record: Server, routes: Sequence[Route]) -> bool:
    """Whether hub, cluster and proxy show one server that runs: by its names, its start and its route.

    Without a route, a pod of another hub whose user has the same name may have begun by chance then.
    """
    addresses = [route.address for route in routes if route.address is not None]
    return (
        record.ready
        and (pod.user, pod.server) == (record.user, record.name)
        and pod.phase == "Running"
        and began_with(pod, record)
        and bool(routes)
        and all(pod.has_address(address) for address in addresses)
    )


def strangers(pods: Sequence[Pod], own: View[Pod]) -> tuple[Pod, ...]:
    """The users' pods that live in the namespace and are not among this hub's."""
    uids = {pod.uid for pod in own.items}
    return tuple(
        pod for pod in pods if pod.component == USER and not pod.finished and pod.uid not in uids
    )


def users_pods(
    pods: Sequence[Pod], owner: Owner, servers: View[Server], routes: View[Route]
) -> View[Pod]:
    """The pods of this hub's users; nothing of another release is among them.

    A pod without any release stays in: it shows that somebody may work there, and nothing deletes it.
    """
    release, unknown = release_of(pods, owner)
    ready = {(server.user, server.name): server for server in servers.items if server.ready}
    words = {0: NO_PROOF, 1: ONLY_ONE}.get(len(ready), NO_MATCH)
    if unknown:
        if ready and servers.complete and not any(pod.component in (HUB, USER) for pod in pods):
            unknown = words.format(ready=len(ready), namespace=owner.namespace)
        return View.unread(unknown)
    own = [pod for pod in pods if pod.component == USER and pod.release in (release, "")]
    seen = View(items=tuple(own))
    nameless = next((pod for pod in own if not pod.user and not pod.finished), None)
    if nameless is not None:
        return seen.doubted(NAMELESS.format(pod=nameless.name, namespace=owner.namespace))
    if owner.complete:
        return seen
    led: dict[tuple[str, str], list[Route]] = {key: [] for key in ready}
    for route in routes.items:
        led.get((route.user, route.server), []).append(route)
    alike = [pod for pod in own if (pod.user, pod.server) in ready and pod.phase == "Running"]
    for pod in alike:
        key = (pod.user, pod.server)
        # Where the routes are unknown nothing is cleared for want of a pod anyway.
        if is_pod_of(pod, ready[key], led[key]) or not routes.complete:
            return seen
    if alike:
        words = LOOKALIKES if any(led.values()) else NO_ROUTE
    elif not servers.complete:
        # No setting is to blame: a server with a pod here may be among those that are not shown.
        return seen.doubted(servers.unknown)
    return replace(seen, unknown=words.format(ready=len(ready), namespace=owner.namespace))
