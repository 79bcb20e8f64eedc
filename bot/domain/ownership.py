"""Selects the pods of one hub in a namespace, and decides whether the list is complete.

Two hubs may share a namespace, and a hub's pods may run in another namespace. Pods are therefore
selected by Helm release, and a missing pod counts only if other servers have theirs.
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
"""How long before and after a server's start its pod may have been created."""

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
    "are this hub's. resync-routes writes the missing routes."
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
    """The configuration of a hub's pods. An empty ``release`` means that of the hub's own pod.
    ``complete`` means that all users' pods are in the namespace, even if none is seen there."""

    namespace: str
    release: str = ""
    complete: bool = False


def release_of(pods: Sequence[Pod], owner: Owner) -> tuple[str, str]:
    """Return the hub's Helm release and an empty string, or an empty string and why it is unknown."""
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
    """Return the pods of this hub's proxy; those of all releases if the hub's release is unknown."""
    release, unknown = release_of(pods, owner)
    return tuple(
        pod for pod in pods if pod.component == PROXY and (unknown or pod.release in (release, ""))
    )


def began_with(pod: Pod, record: Server) -> bool:
    """Return whether the pod was created when the hub started this server.

    Another hub may have a user of the same name, and a pod of an earlier start may still exist.
    """
    if record.started is None or pod.created_at is None:
        return False
    return -CLOCKS_DIFFER <= pod.created_at - record.started <= LONGEST_START


def is_pod_of(pod: Pod, record: Server, routes: Sequence[Route]) -> bool:
    """Return whether hub, cluster and proxy agree on one running server: names, start time and route.

    The route is required because a pod of another hub's user with the same name may have started then.
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


def foreign_pods(pods: Sequence[Pod], own: View[Pod]) -> tuple[Pod, ...]:
    """Return the unfinished users' pods in the namespace that are not this hub's."""
    uids = {pod.uid for pod in own.items}
    return tuple(
        pod for pod in pods if pod.component == USER and not pod.finished and pod.uid not in uids
    )


def users_pods(
    pods: Sequence[Pod], owner: Owner, servers: View[Server], routes: View[Route]
) -> View[Pod]:
    """Return the pods of this hub's users, without pods of other releases.

    Pods without a release are included: somebody may be working there, and no step deletes them.
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
        return seen.marked_incomplete(NAMELESS.format(pod=nameless.name, namespace=owner.namespace))
    if owner.complete:
        return seen
    led: dict[tuple[str, str], list[Route]] = {key: [] for key in ready}
    for route in routes.items:
        led.get((route.user, route.server), []).append(route)
    alike = [pod for pod in own if (pod.user, pod.server) in ready and pod.phase == "Running"]
    for pod in alike:
        key = (pod.user, pod.server)
        # With incomplete routes no server is stopped for lack of a pod anyway.
        if is_pod_of(pod, ready[key], led[key]) or not routes.complete:
            return seen
    if alike:
        words = LOOKALIKES if any(led.values()) else NO_ROUTE
    elif not servers.complete:
        # The configuration may be right: the server of a pod here may be one that the hub doesn't show.
        return seen.marked_incomplete(servers.unknown)
    return replace(seen, unknown=words.format(ready=len(ready), namespace=owner.namespace))
