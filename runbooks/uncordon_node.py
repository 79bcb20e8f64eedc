"""Let new pods start on a node again.

Only a person knows whether a node is well again, so mayday reminds people of a cordon and never ends it.
"""

from bot.runbook import (
    Draft,
    HubFacts,
    Lock,
    NodeName,
    Part,
    Purpose,
    RunPolicy,
    UncordonNode,
    cordoned_at,
    cordoned_by,
    is_own_cordon,
    one_node,
    runbook,
)

SUMMARY = "Uncordon node {node}: new pods may start there. It was cordoned {by}."
NOT_CORDONED = "Node {node} isn't cordoned: new pods may start there."
NOT_MINE = (
    "Node {node} was not cordoned by mayday but {by}. Ask whoever did it before you uncordon it: an upgrade "
    "or a drain may be under way."
)
NOT_READY = "Node {node} isn't Ready: {why}. No pod starts there until it is."


@runbook(
    "Uncordon a node",
    purpose=Purpose.NODES,
    needs={Part.NODES},
    policy=RunPolicy(lock=Lock.NODE),
)
def uncordon_node(facts: HubFacts, node: NodeName) -> Draft:
    """Lets new pods start on a node again. Says who cordoned it, when and why."""
    found = one_node(facts, node)
    if isinstance(found, Draft):
        return found
    if not found.is_cordoned:
        return Draft(nothing_to_do=NOT_CORDONED.format(node=node))
    by = cordoned_by(found)
    unready = NOT_READY.format(node=node, why=found.why or "its kubelet doesn't report")
    return Draft(
        summary=SUMMARY.format(node=node, by=by),
        steps=(
            UncordonNode(
                cluster=facts.place.cluster, node=node, uid=found.uid, at=cordoned_at(found)
            ),
        ),
        cautions=(
            *((NOT_MINE.format(node=node, by=by),) if not is_own_cordon(found) else ()),
            *((unready,) if found.ready is not True else ()),
        ),
    )
