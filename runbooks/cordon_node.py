"""Keep new pods away from a bad node. Nothing that runs there is touched.

A node with a full disk or a broken kubelet fails every server that is scheduled to it. A cordon is easily
forgotten, so it has an end: mayday then reminds people, again and again, until the node is uncordoned.
"""

from datetime import timedelta
from typing import Annotated

from bot.runbook import (
    CordonNode,
    Draft,
    Field,
    HubFacts,
    Lock,
    Node,
    NodeName,
    Part,
    Purpose,
    RunPolicy,
    cordoned_by,
    one_node,
    runbook,
)

Duration = Annotated[
    timedelta,
    Field(
        ge=timedelta(minutes=5),
        le=timedelta(days=14),
        description="How long, such as 12h. Afterwards mayday reminds people.",
    ),
]
Reason = Annotated[
    str,
    Field(
        min_length=3, max_length=200, description="Why, in a few words. It is written to the node."
    ),
]

SUMMARY = "Cordon node {node}: no new pod starts there until somebody uncordons it. {running} keep running."
NO_SERVER = "No server runs there; pods that do"
CORDONED = "Node {node} is cordoned already, {by}."
LAST = (
    "{node} is the last node {pool} that is Ready and not cordoned. Until another one is, pods for it stay "
    "Pending. Make sure that a node is being added."
)
IN_POOL = "of pool {pool}"
IN_CLUSTER = "of the cluster"
NOT_READY = "Node {node} isn't Ready, so the scheduler already keeps new pods away."


@runbook(
    "Cordon a node",
    purpose=Purpose.NODES,
    needs={Part.NODES},
    policy=RunPolicy(lock=Lock.NODE),
)
def cordon_node(
    facts: HubFacts, node: NodeName, reason: Reason, duration: Duration = timedelta(hours=12)
) -> Draft:
    """Keeps new pods away from a node. Drains nothing; what runs there keeps running."""
    found = one_node(facts, node)
    if isinstance(found, Draft):
        return found
    if found.is_cordoned:
        return Draft(nothing_to_do=CORDONED.format(node=node, by=cordoned_by(found)))
    here = sum(row.pod is not None and row.pod.node == node for row in facts.rows)
    servers = f"{here} {'server' if here == 1 else 'servers'}" if here else NO_SERVER
    return Draft(
        summary=SUMMARY.format(node=node, running=servers),
        steps=(
            CordonNode(
                cluster=facts.place.cluster,
                node=node,
                uid=found.uid,
                at=facts.read_at,
                until=facts.read_at + duration,
                by=facts.asked_by,
                why=reason,
            ),
        ),
        cautions=(
            *((NOT_READY.format(node=node),) if found.ready is not True else ()),
            *((LAST.format(node=node, pool=pool),) if (pool := last_of(found, facts)) else ()),
        ),
    )


def last_of(found: Node, facts: HubFacts) -> str:
    """The pool whose last usable node it is; empty if another node of it is usable.

    Without a label of a pool, the whole cluster counts as one.
    """
    named = found.pool or found.purpose
    others = [
        each
        for each in facts.around.nodes.items
        if each.uid != found.uid and each.ready and not each.is_cordoned
    ]
    if any((each.pool or each.purpose) == named for each in others):
        return ""
    return IN_POOL.format(pool=named) if named else IN_CLUSTER
