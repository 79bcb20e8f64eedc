"""Delete pods that ended: they hide what runs, and count against some quotas.

A pod of a server that the hub still counts as running is left alone: the hub notices its end at its next
poll, or force-delete-stuck-servers clears it.
"""

from bot.runbook import (
    DeleteFailedPod,
    Draft,
    HubFacts,
    Part,
    Pod,
    Purpose,
    UnknownPart,
    runbook,
)

SUMMARY = "Delete {count} {pods} that ended: {kinds}. No container of theirs runs."
NONE = "Release {release} has no pod that failed or was evicted, and none that ended without the hub knowing."
NO_RELEASE = (
    "mayday can't tell which pods of namespace {namespace} are this hub's: set hubs[].release."
)
KNOWN = "Left alone, because the hub counts their servers as running or starting: {pods}."
NAMELESS = "Left alone, because they are servers of nobody knows whom: {pods}."
GUARDED = "Left alone, because a finalizer protects them: {pods}."
MAYBE_KNOWN = "Users' pods are left alone, because the hub may not show every server: {why}"
KINDS = {"Failed": "{} failed", "Evicted": "{} evicted", "Succeeded": "{} completed"}
SHOWN = 5
USERS = "singleuser-server"
"""The chart's component of users' servers, whose annotation names the user."""


@runbook(
    "Clear failed and evicted pods",
    purpose=Purpose.NODES,
    needs={Part.SERVERS, Part.CLUSTER_PODS},
)
def clear_failed_pods(facts: HubFacts) -> Draft:
    """Deletes pods of the hub's release that failed, were evicted, or ended unnoticed."""
    if not facts.release:
        why = NO_RELEASE.format(namespace=facts.place.namespace)
        return Draft(undecided=(UnknownPart(part=Part.CLUSTER_PODS, why=why),))
    ended = [pod for pod in facts.around.pods.items if is_candidate(pod, facts)]
    known = [pod for pod in ended if is_known(pod, facts)]
    nameless = [pod for pod in ended if pod.component == USERS and not pod.user]
    guarded = [pod for pod in ended if pod.finalizers and pod not in (*known, *nameless)]
    hidden = facts.servers.unknown and any(pod.user for pod in ended if pod not in known)
    doomed = [
        pod
        for pod in ended
        if pod not in (*known, *nameless, *guarded) and not (pod.user and facts.servers.unknown)
    ]
    cautions = (
        *((KNOWN.format(pods=some(known)),) if known else ()),
        *((NAMELESS.format(pods=some(nameless)),) if nameless else ()),
        *((GUARDED.format(pods=some(guarded)),) if guarded else ()),
        *((MAYBE_KNOWN.format(why=facts.servers.unknown),) if hidden else ()),
    )
    if doomed:
        return Draft(
            summary=SUMMARY.format(
                count=len(doomed), pods="pod" if len(doomed) == 1 else "pods", kinds=kinds(doomed)
            ),
            steps=tuple(DeleteFailedPod.of(pod) for pod in doomed),
            cautions=cautions,
        )
    doubts = (
        *((Part.SERVERS, facts.servers.unknown) if hidden else (),),
        (Part.CLUSTER_PODS, facts.around.pods.unknown),
    )
    unknown = tuple(UnknownPart(part=each[0], why=each[1]) for each in doubts if each and each[1])
    if unknown:
        return Draft(undecided=unknown, cautions=cautions)
    return Draft(nothing_to_do=" ".join((NONE.format(release=facts.release), *cautions)))


def is_candidate(pod: Pod, facts: HubFacts) -> bool:
    """Whether it ended, belongs to this release, and nobody deletes it yet. Jobs keep their pods."""
    if pod.release != facts.release or pod.deleting_since is not None or pod.owner_kind == "Job":
        return False
    return pod.phase == "Failed" or (pod.phase == "Succeeded" and bool(pod.user))


def is_known(pod: Pod, facts: HubFacts) -> bool:
    """Whether the hub counts the pod's server as ready or pending."""
    return any(
        (record.user, record.name) == (pod.user, pod.server) for record in facts.servers.items
    )


def kinds(pods: list[Pod]) -> str:
    """How many ended in which way."""
    said = dict.fromkeys(KINDS, 0)
    for pod in pods:
        said["Evicted" if pod.reason == "Evicted" else pod.phase] += 1
    return ", ".join(KINDS[kind].format(number) for kind, number in said.items() if number)


def some(pods: list[Pod]) -> str:
    """The names of a few, and how many there are besides."""
    names = [pod.name for pod in pods]
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown
