"""Keep the autoscaler and drains away from the hub and the proxy for some time.

When a core node is scaled down or drained, the proxy loses its routes and the hub restarts. This annotates
the pods themselves, because a change of their template would restart them; so it ends with each pod.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from bot.runbook import (
    SCALE_DOWN_DISABLED,
    Budget,
    Draft,
    Field,
    Held,
    HoldCorePool,
    HubFacts,
    NewBudget,
    Node,
    Part,
    Pod,
    Purpose,
    UnknownPart,
    runbook,
)

Duration = Annotated[
    timedelta,
    Field(
        ge=timedelta(minutes=10),
        le=timedelta(days=14),
        description="How long, such as 12h. Then mayday takes it back.",
    ),
]

PARTS = ("hub", "proxy")
BUDGET = "mayday-hold-{of}"

SUMMARY = (
    "Until {until} UTC: keep the autoscaler and drains away from {pods} of hub and proxy and {nodes} of the "
    "core pool, and create {budgets}. Nothing restarts."
)
NO_RELEASE = (
    "mayday can't tell which pods of namespace {namespace} are this hub's: set hubs[].release."
)
NO_PODS = (
    "Neither a hub nor a proxy pod runs in namespace {namespace}, so there is nothing to hold."
)
ALL_HELD = (
    "The pods of hub and proxy are not safe to evict, their nodes are not scaled down, and both have a "
    "PodDisruptionBudget: there is nothing left to hold."
)
ENDS = "An annotation ends with its pod. After a restart of hub or proxy, run this again."
BLOCKS = (
    "Where a PodDisruptionBudget protects a single replica, kubectl drain and upgrades of the node wait "
    "until it is released."
)


@runbook(
    "Hold the core pool",
    purpose=Purpose.NODES,
    needs={Part.NODES, Part.CLUSTER_PODS, Part.BUDGETS},
    is_safe=True,
)
def hold_core_pool(facts: HubFacts, duration: Duration = timedelta(hours=12)) -> Draft:
    """Keeps the autoscaler and drains away from hub and proxy for some time. Restarts nothing."""
    around = facts.around
    for part, view in (
        (Part.CLUSTER_PODS, around.pods),
        (Part.NODES, around.nodes),
        (Part.BUDGETS, around.budgets),
    ):
        if view.unknown:
            return Draft(undecided=(UnknownPart(part=part, why=view.unknown),))
    if not facts.release:
        why = NO_RELEASE.format(namespace=facts.place.namespace)
        return Draft(undecided=(UnknownPart(part=Part.CLUSTER_PODS, why=why),))
    pods = core_pods(facts)
    if not pods:
        return Draft(nothing_to_do=NO_PODS.format(namespace=facts.place.namespace))
    loose = [pod for pod in pods if pod.safe_to_evict != "false"]
    nodes = [
        node
        for node in core_nodes(facts, pods)
        if node.annotations.get(SCALE_DOWN_DISABLED) != "true"
    ]
    budgets = tuple(missing_budgets(pods, around.budgets.items))
    if not (loose or nodes or budgets):
        return Draft(nothing_to_do=ALL_HELD)
    until = facts.read_at + duration
    return Draft(
        summary=SUMMARY.format(
            until=until.strftime("%Y-%m-%d %H:%M"),
            pods=_many(len(loose), "pod"),
            nodes=_many(len(nodes), "node"),
            budgets=_many(len(budgets), "PodDisruptionBudget"),
        ),
        steps=(
            HoldCorePool(
                pods=tuple(
                    Held(name=pod.name, uid=pod.uid, before=pod.safe_to_evict) for pod in loose
                ),
                nodes=tuple(
                    Held(
                        name=node.name,
                        uid=node.uid,
                        before=node.annotations.get(SCALE_DOWN_DISABLED, ""),
                    )
                    for node in nodes
                ),
                budgets=budgets,
                until=until,
            ),
        ),
        cautions=(*((ENDS,) if loose else ()), *((BLOCKS,) if budgets else ())),
    )


def _many(number: int, word: str) -> str:
    return f"{number or 'no'} {word}" + ("" if number == 1 else "s")


def core_pods(facts: HubFacts) -> list[Pod]:
    """The pods of hub and proxy that may run, of this hub's release."""
    return [
        pod
        for pod in facts.around.pods.items
        if pod.component in PARTS
        and not pod.finished
        and pod.deleting_since is None
        and pod.release == facts.release
    ]


def core_nodes(facts: HubFacts, pods: list[Pod]) -> list[Node]:
    """The nodes of the core pool by their labels, and those on which hub and proxy run."""
    used, around = {pod.node for pod in pods}, facts.around
    return [node for node in around.nodes.items if around.is_core(node) or node.name in used]


def missing_budgets(pods: list[Pod], budgets: tuple[Budget, ...]) -> Iterator[NewBudget]:
    """A budget for hub and for proxy where none selects their pods."""
    for part in PARTS:
        own = [pod for pod in pods if pod.component == part]
        if own and not any(covers(budget, own[0]) for budget in budgets):
            release = own[0].release
            yield NewBudget(
                name=BUDGET.format(of=f"{release}-{part}"),
                selector={"component": part, "release": release},
            )


def covers(budget: Budget, pod: Pod) -> bool:
    """Whether a budget is for this pod: by labels that the chart gives it, and by nothing else."""
    own = {
        "app": "jupyterhub",
        "app.kubernetes.io/name": "jupyterhub",
        "component": pod.component,
        "app.kubernetes.io/component": pod.component,
        "release": pod.release,
        "app.kubernetes.io/instance": pod.release,
    }
    return budget.by_labels and all(
        own.get(label) == value for label, value in budget.selector.items()
    )
